/**
 * Turns an inventory, a catalogue and a target into a plan, or says why there is none.
 *
 * <p>Pure: no I/O, clock, randomness or logger, so that the same input gives the same plan wherever
 * it is asked: offline, in the controller, in a rehearsal. Depends on {@code model} alone. Start
 * with {@link dev.sluice.control.planner.Planner}; {@link
 * dev.sluice.control.planner.ClusterStrategy} shows how a strategy is put together.
 */
@NullMarked
package dev.sluice.control.planner;

import org.jspecify.annotations.NullMarked;
