/**
 * Pure deciders of drains: when a node counts as drained, and what happens at the deadline.
 *
 * <p>Depends on the model and the state; no I/O, threads or clock. Start with {@link
 * dev.sluice.control.drain.DrainRule}.
 */
@NullMarked
package dev.sluice.control.drain;

import org.jspecify.annotations.NullMarked;
