package dev.sluice.control.recordstore;

import dev.sluice.control.records.RecordRun;
import dev.sluice.control.records.SessionRecord;

/**
 * Consecutive entries of the log, and what has to be known of them to leave them unread.
 *
 * @param bytes that they take in the log
 * @param newestStored when the last one was stored, in milliseconds since 1970
 * @param newestEnded the latest end of a session in them
 */
record Block(long first, long last, long bytes, long records, long newestStored, long newestEnded) {

    /** Small enough to be read at once, large enough that a full log has a few thousand. */
    static final long MAX_BYTES = 64 << 10;

    static Block beginningAt(long index) {
        return new Block(index, index - 1, 0, 0, Long.MIN_VALUE, Long.MIN_VALUE);
    }

    boolean isFull() {
        return bytes >= MAX_BYTES;
    }

    /** With the next entry, which has no records. */
    Block plus(int entryBytes) {
        return new Block(first, last + 1, bytes + entryBytes, records, newestStored, newestEnded);
    }

    Block plus(int entryBytes, long storedMillis, RecordRun run) {
        long ended = newestEnded;
        for (SessionRecord record : run.records()) {
            ended = Math.max(ended, record.endedMillis());
        }
        return new Block(
                first,
                last + 1,
                bytes + entryBytes,
                records + run.records().size(),
                Math.max(newestStored, storedMillis),
                ended);
    }
}
