/**
 * The vendor's tool: {@code sluice packages build|sign|inspect|verify} and {@code sluice channel}.
 * Runs on the machine that has the keys, and talks to no cluster.
 *
 * <p>May depend on {@code trust}, and on the control plane's planner, inventory reader and HTTPS
 * client. Start with {@link dev.sluice.publisher.Publisher} and {@link
 * dev.sluice.publisher.ChannelDirectory}.
 */
@NullMarked
package dev.sluice.publisher;

import org.jspecify.annotations.NullMarked;
