package dev.sluice.control.journal;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads records that are in the files already, by any thread. It opens files of its own each time,
 * so that an interrupted reader cannot close the writer's, and so that compaction need not wait for
 * readers.
 */
final class EntryReader {

    /** Receives a record; returns whether to go on. */
    @FunctionalInterface
    interface RecordVisitor {
        boolean visit(long index, ByteBuffer buffer, int at, int size) throws IOException;
    }

    private final Disk disk;
    private final EntryLocations locations;

    EntryReader(Disk disk, EntryLocations locations) {
        this.disk = disk;
        this.locations = locations;
    }

    /**
     * Gives the records of entries {@code from} to {@code to} inclusive, all of which exist, to the
     * visitor.
     */
    void read(long from, long to, int windowBytes, RecordVisitor visitor) throws IOException {
        long next = from;
        while (next <= to && next > 0) {
            long index = next;
            EntryLocations.Location start =
                    locations
                            .atOrBefore(index)
                            .orElseThrow(() ->
                                    new JournalException(
                                            "%s: entry %d is in no segment"
                                                    .formatted(disk.location(), index)));
            try (DiskFile file = disk.openForReading(start.segment().name())) {
                next = readSegment(new WindowReader(file, windowBytes), start, next, to, visitor);
            }
            if (next == index) {
                throw corrupt(
                        start,
                        start.segment().name().length(),
                        "entry " + index,
                        "the end of the segment");
            }
        }
    }

    /** Returns the next index to read, or 0 if the visitor had enough. */
    private long readSegment(
            WindowReader reader,
            EntryLocations.Location start,
            long from,
            long to,
            RecordVisitor visitor)
            throws IOException {
        long offset = start.offset();
        for (long index = start.index(); index <= to; index++) {
            if (!reader.reaches(offset, RecordFormat.HEADER_BYTES)) {
                return index;
            }
            int at = reader.load(offset, RecordFormat.HEADER_BYTES);
            int size = RecordFormat.size(reader.buffer(), at);
            if (size < 0 || !reader.reaches(offset, size)) {
                return index;
            }
            at = reader.load(offset, size);
            ByteBuffer buffer = reader.buffer();
            if (!RecordFormat.crcMatches(buffer, at, size)
                    || RecordFormat.index(buffer, at) != index) {
                throw corrupt(start, offset, "the record of entry " + index, "damage");
            }
            if (index >= from && !visitor.visit(index, buffer, at, size)) {
                return 0;
            }
            offset += size;
        }
        return to + 1;
    }

    private JournalCorruptException corrupt(
            EntryLocations.Location start, long offset, String expected, String found) {
        return SegmentFormat.corrupt(
                disk.location() + "/" + start.segment().name(), offset, expected, found);
    }
}
