package dev.sluice.transfer.memory;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Where a process's transfers have their buffers from: leaves, batches to send, what a socket gave.
 *
 * <p>Netty's own default pools only small buffers in a process with a small heap. Each of 64 KiB
 * and more would be had from the system, filled with zeros, and given back.
 */
public final class TransferMemory {

    /** Buffers that begin at a multiple of this may go to a disk as they are. */
    public static final int ALIGNMENT = 4 << 10;

    private static final int PAGE_BYTES = 8 << 10;

    /** A chunk, which is what is had from the system at once, is a page doubled so often: 4 MiB. */
    private static final int CHUNK_ORDER = 9;

    private static final ByteBufAllocator POOL =
            new PooledByteBufAllocator(true, 0, 1, PAGE_BYTES, CHUNK_ORDER, 0, 0, false, ALIGNMENT);

    private TransferMemory() {}

    /** The pool, which gives direct buffers. */
    public static ByteBufAllocator pool() {
        return POOL;
    }

    /** An aligned buffer of exactly this capacity. */
    public static ByteBuf aligned(int bytes) {
        return POOL.directBuffer(bytes, bytes);
    }

    /** An aligned buffer whose capacity may be raised. */
    public static ByteBuf growing(int bytes, int most) {
        return POOL.directBuffer(bytes, most);
    }
}
