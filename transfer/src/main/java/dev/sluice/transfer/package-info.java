/**
 * How the content of a package gets from node to node. {@code docs/design/distribution.md} is the
 * contract, {@code docs/reference/transfer.md} the protocol.
 *
 * <p>{@code wire} has the frames, {@code pace} the limits, {@code net} sockets and TLS, {@code
 * store} what is on disk and the content that grows, {@code serve} the server, {@code pull} the
 * client with its pure core {@code SourceChoice}. Depends on trust, Netty, bucket4j and slf4j.
 * Start with {@link dev.sluice.transfer.pull.ContentPull} and {@link
 * dev.sluice.transfer.serve.TransferServer}.
 */
@NullMarked
package dev.sluice.transfer;

import org.jspecify.annotations.NullMarked;
