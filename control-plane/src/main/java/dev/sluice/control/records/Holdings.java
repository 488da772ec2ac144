package dev.sluice.control.records;

import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * The ids of all records that somebody ever stored, pruned ones too: the compact vector by which
 * masters find what each lacks. It only grows.
 */
public final class Holdings {

    /**
     * A node has a new spool when its agent's data was lost. More than this, and somebody makes
     * them up.
     */
    public static final int MAX_SPOOLS_OF_NODE = 64;

    /**
     * Gaps come from masters that were apart and close when they meet. What would make more ranges
     * of a spool than this is refused, and stays with the agent or the other master.
     */
    public static final int MAX_RANGES_OF_SPOOL = 4_096;

    public static final Holdings EMPTY = new Holdings(TreePMap.empty());

    private final TreePMap<SpoolId, SequenceSet> sets;

    private Holdings(TreePMap<SpoolId, SequenceSet> sets) {
        this.sets = sets;
    }

    public static Holdings of(SortedMap<SpoolId, SequenceSet> sets) {
        TreeMap<SpoolId, SequenceSet> copy = new TreeMap<>(sets);
        copy.values().removeIf(SequenceSet::isEmpty);
        return new Holdings(TreePMap.from(copy));
    }

    public SequenceSet of(SpoolId spool) {
        return sets.getOrDefault(spool, SequenceSet.EMPTY);
    }

    /** All sets by their spool, in order; none is empty. */
    public SortedMap<SpoolId, SequenceSet> sets() {
        return sets;
    }

    public long count() {
        return sets.values().stream().mapToLong(SequenceSet::count).sum();
    }

    public Holdings plus(RecordRun run) {
        return plus(run.spool(), SequenceSet.of(run.range()));
    }

    public Holdings plus(Holdings others) {
        Holdings sum = this;
        for (var entry : others.sets.entrySet()) {
            sum = sum.plus(entry.getKey(), entry.getValue());
        }
        return sum;
    }

    private Holdings plus(SpoolId spool, SequenceSet set) {
        return new Holdings(sets.plus(spool, of(spool).plus(set)));
    }

    public Holdings minus(RecordRun run) {
        SequenceSet rest = of(run.spool()).minus(SequenceSet.of(run.range()));
        return new Holdings(
                rest.isEmpty() ? sets.minus(run.spool()) : sets.plus(run.spool(), rest));
    }

    /** What of this the other lacks, as far as its page tells. */
    public Holdings lackedBy(Page other) {
        TreeMap<SpoolId, SequenceSet> lacked = new TreeMap<>();
        sets.forEach((spool, set) -> {
            if (other.covers(spool)) {
                lacked.put(spool, set.minus(other.holdings().of(spool)));
            }
        });
        return of(lacked);
    }

    public boolean isEmpty() {
        return sets.isEmpty();
    }

    /** Why a run may not be added; empty: it may. */
    public Optional<String> refusal(RecordRun run) {
        @Nullable SequenceSet had = sets.get(run.spool());
        if (had == null) {
            int spools = spoolsOf(run.spool().node());
            return spools < MAX_SPOOLS_OF_NODE
                    ? Optional.empty()
                    : Optional.of(
                            "records of %s: node %s has %d spools already, expected at most %d"
                                    .formatted(
                                            run.spool(),
                                            run.spool().node(),
                                            spools,
                                            MAX_SPOOLS_OF_NODE));
        }
        int ranges = had.plus(run.range()).ranges().size();
        return ranges <= MAX_RANGES_OF_SPOOL || ranges <= had.ranges().size()
                ? Optional.empty()
                : Optional.of(
                        "records of %s: expected at most %d ranges of sequences, found one more with %s"
                                .formatted(run.spool(), MAX_RANGES_OF_SPOOL, run.range()));
    }

    private int spoolsOf(NodeId node) {
        int count = 0;
        for (SpoolId spool : sets.tailMap(new SpoolId(node, new StoreId("-")), true).keySet()) {
            if (!spool.node().equals(node)) {
                break;
            }
            count++;
        }
        return count;
    }

    /**
     * A part of a vector.
     *
     * @param after the spools behind this one; null: from the first on
     * @param upTo and up to this one; null: to the last
     */
    public record Page(@Nullable SpoolId after, @Nullable SpoolId upTo, Holdings holdings) {

        public boolean covers(SpoolId spool) {
            return (after == null || spool.compareTo(after) > 0)
                    && (upTo == null || spool.compareTo(upTo) <= 0);
        }
    }

    /** This vector in parts of at most so many ranges, or one spool; together they cover all. */
    public List<Page> pages(int maxRanges) {
        List<Page> pages = new ArrayList<>();
        TreeMap<SpoolId, SequenceSet> part = new TreeMap<>();
        @Nullable SpoolId after = null;
        int ranges = 0;
        for (var entry : sets.entrySet()) {
            int more = entry.getValue().ranges().size();
            if (!part.isEmpty() && ranges + more > maxRanges) {
                SpoolId upTo = part.lastKey();
                pages.add(new Page(after, upTo, of(part)));
                after = upTo;
                part = new TreeMap<>();
                ranges = 0;
            }
            part.put(entry.getKey(), entry.getValue());
            ranges += more;
        }
        pages.add(new Page(after, null, of(part)));
        return pages;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Holdings holdings && sets.equals(holdings.sets);
    }

    @Override
    public int hashCode() {
        return sets.hashCode();
    }

    @Override
    public String toString() {
        return sets.toString();
    }
}
