package dev.sluice.control.journal;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file seen through a sliding window of memory, so that going through it forwards reads each byte
 * once and holds little. A record larger than the window gets a window of its own size for as long
 * as it is looked at.
 */
final class WindowReader {

    private final DiskFile file;
    private final int windowBytes;
    private long size;
    private ByteBuffer window;
    private long start;
    private long bytesRead;

    WindowReader(DiskFile file, int windowBytes) throws IOException {
        this.file = file;
        this.size = file.size();
        this.windowBytes = windowBytes;
        this.window = ByteBuffer.allocate((int) Math.min(windowBytes, Math.max(size, 1))).limit(0);
    }

    long size() {
        return size;
    }

    /**
     * Whether the file holds these bytes; they are in the window then. A file from which a writer
     * cuts the zeros ahead of its records becomes shorter while it is read.
     */
    boolean reaches(long offset, int length) throws IOException {
        if (offset + length <= size && isOutside(offset, length)) {
            refill(offset, length);
        }
        return offset + length <= size;
    }

    long bytesRead() {
        return bytesRead;
    }

    /**
     * Makes the bytes available in {@link #buffer} and returns where in it they begin. They must
     * lie within the file.
     */
    int load(long offset, int length) throws IOException {
        long expected = size;
        if (isOutside(offset, length)) {
            refill(offset, length);
        }
        if (offset + length > size) {
            throw new IOException(
                    "the file became shorter than %d bytes while it was read".formatted(expected));
        }
        return (int) (offset - start);
    }

    private boolean isOutside(long offset, int length) {
        return offset < start || offset + length > start + window.limit();
    }

    ByteBuffer buffer() {
        return window;
    }

    private void refill(long offset, int length) throws IOException {
        long wanted = Math.min(size - offset, Math.max(length, windowBytes));
        if (length > wanted) {
            throw new IllegalArgumentException(
                    "bytes %d+%d lie outside of a file of %d bytes"
                            .formatted(offset, length, size));
        }
        keepOverlap(offset, (int) wanted);
        while (window.hasRemaining()) {
            int count = file.read(window, start + window.position());
            if (count < 0) {
                size = start + window.position();
                break;
            }
            bytesRead += count;
        }
        window.flip();
    }

    private void keepOverlap(long offset, int wanted) {
        ByteBuffer old = window;
        boolean overlaps = offset >= start && offset < start + old.limit();
        int from = (int) (offset - start);
        if (wanted > old.capacity() || (old.capacity() > windowBytes && wanted <= windowBytes)) {
            window = ByteBuffer.allocate(Math.max(wanted, (int) Math.min(windowBytes, size)));
        }
        int kept = overlaps ? Math.min(old.limit() - from, wanted) : 0;
        window.clear().put(0, old, overlaps ? from : 0, kept);
        start = offset;
        window.limit(wanted).position(kept);
    }
}
