/**
 * Sockets and TLS of transfers. Depends on trust, Netty's TLS, {@code memory}, {@code wire}'s
 * protocol name. Start with {@link dev.sluice.transfer.net.Connection}.
 */
@NullMarked
package dev.sluice.transfer.net;

import org.jspecify.annotations.NullMarked;
