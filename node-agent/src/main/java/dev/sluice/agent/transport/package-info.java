/**
 * gRPC over mutual TLS 1.3 between the members of the cluster.
 *
 * <p>Depends on gRPC, Netty and trust. Start with {@link dev.sluice.agent.transport.PeerTransport}.
 */
@NullMarked
package dev.sluice.agent.transport;

import org.jspecify.annotations.NullMarked;
