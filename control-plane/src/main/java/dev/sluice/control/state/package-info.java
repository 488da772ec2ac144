/**
 * The durable state of a cluster: commands are decided to events, events are applied to the state.
 *
 * <p>Pure: no I/O, no clock, no threads. Depends on the model and on persistent collections, so
 * that a new state shares what did not change with the one before. Only the controller calls {@link
 * dev.sluice.control.state.ClusterState#apply}. Start with {@link dev.sluice.control.state.Event},
 * then {@link dev.sluice.control.state.Decider}.
 */
@NullMarked
package dev.sluice.control.state;

import org.jspecify.annotations.NullMarked;
