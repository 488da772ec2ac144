/**
 * Reaching a master: addresses, mutual TLS, deadlines, errors, and streams that outlive a master.
 *
 * <p>Depends on the wire's messages and gRPC. Start with {@link
 * dev.sluice.cli.connect.ClusterClient}.
 */
@NullMarked
package dev.sluice.cli.connect;

import org.jspecify.annotations.NullMarked;
