package dev.sluice.control.replication;

import dev.sluice.control.journal.JournalPosition;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The primary's side of one follower: what it has, what is under way to it, what may be sent next.
 * Owned by one thread.
 *
 * <p>Bounded: no more than {@link #WINDOW_BYTES} are under way, so that a slow follower costs the
 * primary no memory.
 */
public final class Shipment {

    /** Bytes under way to a follower at most. */
    public static final int WINDOW_BYTES = 4 << 20;

    private long nextIndex;
    private long durableIndex;
    private long bytesUnderWay;
    private final ArrayDeque<Sent> underWay = new ArrayDeque<>();

    private record Sent(long lastIndex, long bytes) {}

    private Shipment(long durableIndex) {
        this.durableIndex = durableIndex;
        this.nextIndex = durableIndex + 1;
    }

    /** Whether a follower can be served from where its log ends. */
    public sealed interface Start {

        record Accepted(Shipment shipment) implements Start {}

        /** Its log is not a beginning of the primary's. */
        record Diverged(String detail) implements Start {}

        /** What it needs next is compacted away. */
        record TooOld(String detail) implements Start {}
    }

    /**
     * Judges where a follower's log ends.
     *
     * @param follower where the follower's durable log ends
     * @param here the primary's position at the same index; empty when its log does not hold that
     *     index
     * @param firstIndex the first index in the primary's log
     * @param lastIndex the last durable index of the primary's log
     */
    public static Start begin(
            JournalPosition follower,
            Optional<JournalPosition> here,
            long firstIndex,
            long lastIndex) {
        if (follower.index() > lastIndex) {
            return new Start.Diverged(
                    "the follower has %d entries, the primary %d"
                            .formatted(follower.index(), lastIndex));
        }
        if (follower.index() + 1 < firstIndex) {
            return new Start.TooOld(
                    "the follower needs entry %d, the log begins at %d"
                            .formatted(follower.index() + 1, firstIndex));
        }
        if (here.isPresent() && !here.get().equals(follower)) {
            return new Start.Diverged(
                    "entry %d has chain hash %s at the follower, %s here"
                            .formatted(
                                    follower.index(),
                                    follower.chainHash(),
                                    here.get().chainHash()));
        }
        return new Start.Accepted(new Shipment(follower.index()));
    }

    /** The first entry to send next. */
    public long nextIndex() {
        return nextIndex;
    }

    /** The last entry the follower has acknowledged as durable. */
    public long durableIndex() {
        return durableIndex;
    }

    /** Bytes that may be sent now; 0: wait for an acknowledgement. */
    public int room() {
        return (int) Math.max(0, WINDOW_BYTES - bytesUnderWay);
    }

    /** Whether everything that was sent is acknowledged. */
    public boolean isNothingUnderWay() {
        return underWay.isEmpty();
    }

    /** Notes that the entries from {@link #nextIndex} to {@code lastIndex} were sent. */
    public void sent(long lastIndex, long bytes) {
        if (lastIndex < nextIndex) {
            throw new IllegalArgumentException(
                    "sent up to %d, but %d is next".formatted(lastIndex, nextIndex));
        }
        underWay.addLast(new Sent(lastIndex, bytes));
        bytesUnderWay += bytes;
        nextIndex = lastIndex + 1;
    }

    /**
     * Notes what the follower says is durable there.
     *
     * @throws IllegalArgumentException when that was never sent
     */
    public void acknowledged(long index) {
        if (index >= nextIndex) {
            throw new IllegalArgumentException(
                    "acknowledged %d, but only %d was sent".formatted(index, nextIndex - 1));
        }
        durableIndex = Math.max(durableIndex, index);
        while (!underWay.isEmpty() && underWay.getFirst().lastIndex() <= durableIndex) {
            bytesUnderWay -= underWay.removeFirst().bytes();
        }
    }
}
