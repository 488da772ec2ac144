/**
 * The program that simulates the hardware of many nodes: one Redfish service for each appliance of
 * a rack.
 *
 * <p>Start reading at {@link dev.sluice.sim.HardwareSimulator}. It is the composition root: it may
 * depend on every package below it.
 */
@NullMarked
package dev.sluice.sim;

import org.jspecify.annotations.NullMarked;
