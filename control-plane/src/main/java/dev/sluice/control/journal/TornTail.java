package dev.sluice.control.journal;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Tells, for damage in the last segment, a torn write (cut it: nobody was promised those bytes)
 * from corruption (refuse).
 *
 * <p>A crash keeps any subset of the sectors written since the last force, so whole records can
 * stand behind a torn one. Each record carries the index up to which the journal was durable when
 * it was written. A later record which says that the damaged one had been durable proves
 * corruption. If the later ones were all written in the same go as the damaged one, it is torn only
 * where a sector is still all zeros, as it was before the write; otherwise bits have changed.
 */
final class TornTail {

    private final WindowReader reader;
    private final String path;
    private final SegmentScan.End end;
    private final SegmentScan.Fault.Damaged damage;

    TornTail(
            WindowReader reader,
            String path,
            SegmentScan.End end,
            SegmentScan.Fault.Damaged damage) {
        this.reader = reader;
        this.path = path;
        this.end = end;
        this.damage = damage;
    }

    /**
     * Returns how many bytes to cut, without the zeros at the end: 0 if nothing was ever written
     * there.
     */
    long bytesToCut() throws IOException {
        long firstLater = -1;
        long lastNonZero = -1;
        for (long at = end.offset(); at < reader.size(); at++) {
            int here = reader.load(at, 1);
            if (reader.buffer().get(here) == 0) {
                continue;
            }
            lastNonZero = at;
            int size = at == end.offset() ? -1 : laterRecordSize(at);
            if (size < 0) {
                continue;
            }
            if (firstLater < 0) {
                firstLater = at;
            }
            refuseIfProvenDurable(at, size);
            lastNonZero = at + size - 1;
            at = lastNonZero;
        }
        if (firstLater >= 0 && !hasUnwrittenSector(firstLater)) {
            throw corrupt(
                    "no record behind it, or a sector that was never written",
                    "whole records from offset " + firstLater);
        }
        return lastNonZero < 0 ? 0 : lastNonZero + 1 - end.offset();
    }

    private int laterRecordSize(long offset) throws IOException {
        long left = reader.size() - offset;
        if (left < RecordFormat.HEADER_BYTES) {
            return -1;
        }
        int at = reader.load(offset, RecordFormat.HEADER_BYTES);
        int size = RecordFormat.size(reader.buffer(), at);
        long index = RecordFormat.index(reader.buffer(), at);
        long mostRecords = (reader.size() - end.offset()) / RecordFormat.HEADER_BYTES;
        boolean plausible =
                size > 0
                        && size <= left
                        && index > end.last().index()
                        && index - end.last().index() <= mostRecords + 1;
        if (!plausible) {
            return -1;
        }
        at = reader.load(offset, size);
        return RecordFormat.crcMatches(reader.buffer(), at, size) ? size : -1;
    }

    private void refuseIfProvenDurable(long offset, int size) throws IOException {
        int at = reader.load(offset, size);
        ByteBuffer buffer = reader.buffer();
        if (RecordFormat.durable(buffer, at) > end.last().index()) {
            throw corrupt(
                    "a whole record, because entry %d at offset %d was written after it had been made durable"
                            .formatted(RecordFormat.index(buffer, at), offset),
                    damage.found());
        }
    }

    private boolean hasUnwrittenSector(long until) throws IOException {
        long from = end.offset();
        while (from < until) {
            long sectorEnd = (from / Disk.SECTOR_BYTES + 1) * Disk.SECTOR_BYTES;
            boolean whole = from == end.offset() || from % Disk.SECTOR_BYTES == 0;
            if (whole && sectorEnd <= until && isZero(from, (int) (sectorEnd - from))) {
                return true;
            }
            from = sectorEnd;
        }
        return false;
    }

    private boolean isZero(long offset, int length) throws IOException {
        int at = reader.load(offset, length);
        for (int i = 0; i < length; i++) {
            if (reader.buffer().get(at + i) != 0) {
                return false;
            }
        }
        return true;
    }

    private JournalCorruptException corrupt(String expected, String found) {
        return SegmentFormat.corrupt(
                path, end.offset(), damage.expected() + " (" + expected + ")", found);
    }
}
