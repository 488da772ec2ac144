/**
 * Pure deciders of who commands: ballots, the register, witnesses.
 *
 * <p>Depends on the model and the state; no I/O, threads or clock. Start with {@link
 * dev.sluice.control.failover.Mastership}; the rules are in {@code docs/design/one-primary.md}.
 */
@NullMarked
package dev.sluice.control.failover;

import org.jspecify.annotations.NullMarked;
