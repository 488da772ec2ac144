package dev.sluice.control.records;

import java.util.ArrayList;
import java.util.List;

/**
 * Sequence numbers, as few ranges as possible: ascending, with a gap between each two.
 *
 * <p>Immutable. Union is commutative, associative and idempotent, which is why masters may merge in
 * any order and as often as they like.
 */
public final class SequenceSet {

    public static final SequenceSet EMPTY = new SequenceSet(List.of());

    private final List<SequenceRange> ranges;

    private SequenceSet(List<SequenceRange> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    public static SequenceSet of(SequenceRange range) {
        return new SequenceSet(List.of(range));
    }

    /**
     * A set from elsewhere.
     *
     * @throws IllegalArgumentException when the ranges do not ascend with gaps between them
     */
    public static SequenceSet ascending(List<SequenceRange> ranges) {
        for (int i = 1; i < ranges.size(); i++) {
            if (ranges.get(i).first() <= ranges.get(i - 1).last() + 1) {
                throw new IllegalArgumentException(
                        "ranges: expected ascending ones with gaps between, found %s after %s"
                                .formatted(ranges.get(i), ranges.get(i - 1)));
            }
        }
        return new SequenceSet(ranges);
    }

    public List<SequenceRange> ranges() {
        return ranges;
    }

    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    public long count() {
        return ranges.stream().mapToLong(SequenceRange::count).sum();
    }

    public boolean contains(long sequence) {
        int at = firstEndingAt(sequence);
        return at < ranges.size() && ranges.get(at).first() <= sequence;
    }

    public SequenceSet plus(SequenceRange added) {
        int from = firstEndingAt(added.first() - 1);
        int to = from;
        long first = added.first();
        long last = added.last();
        while (to < ranges.size() && ranges.get(to).first() <= last + 1) {
            first = Math.min(first, ranges.get(to).first());
            last = Math.max(last, ranges.get(to).last());
            to++;
        }
        List<SequenceRange> joined = new ArrayList<>(ranges.size() + 1);
        joined.addAll(ranges.subList(0, from));
        joined.add(new SequenceRange(first, last));
        joined.addAll(ranges.subList(to, ranges.size()));
        return new SequenceSet(joined);
    }

    public SequenceSet plus(SequenceSet others) {
        if (ranges.size() < others.ranges.size()) {
            return others.plus(this);
        }
        SequenceSet sum = this;
        for (SequenceRange range : others.ranges) {
            sum = sum.plus(range);
        }
        return sum;
    }

    /** The parts of a range that are not in this set, ascending. */
    public List<SequenceRange> missingFrom(SequenceRange wanted) {
        List<SequenceRange> missing = new ArrayList<>();
        long next = wanted.first();
        for (int at = firstEndingAt(next);
                at < ranges.size() && ranges.get(at).first() <= wanted.last();
                at++) {
            SequenceRange had = ranges.get(at);
            if (had.first() > next) {
                missing.add(new SequenceRange(next, had.first() - 1));
            }
            next = had.last() + 1;
        }
        if (next <= wanted.last()) {
            missing.add(new SequenceRange(next, wanted.last()));
        }
        return missing;
    }

    public SequenceSet minus(SequenceSet others) {
        List<SequenceRange> rest = new ArrayList<>();
        for (SequenceRange range : ranges) {
            rest.addAll(others.missingFrom(range));
        }
        return new SequenceSet(rest);
    }

    /** The parts of a range that are in this set, ascending. */
    public List<SequenceRange> within(SequenceRange range) {
        List<SequenceRange> parts = new ArrayList<>();
        for (int at = firstEndingAt(range.first());
                at < ranges.size() && ranges.get(at).first() <= range.last();
                at++) {
            parts.add(
                    new SequenceRange(
                            Math.max(range.first(), ranges.get(at).first()),
                            Math.min(range.last(), ranges.get(at).last())));
        }
        return parts;
    }

    public boolean containsAll(SequenceRange wanted) {
        return missingFrom(wanted).isEmpty();
    }

    /** The last of the sequences that go on from one without a gap; one less when it is missing. */
    public long endOfRunFrom(long sequence) {
        int at = firstEndingAt(sequence);
        return at < ranges.size() && ranges.get(at).first() <= sequence
                ? ranges.get(at).last()
                : sequence - 1;
    }

    /** The position of the first range that ends at the sequence or later. */
    private int firstEndingAt(long sequence) {
        int low = 0;
        int high = ranges.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ranges.get(middle).last() < sequence) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SequenceSet set && ranges.equals(set.ranges);
    }

    @Override
    public int hashCode() {
        return ranges.hashCode();
    }

    @Override
    public String toString() {
        return ranges.toString();
    }
}
