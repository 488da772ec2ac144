/**
 * The node's hardware: ports, and the drivers behind them.
 *
 * <p>Depends on the JDK, Jackson and the configuration. Start with {@link
 * dev.sluice.agent.hardware.Hardware}.
 */
@NullMarked
package dev.sluice.agent.hardware;

import org.jspecify.annotations.NullMarked;
