/**
 * Performs the next durable steps of an upgrade through ports, and judges them by what is observed.
 *
 * <p>The core ({@link dev.sluice.control.executor.Pass}) is pure: state and observations in,
 * directives out. {@link dev.sluice.control.executor.Executor} is the loop around it. Ports to the
 * outside are {@link dev.sluice.control.executor.AgentGateway}, {@link
 * dev.sluice.control.executor.Backups} and {@link dev.sluice.control.executor.Peers}. Depends on
 * model, state, drain, failover and controller, and on how {@code dev.sluice.transfer} divides a
 * content. Who pulls what from whom is decided by {@code Distribution}.
 */
@NullMarked
package dev.sluice.control.executor;

import org.jspecify.annotations.NullMarked;
