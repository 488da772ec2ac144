package dev.sluice.control.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One pass over the records of a segment, which checks size, CRC32C, index and chain hash of each.
 */
final class SegmentScan {

    /**
     * Receives each good record: {@code size} bytes at {@code at} in the buffer, {@code offset} in
     * the file.
     */
    @FunctionalInterface
    interface RecordSink {
        void accept(long index, long offset, ByteBuffer buffer, int at, int size)
                throws IOException;
    }

    /** What the bytes at a scan's end are if they are not a record that belongs there. */
    sealed interface Fault {

        /** Not a whole record; a crash may have left it. */
        record Damaged(String expected, String found) implements Fault {}

        /** A whole record with a right CRC that does not belong here; no crash does that. */
        record Misplaced(String expected, String found) implements Fault {}
    }

    /**
     * Where a scan ended.
     *
     * @param offset the first byte after the last good record
     * @param last the position after it
     * @param fault what stands at the offset, empty at the end of the file
     */
    record End(long offset, JournalPosition last, Optional<Fault> fault) {}

    private final WindowReader reader;
    private final RecordFormat.Chain chain;
    private long lastIndex;
    private long offset = SegmentFormat.HEADER_BYTES;

    SegmentScan(WindowReader reader, JournalPosition before) {
        this.reader = reader;
        this.chain = new RecordFormat.Chain(before.chainHash());
        this.lastIndex = before.index();
    }

    /**
     * Gives the records up to and including {@code untilIndex} to the sink and stops at the first
     * fault.
     */
    End run(long untilIndex, RecordSink sink) throws IOException {
        while (offset < reader.size() && lastIndex < untilIndex) {
            Optional<Fault> fault = readOne(sink);
            if (fault.isPresent()) {
                return new End(offset, new JournalPosition(lastIndex, chain.value()), fault);
            }
        }
        return new End(offset, new JournalPosition(lastIndex, chain.value()), Optional.empty());
    }

    private Optional<Fault> readOne(RecordSink sink) throws IOException {
        long left = reader.size() - offset;
        if (left < RecordFormat.HEADER_BYTES) {
            return damaged(
                    "a record header of " + RecordFormat.HEADER_BYTES + " bytes",
                    left + " bytes to the file's end");
        }
        int at = reader.load(offset, RecordFormat.HEADER_BYTES);
        int size = RecordFormat.size(reader.buffer(), at);
        if (size < 0) {
            return damaged(
                    "a record's mark and size", "0x%08x".formatted(reader.buffer().getInt(at)));
        }
        if (size > left) {
            return damaged("a record of " + size + " bytes", left + " bytes to the file's end");
        }
        at = reader.load(offset, size);
        ByteBuffer buffer = reader.buffer();
        if (!RecordFormat.crcMatches(buffer, at, size)) {
            return damaged("the CRC32C of the record of entry " + (lastIndex + 1), "another one");
        }
        long index = RecordFormat.index(buffer, at);
        if (index != lastIndex + 1) {
            return Optional.of(new Fault.Misplaced("entry " + (lastIndex + 1), "entry " + index));
        }
        if (!chain.nextMatches(buffer, at, size)) {
            return Optional.of(
                    new Fault.Misplaced(
                            "chain hash " + chain.value() + " at entry " + index,
                            RecordFormat.chain(buffer, at).toString()));
        }
        sink.accept(index, offset, buffer, at, size);
        lastIndex = index;
        offset += size;
        return Optional.empty();
    }

    private static Optional<Fault> damaged(String expected, String found) {
        return Optional.of(new Fault.Damaged(expected, found));
    }
}
