package dev.sluice.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file of a {@link Disk}. Not safe for use by several threads. */
public interface DiskFile extends Closeable {

    /** Returns the file's size in bytes. */
    long size() throws IOException;

    /**
     * Reads into the buffer from the position; returns the bytes read, or -1 at or past the end.
     */
    int read(ByteBuffer target, long position) throws IOException;

    /** Writes all of the buffer at the position; a gap before it reads as zeros. */
    void write(ByteBuffer source, long position) throws IOException;

    /** Cuts the file to this size; does nothing if it is not longer. */
    void truncate(long size) throws IOException;

    /**
     * Makes the content durable, and all metadata as well if {@code metadata} (fsync, otherwise
     * fdatasync). After a failure the content's fate is unknown: it must not be tried again.
     */
    void force(boolean metadata) throws IOException;
}
