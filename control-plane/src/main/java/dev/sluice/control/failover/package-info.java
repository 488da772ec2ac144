/**
 * Pure deciders of who commands: ballots, roles and, later, witnesses.
 *
 * <p>Depends on the model and the state; no I/O, threads or clock. Start with {@link
 * dev.sluice.control.failover.OfficeRule}.
 */
@NullMarked
package dev.sluice.control.failover;

import org.jspecify.annotations.NullMarked;
