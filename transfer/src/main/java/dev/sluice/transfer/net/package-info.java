/**
 * Event loops, sockets and TLS of transfers. Depends on trust, Netty, {@code memory}, {@code
 * wire}'s protocol name. Start with {@link dev.sluice.transfer.net.TransferNetwork}.
 */
@NullMarked
package dev.sluice.transfer.net;

import org.jspecify.annotations.NullMarked;
