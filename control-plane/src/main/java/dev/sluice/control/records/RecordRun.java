package dev.sluice.control.records;

import java.util.List;

/** Consecutive records of one spool. The id of a record is its spool and its sequence. */
public record RecordRun(SpoolId spool, long first, List<SessionRecord> records) {

    /** The most records in one run: what an agent sends at once, and an entry of the log holds. */
    public static final int MAX_RECORDS = 256;

    public RecordRun {
        records = List.copyOf(records);
        if (records.isEmpty() || records.size() > MAX_RECORDS) {
            throw new IllegalArgumentException(
                    "records of %s: expected 1 to %d at once, found %d"
                            .formatted(spool, MAX_RECORDS, records.size()));
        }
        requireNumbers(spool, first, records.size());
    }

    private static void requireNumbers(SpoolId spool, long first, int count) {
        if (first < 1 || first > SequenceRange.MAX_SEQUENCE - count) {
            throw new IllegalArgumentException(
                    "records of %s: expected a first sequence from 1 to %d, found %s"
                            .formatted(
                                    spool,
                                    SequenceRange.MAX_SEQUENCE - count,
                                    Long.toUnsignedString(first)));
        }
    }

    public SequenceRange range() {
        return new SequenceRange(first, first + records.size() - 1);
    }

    public SessionRecord at(long sequence) {
        return records.get(Math.toIntExact(sequence - first));
    }

    /** The records of a range within this run. */
    public RecordRun part(SequenceRange range) {
        int from = Math.toIntExact(range.first() - first);
        return new RecordRun(
                spool, range.first(), records.subList(from, from + Math.toIntExact(range.count())));
    }

    /** What of this run is not in a set, in order. */
    public List<RecordRun> without(SequenceSet had) {
        return had.missingFrom(range()).stream().map(this::part).toList();
    }

    /** What of this run is in a set, in order. */
    public List<RecordRun> within(SequenceSet wanted) {
        return wanted.within(range()).stream().map(this::part).toList();
    }
}
