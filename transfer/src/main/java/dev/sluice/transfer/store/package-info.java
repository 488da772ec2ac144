/**
 * Contents on this node's disk: part files whose space is reserved, the verified leaf table,
 * progress that survives a crash, and the content that grows while others read it. Depends on
 * trust, {@code memory} and Netty's buffers. Start with {@link
 * dev.sluice.transfer.store.GrowingContent}.
 */
@NullMarked
package dev.sluice.transfer.store;

import org.jspecify.annotations.NullMarked;
