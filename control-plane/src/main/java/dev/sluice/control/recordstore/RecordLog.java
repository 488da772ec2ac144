package dev.sluice.control.recordstore;

import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.codec.RecordWire.Entry;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.Journal;
import dev.sluice.control.journal.JournalCompactedException;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.RecoveryWarning;
import dev.sluice.control.records.Holdings;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.records.SequenceSet;
import dev.sluice.control.records.SpoolId;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.UnaryOperator;

/**
 * The records on disk: a {@link Journal} of its own, whose entries are runs of records, and what is
 * known of them in memory. What was ever stored is known for good, also when it was pruned.
 *
 * <p>One owner thread stores and prunes; the rest may be used by any thread and shows what is
 * durable.
 */
final class RecordLog implements Closeable {

    /** The journal's own bytes around an entry. */
    private static final int ENTRY_OVERHEAD = 56;

    private static final int SEGMENT_BYTES = 4 << 20;
    private static final int MAX_ENTRY_BYTES = 4 << 20;

    /** Ranges in one entry of marks, which keeps it below 2 MiB. */
    private static final int MARKS_RANGES = 20_000;

    /** Pruned at once; what is left has its turn at the next. */
    private static final long PRUNE_BYTES = 32 << 20;

    static final JournalOptions OPTIONS =
            new JournalOptions(SEGMENT_BYTES, MAX_ENTRY_BYTES, 256 << 10);

    private final Journal journal;
    private final NavigableMap<Long, Block> blocks = new ConcurrentSkipListMap<>();

    /** Everything ever stored; what is published is durable. */
    private volatile Holdings seen = Holdings.EMPTY;

    /** What is still in the log. */
    private volatile Holdings kept = Holdings.EMPTY;

    private RecordLog(Opening opening) throws IOException {
        this.journal = opening.open(this::recover);
    }

    @FunctionalInterface
    private interface Opening {
        Journal open(Recovering recovering) throws IOException;
    }

    @FunctionalInterface
    private interface Recovering {
        void visit(long index, byte[] payload) throws IOException;
    }

    /**
     * Opens the log, or makes it; cuts a torn tail.
     *
     * @throws dev.sluice.control.journal.JournalCorruptException when it is damaged elsewhere
     */
    static RecordLog open(Disk disk, JournalOptions options) throws IOException {
        return new RecordLog(recovering ->
                Journal.openWithoutSnapshots(
                        disk,
                        options,
                        (index, payload) -> {
                            try {
                                recovering.visit(index, payload);
                            } catch (IllegalArgumentException e) {
                                throw new IOException(
                                        "session records %s: entry %d: %s"
                                                .formatted(disk.location(), index, e.getMessage()),
                                        e);
                            }
                        }));
    }

    private void recover(long index, byte[] payload) {
        RecordWire.decodeEntry(payload)
                .ifPresentOrElse(
                        entry -> note(index, payload.length, entry),
                        () -> addToBlock(index, b -> b.plus(size(payload.length))));
    }

    List<RecoveryWarning> warnings() {
        return journal.recoveryReport().warnings();
    }

    Holdings seen() {
        return seen;
    }

    /** Records in the log. */
    long count() {
        return kept.count();
    }

    long bytes() {
        return blocks.values().stream().mapToLong(Block::bytes).sum();
    }

    /**
     * What became of groups of runs that were to be stored.
     *
     * @param records of each group that were not there before
     * @param refused why some were not stored, each reason once
     */
    record Stored(List<Long> records, Set<String> refused) {}

    /**
     * Makes durable what of these runs was never stored, with one fdatasync for all groups. Owner
     * only.
     *
     * @throws dev.sluice.control.journal.JournalFailedException when the disk did not take them;
     *     the log is to be closed and opened anew then
     */
    Stored store(List<List<RecordRun>> groups, long nowMillis) throws IOException {
        Holdings next = seen;
        List<Entry> fresh = new ArrayList<>();
        List<Long> counts = new ArrayList<>();
        Set<String> refused = new LinkedHashSet<>();
        for (List<RecordRun> group : groups) {
            long count = 0;
            for (RecordRun run : group) {
                for (RecordRun part : run.without(next.of(run.spool()))) {
                    Optional<String> refusal = next.refusal(part);
                    if (refusal.isPresent()) {
                        refused.add(refusal.get());
                        continue;
                    }
                    fresh.add(new Entry.Stored(nowMillis, part));
                    next = next.plus(part);
                    count += part.records().size();
                }
            }
            counts.add(count);
        }
        append(fresh);
        return new Stored(counts, refused);
    }

