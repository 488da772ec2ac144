/**
 * Who is at the other end of a call, as the gRPC services of a master see it.
 *
 * <p>Depends on gRPC and on the certificates of {@code dev.sluice.trust.pki}; used by every package
 * that serves gRPC. Start with {@link dev.sluice.control.pki.PeerIdentity}.
 */
@NullMarked
package dev.sluice.control.pki;

import org.jspecify.annotations.NullMarked;
