/**
 * The simulated appliance as a pure model: power, boot, firmware slots, updates, network, clock,
 * sensors and faults.
 *
 * <p>It depends on the JDK alone and does no I/O: time comes from an injected {@link
 * dev.sluice.sim.appliance.Ticker}, what has to be written or told comes out as events. So a test
 * or a simulator of a whole cluster drives it in virtual time. Start reading at {@link
 * dev.sluice.sim.appliance.Appliance}.
 */
@NullMarked
package dev.sluice.sim.appliance;

import org.jspecify.annotations.NullMarked;
