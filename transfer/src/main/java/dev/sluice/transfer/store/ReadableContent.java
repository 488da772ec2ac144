package dev.sluice.transfer.store;

import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/** A content that can be sent to others, whole or still growing. Safe for use by many threads. */
public interface ReadableContent {

    PackageContent content();

    /**
     * Begins to read.
     *
     * @param wake called, by any thread, when there is more or when something was taken back; must
     *     be quick
     */
    default Reader open(long offset, Runnable wake) throws IOException {
        return open(offset, wake, () -> {});
    }

    /**
     * Begins to read.
     *
     * @param closed called once, when the reading has begun and is closed
     */
    Reader open(long offset, Runnable wake, Runnable closed) throws IOException;

    /** One reading, which goes on from its position. For one thread at a time; to be closed. */
    interface Reader extends AutoCloseable {

        long position();

        /** Where the bytes that may be read end for now. */
        long available();

        /** Where the bytes that {@link #readDisk} gives end for now. */
        long onDisk();

        /** Whether there will never be more than is {@link #available} now. */
        boolean ended();

        /**
         * The beginning of a leaf that was wrong, of which bytes were read: they are to be
         * forgotten. The position is there again.
         */
        OptionalLong takeRetraction();

        /**
         * Reads bytes that are in memory, without blocking.
         *
         * @return how many; 0 when there are none, or only on disk, or when something was taken
         *     back
         */
        int readMemory(ByteBuf into, int most);

        /** Fills a buffer from disk, below {@link #onDisk}; the position goes on. Blocks. */
        void readDisk(ByteBuffer into) throws IOException;

        /** Where the bytes of the leaf table that may be read end for now, in whole hashes. */
        int availableTable();

        /**
         * Fills a buffer with whole hashes of the leaf table. May block.
         *
         * @throws IOException when what was read before was wrong, or the disk fails
         */
        void readTable(int offset, ByteBuffer into) throws IOException;

        @Override
        void close();
    }
}
