package dev.sluice.control.records;

/**
 * Sequence numbers from one to another, both included.
 *
 * @param first 1 or more
 * @param last at most {@link #MAX_SEQUENCE}
 */
public record SequenceRange(long first, long last) {

    /** Far above what any node ever counts to; sums of sequences stay numbers. */
    public static final long MAX_SEQUENCE = 1L << 60;

    public SequenceRange {
        if (first < 1 || last < first || last > MAX_SEQUENCE) {
            throw new IllegalArgumentException(
                    "sequences %s to %s: expected 1 <= first <= last <= %d"
                            .formatted(
                                    Long.toUnsignedString(first),
                                    Long.toUnsignedString(last),
                                    MAX_SEQUENCE));
        }
    }

    public long count() {
        return last - first + 1;
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
