package dev.sluice.control.replication;

import dev.sluice.control.journal.JournalPosition;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The batches that were appended last, for followers that are caught up: they need not wait until
 * they can be read from the journal. Owned by one thread.
 */
public final class RecentBatches {

    /** Bytes kept at most; who lacks more reads the journal. */
    public static final int KEPT_BYTES = Shipment.WINDOW_BYTES;

    /** A larger batch is not kept: its way to disk and back is the smaller part of its journey. */
    static final int LARGEST_KEPT_BYTES = 1 << 20;

    private final TreeMap<Long, Sent> byFirstIndex = new TreeMap<>();
    private long bytes;

    /**
     * Consecutive entries.
     *
     * @param last the position after them
     */
    public record Sent(long firstIndex, List<byte[]> payloads, JournalPosition last, long bytes) {
        public Sent {
            payloads = List.copyOf(payloads);
        }
    }

    /** Keeps a batch, which follows the one before, and drops the oldest beyond the bound. */
    public void add(long firstIndex, List<byte[]> payloads, JournalPosition last) {
        if (!byFirstIndex.isEmpty()
                && byFirstIndex.lastEntry().getValue().last().index() + 1 != firstIndex) {
            clear();
        }
        long size = payloads.stream().mapToLong(payload -> payload.length).sum();
        if (size > LARGEST_KEPT_BYTES) {
            clear();
            return;
        }
        byFirstIndex.put(firstIndex, new Sent(firstIndex, payloads, last, size));
        bytes += size;
        while (bytes > KEPT_BYTES) {
            bytes -= byFirstIndex.pollFirstEntry().getValue().bytes();
        }
    }

    /** The batch that begins with the entry, if it is kept. */
    public Optional<Sent> from(long firstIndex) {
        return Optional.ofNullable(byFirstIndex.get(firstIndex));
    }

    /** Drops everything. */
    public void clear() {
        byFirstIndex.clear();
        bytes = 0;
    }
}