    /** Readers see the entries only when they are on disk. */
    private void append(List<Entry> entries) throws IOException {
        if (entries.isEmpty()) {
            return;
        }
        List<byte[]> payloads = entries.stream().map(RecordWire::encode).toList();
        long index = journal.lastIndex();
        var _ = journal.append(payloads);
        journal.force();
        for (int i = 0; i < entries.size(); i++) {
            note(++index, payloads.get(i).length, entries.get(i));
        }
    }

    private void note(long index, int payloadBytes, Entry entry) {
        int bytes = size(payloadBytes);
        switch (entry) {
            case Entry.Stored(long storedMillis, RecordRun run) -> {
                addToBlock(index, block -> block.plus(bytes, storedMillis, run));
                seen = seen.plus(run);
                kept = kept.plus(run);
            }
            case Entry.Marks(Holdings holdings) -> {
                addToBlock(index, block -> block.plus(bytes));
                seen = seen.plus(holdings);
            }
        }
    }

    private static int size(int payloadBytes) {
        return payloadBytes + ENTRY_OVERHEAD;
    }

    private void addToBlock(long index, UnaryOperator<Block> change) {
        Map.Entry<Long, Block> newest = blocks.lastEntry();
        Block block =
                newest == null || newest.getValue().isFull()
                        ? Block.beginningAt(index)
                        : newest.getValue();
        blocks.put(block.first(), change.apply(block));
    }

    /**
     * Deletes whole segments of which everything is too old, or too much; returns how many records
     * went. What was stored is written to the log's end first, so that it stays known. Owner only.
     */
    long prune(Retention retention, long nowMillis) throws IOException {
        long target = pruneBelow(retention, nowMillis);
        if (!journal.canCompactBelow(target)) {
            return 0;
        }
        List<Numbered> going = new ArrayList<>();
        for (Block block : blocks.headMap(target, false).values()) {
            going.addAll(read(block));
        }
        append(
                seen.pages(MARKS_RANGES).stream()
                        .<Entry>map(page -> new Entry.Marks(page.holdings()))
                        .toList());
        var _ = journal.compactBelow(target);
        long first = journal.firstIndex();
        long gone = 0;
        for (Numbered entry : going) {
            if (entry.index() < first) {
                kept = kept.minus(entry.run());
                gone += entry.run().records().size();
            }
        }
        shrinkBlocks(first);
        return gone;
    }

    /** The first entry that has to stay. */
    private long pruneBelow(Retention retention, long nowMillis) {
        long oldest = nowMillis - retention.maxAge().toMillis();
        long excess = bytes() - retention.maxBytes();
        long passed = 0;
        for (Block block : blocks.values()) {
            boolean tooOld = block.newestStored() < oldest;
            boolean tooMuch = passed < excess;
            if ((!tooOld && !tooMuch) || passed >= PRUNE_BYTES) {
                return block.first();
            }
            passed += block.bytes();
        }
        return journal.lastIndex() + 1;
    }

    private void shrinkBlocks(long firstIndex) throws IOException {
        while (!blocks.isEmpty() && blocks.firstEntry().getValue().first() < firstIndex) {
            Block block = blocks.firstEntry().getValue();
            if (block.last() >= firstIndex) {
                Block rest = Block.beginningAt(firstIndex);
                for (JournalEntry entry : entries(firstIndex, block.last())) {
                    rest = plus(rest, entry);
                }
                blocks.put(firstIndex, rest);
            }
            blocks.remove(block.first());
        }
    }

    private static Block plus(Block block, JournalEntry entry) {
        int bytes = size(entry.payload().length);
        return RecordWire.decodeEntry(entry.payload())
                .map(content ->
                        switch (content) {
                            case Entry.Stored(long at, RecordRun run) -> block.plus(bytes, at, run);
                            case Entry.Marks _ -> block.plus(bytes);
                        })
                .orElseGet(() -> block.plus(bytes));
    }

