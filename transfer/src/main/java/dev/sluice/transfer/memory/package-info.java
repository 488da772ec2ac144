/**
 * The memory that bytes on their way lie in. Depends on Netty's buffers. Start with {@link
 * dev.sluice.transfer.memory.TransferMemory}.
 */
@NullMarked
package dev.sluice.transfer.memory;

import org.jspecify.annotations.NullMarked;
