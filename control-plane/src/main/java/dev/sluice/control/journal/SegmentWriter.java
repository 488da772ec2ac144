package dev.sluice.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The segment that is being written. It gathers records in a buffer, so that a batch is one write,
 * and keeps zeros written ahead of them, so that a force need not change the file's size.
 */
final class SegmentWriter implements Closeable {

    private static final int BUFFER_BYTES = 256 << 10;

    private final DiskFile file;
    private final JournalOptions options;
    private final ByteBuffer buffer;
    private final ByteBuffer header = ByteBuffer.allocate(RecordFormat.HEADER_BYTES);
    private long written;
    private long allocated;

    private SegmentWriter(
            DiskFile file, JournalOptions options, ByteBuffer buffer, long end, long allocated) {
        this.file = file;
        this.options = options;
        this.buffer = buffer;
        this.written = end;
        this.allocated = allocated;
    }

    /** Creates the segment so that it appears under its name only when its header is durable. */
    static SegmentWriter create(
            Disk disk, Segment segment, JournalOptions options, ByteBuffer buffer)
            throws IOException {
        String temporary = SegmentFormat.temporaryName(segment.firstIndex());
        DiskFile file = disk.create(temporary);
        boolean created = false;
        try {
            file.write(SegmentFormat.header(segment.before()), 0);
            var writer =
                    new SegmentWriter(
                            file,
                            options,
                            buffer,
                            SegmentFormat.HEADER_BYTES,
                            SegmentFormat.HEADER_BYTES);
            writer.preallocate();
            file.force(true);
            disk.rename(temporary, segment.name());
            disk.forceDirectory();
            created = true;
            return writer;
        } finally {
            if (!created) {
                file.close();
            }
        }
    }

    /**
     * Goes on in an existing segment whose records end at {@code end}; behind it the file holds
     * zeros or nothing.
     */
    static SegmentWriter resume(DiskFile file, long end, JournalOptions options, ByteBuffer buffer)
            throws IOException {
        return new SegmentWriter(file, options, buffer, end, file.size());
    }

    /** Returns the buffer that segments written one after the other share. */
    static ByteBuffer newBuffer() {
        return ByteBuffer.allocateDirect(BUFFER_BYTES);
    }

    /** Returns where the next record begins. */
    long end() {
        return written + buffer.position();
    }

    boolean isEmpty() {
        return end() == SegmentFormat.HEADER_BYTES;
    }

    /** Returns whether a record of this size still belongs into this segment. */
    boolean fits(int recordBytes) {
        return isEmpty() || end() + recordBytes <= options.segmentBytes();
    }

    void put(long index, long durable, byte[] chain, byte[] payload) throws IOException {
        RecordFormat.encodeHeader(header, index, durable, chain, payload);
        int size = RecordFormat.recordBytes(payload);
        if (size > buffer.remaining()) {
            flush();
        }
        if (size <= buffer.remaining()) {
            buffer.put(header).put(payload);
            return;
        }
        buffer.put(header);
        flush();
        file.write(ByteBuffer.wrap(payload), written);
        written += payload.length;
    }

    /** Writes what the buffer holds; it is not durable yet. */
    void flush() throws IOException {
        int bytes = buffer.position();
        if (bytes > 0) {
            file.write(buffer.flip(), written);
            buffer.clear();
            written += bytes;
        }
    }

    /** Makes everything put so far durable. */
    void force() throws IOException {
        flush();
        preallocate();
        file.force(false);
    }

    /**
     * Makes everything durable, takes away the zeros and closes the file: nothing is added to it
     * any more.
     */
    void seal() throws IOException {
        flush();
        file.truncate(written);
        file.force(true);
        file.close();
    }

    /** Closes the file without writing anything. */
    @Override
    public void close() throws IOException {
        buffer.clear();
        file.close();
    }

    private void preallocate() throws IOException {
        allocated = Math.max(allocated, written);
        long room = options.segmentBytes() - allocated;
        if (options.preallocateBytes() == 0
                || room <= 0
                || allocated - written >= options.preallocateBytes() / 4) {
            return;
        }
        int bytes = (int) Math.min(room, options.preallocateBytes());
        ByteBuffer zeros = ByteBuffer.allocate(Math.min(bytes, BUFFER_BYTES));
        for (int left = bytes; left > 0; left -= zeros.limit()) {
            file.write(zeros.clear().limit(Math.min(left, zeros.capacity())), allocated);
            allocated += zeros.limit();
        }
    }
}