    /** A run in the log. */
    private record Numbered(long index, RecordRun run) {}

    private List<Numbered> read(Block block) throws IOException {
        List<Numbered> runs = new ArrayList<>();
        for (JournalEntry entry : entries(block.first(), block.last())) {
            RecordWire.decodeEntry(entry.payload())
                    .ifPresent(content -> {
                        if (content instanceof Entry.Stored stored) {
                            runs.add(new Numbered(entry.index(), stored.run()));
                        }
                    });
        }
        return runs;
    }

    /** The entries of a range that are still there. */
    private List<JournalEntry> entries(long first, long last) throws IOException {
        List<JournalEntry> entries = new ArrayList<>();
        long next = Math.max(first, journal.firstIndex());
        while (next <= last) {
            List<JournalEntry> some;
            try {
                some = journal.read(next, (int) Block.MAX_BYTES);
            } catch (JournalCompactedException _) {
                next = Math.max(next + 1, journal.firstIndex());
                continue;
            }
            for (JournalEntry entry : some) {
                if (entry.index() <= last) {
                    entries.add(entry);
                }
            }
            next = some.isEmpty() ? last + 1 : some.getLast().index() + 1;
        }
        return entries;
    }

    /**
     * Records that somebody lacks.
     *
     * @param next where to go on; 0: that was all
     */
    record Lacking(List<RecordRun> runs, long next) {}

    /**
     * What of the log another master lacks, newest entries first, as those are what masters lack
     * that were apart.
     *
     * @param before only entries below this one; 0: all
     * @param maxRecords an answer has at most so many, and one run
     */
    Lacking lacking(Holdings.Page had, long before, int maxRecords) throws IOException {
        Holdings wanted = kept.lackedBy(had);
        List<RecordRun> found = new ArrayList<>();
        int records = 0;
        long end = before == 0 ? Long.MAX_VALUE : before;
        for (Block block : blocks.headMap(end, false).descendingMap().values()) {
            if (wanted.isEmpty()) {
                break;
            }
            List<Numbered> runs = read(block);
            for (int i = runs.size() - 1; i >= 0; i--) {
                Numbered entry = runs.get(i);
                if (entry.index() >= end) {
                    continue;
                }
                SequenceSet lacked = wanted.of(entry.run().spool());
                for (RecordRun part : entry.run().within(lacked)) {
                    found.add(part);
                    records += part.records().size();
                    wanted = wanted.minus(part);
                }
                if (records >= maxRecords) {
                    return new Lacking(found, wanted.isEmpty() ? 0 : entry.index());
                }
            }
        }
        return new Lacking(found, 0);
    }

    /**
     * Records that match a query.
     *
     * @param more whether there are others that match
     */
    record Selection(List<FoundRecord> records, boolean more) {}

    /** Reads only blocks that can have any. */
    Selection select(RecordQuery query) throws IOException {
        PriorityQueue<FoundRecord> best =
                new PriorityQueue<>(FoundRecord.LAST_ENDED_FIRST.reversed());
        boolean more = false;
        for (Block block : blocks.descendingMap().values()) {
            boolean tooEarly =
                    best.size() >= query.limit()
                            && more
                            && block.newestEnded() < best.element().content().endedMillis();
            if (block.newestEnded() < query.sinceMillis() || tooEarly) {
                continue;
            }
            for (Numbered entry : read(block)) {
                SpoolId spool = entry.run().spool();
                if (query.node() != null && !query.node().equals(spool.node())) {
                    continue;
                }
                for (int i = 0; i < entry.run().records().size(); i++) {
                    var record = entry.run().records().get(i);
                    if (record.endedMillis() >= query.sinceMillis()) {
                        best.add(new FoundRecord(spool, entry.run().first() + i, record));
                    }
                    if (best.size() > query.limit()) {
                        best.remove();
                        more = true;
                    }
                }
            }
        }
        return new Selection(best.stream().sorted(FoundRecord.LAST_ENDED_FIRST).toList(), more);
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
