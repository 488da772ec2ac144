package dev.sluice.transfer.patch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code ZSTD_inBuffer} or {@code ZSTD_outBuffer}, which are alike: where, how much, how far. */
record ZstdBuffer(MemorySegment memory) {

    private static final long SIZE = ValueLayout.ADDRESS.byteSize();
    private static final long POSITION = SIZE + Long.BYTES;

    static ZstdBuffer in(Arena arena) {
        return new ZstdBuffer(
                arena.allocate(POSITION + Long.BYTES, ValueLayout.ADDRESS.byteAlignment()));
    }

    /** It is of this segment from now on, from its beginning. */
    void set(MemorySegment of) {
        memory.set(ValueLayout.ADDRESS, 0, of);
        memory.set(ValueLayout.JAVA_LONG, SIZE, of.byteSize());
        memory.set(ValueLayout.JAVA_LONG, POSITION, 0);
    }

    long position() {
        return memory.get(ValueLayout.JAVA_LONG, POSITION);
    }
}
