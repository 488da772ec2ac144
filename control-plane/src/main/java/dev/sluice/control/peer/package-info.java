/**
 * The transport between masters: gRPC streams and timers around replication.
 *
 * <p>Depends on replication, controller and proto. Start with {@link
 * dev.sluice.control.peer.ReplicationEndpoint}, the primary's side, and {@link
 * dev.sluice.control.peer.Follower}, the backup's.
 */
@NullMarked
package dev.sluice.control.peer;

import org.jspecify.annotations.NullMarked;
