package dev.sluice.control.replication;

import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import java.util.Optional;

/**
 * The search for the last entry that a follower's journal and the primary's have in common, by
 * halving. Both hold positions from one before their first entry on; equal hashes at a position
 * mean equal entries up to it. Owned by one thread.
 */
public final class CommonEntry {

    /** Questions at most: journals that change under the search make it begin again. */
    private static final int LONGEST_SEARCH = 256;

    private final long ownLowest;
    private final long ownHighest;
    private long low = -1;
    private long high;
    private long asked;
    private int questions;

    /** What is to be done next. */
    public sealed interface Next {

        /** Ask the primary for its position at the index, and compare with the own one there. */
        record Ask(long index) implements Next {}

        /** The last common entry; 0: nothing is common but the beginning. */
        record Found(long index) implements Next {}

        /** There is no position that both hold and that is the same. */
        record Nothing(String why) implements Next {}
    }

    /**
     * What a primary says about a position.
     *
     * @param hash empty: its journal does not hold it
     */
    public record Answer(long index, Optional<ChainHash> hash, long firstIndex, long lastIndex) {}

    /**
     * Creates a search.
     *
     * @param firstIndex the first entry in the own journal
     * @param last where the own journal ends
     */
    public CommonEntry(long firstIndex, JournalPosition last) {
        this.ownLowest = firstIndex - 1;
        this.ownHighest = last.index();
    }

    /** Where to begin: at the end of the own journal, to learn what the primary holds. */
    public Next begin() {
        return ask(ownHighest);
    }

    /**
     * Goes on after an answer.
     *
     * @param own the own hash at the index that was asked for
     */
    public Next answered(Answer answer, ChainHash own) {
        if (answer.index() != asked) {
            return new Next.Nothing(
                    "the primary was asked for entry %d and answered for %d"
                            .formatted(asked, answer.index()));
        }
        boolean same = answer.hash().isPresent() && answer.hash().get().equals(own);
        long lowest = Math.max(ownLowest, answer.firstIndex() - 1);
        if (low < 0 || low < lowest) {
            return first(answer, same, lowest);
        }
        if (same) {
            low = asked;
        } else {
            high = asked - 1;
        }
        return half();
    }

    /** Begins, or begins again because the primary compacted its journal meanwhile. */
    private Next first(Answer answer, boolean same, long lowest) {
        high = Math.min(ownHighest, answer.lastIndex());
        if (high < lowest) {
            return new Next.Nothing(
                    "this journal has entries %d to %d, the primary's %d to %d"
                            .formatted(
                                    ownLowest + 1,
                                    ownHighest,
                                    answer.firstIndex(),
                                    answer.lastIndex()));
        }
        if (same && asked == high) {
            return new Next.Found(asked);
        }
        if (asked == lowest) {
            if (!same) {
                return new Next.Nothing(
                        "they differ at entry %d already, the lowest that both hold"
                                .formatted(lowest));
            }
            low = lowest;
            return half();
        }
        return ask(lowest);
    }

    private Next half() {
        return low >= high ? new Next.Found(low) : ask(low + (high - low + 1) / 2);
    }

    private Next ask(long index) {
        if (++questions > LONGEST_SEARCH) {
            return new Next.Nothing(
                    "no common entry found with %d questions".formatted(LONGEST_SEARCH));
        }
        asked = index;
        return new Next.Ask(index);
    }
}
