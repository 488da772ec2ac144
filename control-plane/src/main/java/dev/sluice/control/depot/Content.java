package dev.sluice.control.depot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A package's content, open for reading. To be closed. */
public final class Content implements Closeable {

    private final FileChannel channel;
    private final long start;
    private final long size;

    Content(FileChannel channel, long start, long size) {
        this.channel = channel;
        this.start = start;
        this.size = size;
    }

    /** In bytes. */
    public long size() {
        return size;
    }

    /**
     * Reads bytes from an offset on, at least one.
     *
     * @return how many were read; -1 at the end of the content
     */
    public int read(long offset, ByteBuffer into) throws IOException {
        long left = size - offset;
        if (left <= 0) {
            return -1;
        }
        int limit = into.limit();
        into.limit((int) Math.min(limit, into.position() + left));
        try {
            return channel.read(into, start + offset);
        } finally {
            into.limit(limit);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
