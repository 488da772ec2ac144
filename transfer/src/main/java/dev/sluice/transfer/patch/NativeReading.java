package dev.sluice.transfer.patch;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Reading of ranges of a file that have to be there, and writing of whole buffers. */
final class NativeReading {

    private NativeReading() {}

    static void read(FileChannel from, long offset, ByteBuffer into, String what)
            throws IOException {
        for (long at = offset; into.hasRemaining(); ) {
            int count = from.read(into, at);
            if (count < 0) {
                throw new IOException(
                        "%s: ends at %d, expected %d bytes more"
                                .formatted(what, at, into.remaining()));
            }
            at += count;
        }
    }

    static MemorySegment read(
            FileChannel from, long offset, MemorySegment memory, long length, String what)
            throws IOException {
        MemorySegment into = memory.asSlice(0, length);
        read(from, offset, into.asByteBuffer(), what);
        return into;
    }

    static void write(FileChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }
}
