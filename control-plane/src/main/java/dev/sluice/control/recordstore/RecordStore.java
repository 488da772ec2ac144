package dev.sluice.control.recordstore;

import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.JournalCorruptException;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.records.Holdings;
import dev.sluice.control.records.RecordBatch;
import dev.sluice.control.records.RecordRun;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A master's session records, and the one thread that writes them. It goes on whatever the master
 * is in the election. When its disk fails it stores nothing and acknowledges nothing, opens its log
 * anew after a pause, and leaves the rest of the master alone.
 */
public final class RecordStore implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RecordStore.class);

    /** Tasks that wait for the disk; more are refused, and their senders send again. */
    static final int MAX_WAITING = 256;

    /** Between attempts to open a log that failed. */
    static final Duration REOPEN_PAUSE = Duration.ofSeconds(10);

    static final Duration PRUNE_PAUSE = Duration.ofMinutes(1);

    /**
     * Reasons of refusals that are told; a node that makes up more of them is not worth the log.
     */
    private static final int MAX_REFUSALS = 1_000;

    /** With 100 bytes a record, an answer to another master stays below 512 KiB and a run. */
    private static final int MAX_LACKING = 5_000;

    private final Disk disk;
    private final JournalOptions options;
    private final Retention retention;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final BlockingQueue<Task> waiting = new ArrayBlockingQueue<>(MAX_WAITING);

    /** Of the spool that each node has now. */
    private final Map<NodeId, RecordBatch.Losses> losses = new ConcurrentHashMap<>();

    private final Map<NodeId, Long> lossesTold = new ConcurrentHashMap<>();
    private final AtomicLong pruned = new AtomicLong();
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("session-records").factory());
    private volatile @Nullable RecordLog log;
    private volatile String unavailable = "it is being opened";
    private long retryNanos;
    private long pruneNanos;
    private boolean damaged;
    private volatile boolean closing;

    /** What was refused and told, so that it is told once. */
    private final Set<String> refused = new HashSet<>();

    private record Task(List<RecordRun> runs, CompletableFuture<Long> done) {}

    /**
     * Starts the thread, which opens the log.
     *
     * @param disk of this store alone
     * @param nanos monotonic
     */
    public RecordStore(Disk disk, Retention retention, InstantSource clock, LongSupplier nanos) {
        this(disk, RecordLog.OPTIONS, retention, clock, nanos);
    }

    RecordStore(
            Disk disk,
            JournalOptions options,
            Retention retention,
            InstantSource clock,
            LongSupplier nanos) {
        this.disk = disk;
        this.options = options;
        this.retention = retention;
        this.clock = clock;
        this.nanos = nanos;
        this.retryNanos = nanos.getAsLong();
        this.pruneNanos = nanos.getAsLong();
        thread.execute(this::run);
    }

    /** The store can't be used now; the message says why. */
    public static final class UnavailableException extends IOException {
        private static final long serialVersionUID = 1L;

        UnavailableException(String why) {
            super("session records: " + why);
        }

        UnavailableException(String why, Throwable cause) {
            super("session records: " + why, cause);
        }
    }

    /**
     * Stores an agent's batch.
     *
     * @return the sequence up to which everything from the spool's oldest on is durable here; fails
     *     when nothing was stored
     */
    public CompletableFuture<Long> take(RecordBatch batch) {
        note(batch);
        return store(batch.run().map(List::of).orElse(List.of()))
                .thenApply(_ -> seen().of(batch.spool()).endOfRunFrom(batch.oldest()));
    }

    /** Told at first and whenever they have doubled, as a full spool loses more with each batch. */
    private void note(RecordBatch batch) {
        RecordBatch.Losses now = batch.losses();
        NodeId node = batch.spool().node();
        if (now.isNone()) {
            losses.remove(node);
            return;
        }
        losses.put(node, now);
        long told = lossesTold.getOrDefault(node, 0L);
        if (now.dropped() / 2 + now.missed() / 2 >= told || told == 0) {
            lossesTold.put(node, now.dropped() / 2 + now.missed() / 2 + 1);
            LOG.warn(
                    "Node {}: {} session records were dropped as its spool was full, {} begins and ends were missed",
                    node,
                    now.dropped(),
                    now.missed());
        }
    }

    /** Stores runs from anywhere; returns how many records were not there before. */
    public CompletableFuture<Long> store(List<RecordRun> runs) {
        Task task = new Task(List.copyOf(runs), new CompletableFuture<>());
        boolean taken = waiting.offer(task);
        if (closing || !taken) {
            task.done()
                    .completeExceptionally(
                            new UnavailableException(
                                    closing
                                            ? "it is closed"
                                            : "%d tasks wait for its disk".formatted(MAX_WAITING)));
        }
        return task.done();
    }

    /** The ids of all that was ever stored here. */
    public Holdings seen() {
        RecordLog open = log;
        return open == null ? Holdings.EMPTY : open.seen();
    }

    /**
     * Records that another master lacks.
     *
     * @param next where to go on; 0: that was all
     */
    public record Lacking(List<RecordRun> runs, long next) {
        public Lacking {
            runs = List.copyOf(runs);
        }
    }

    /**
     * What another master lacks, as far as it goes into one answer.
     *
     * @param before where the answer before ended; 0: none was before
     * @throws UnavailableException while the log is not open
     */
    public Lacking lacking(Holdings.Page had, long before) throws IOException {
        RecordLog.Lacking found = open().lacking(had, before, MAX_LACKING);
        return new Lacking(found.runs(), found.next());
    }

    /** What was found, and whether there is more of it. */
    public record Selection(List<FoundRecord> records, boolean more) {
        public Selection {
            records = List.copyOf(records);
        }
    }

    /**
     * Finds records.
     *
     * @throws UnavailableException while the log is not open
     */
    public Selection select(RecordQuery query) throws IOException {
        RecordLog.Selection found = open().select(query);
        return new Selection(found.records(), found.more());
    }

    private RecordLog open() throws UnavailableException {
        RecordLog open = log;
        if (open == null) {
            throw new UnavailableException(unavailable);
        }
        return open;
    }

    /**
     * The store as it is now.
     *
     * @param unavailable why nothing is stored; empty: it is
     * @param kept records in the log
     * @param pruned records that were pruned since the start
     * @param losses what nodes told of records that are gone
     */
    public record Status(
            String unavailable,
            long kept,
            long bytes,
            long pruned,
            SortedMap<NodeId, RecordBatch.Losses> losses) {}

    public Status status() {
        RecordLog open = log;
        return new Status(
                open == null ? unavailable : "",
                open == null ? 0 : open.count(),
                open == null ? 0 : open.bytes(),
                pruned.get(),
                new TreeMap<>(losses));
    }

    private void run() {
        try {
            while (!closing) {
                reopen();
                prune();
                Task first = waiting.poll(1, TimeUnit.SECONDS);
                if (first != null) {
                    List<Task> tasks = new ArrayList<>(List.of(first));
                    waiting.drainTo(tasks);
                    perform(tasks);
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody may interrupt the owner of a log", e);
        } finally {
            shut("it is closed");
        }
    }

    private void reopen() {
        if (log != null || damaged || nanos.getAsLong() - retryNanos < 0) {
            return;
        }
        try {
            RecordLog opened = RecordLog.open(disk, options);
            opened.warnings().forEach(warning -> LOG.warn("Session records: {}", warning));
            log = opened;
            LOG.info("Session records: {} in {}", opened.count(), disk.location());
        } catch (JournalCorruptException e) {
            damaged = true;
            failed(
                    e,
                    "; move the directory away and start again, the other master fills the new one");
        } catch (IOException | RuntimeException e) {
            failed(e, "; it is tried again every %d s".formatted(REOPEN_PAUSE.toSeconds()));
        }
    }

    /** Once for each new reason, as a disk may stay full for days. */
    private void failed(Exception failure, String next) {
        String why = String.valueOf(failure.getMessage());
        if (!why.equals(unavailable)) {
            LOG.error("Session records are not stored: {}{}", why, next);
        }
        shut(why);
        retryNanos = nanos.getAsLong() + REOPEN_PAUSE.toNanos();
    }

    private void shut(String why) {
        RecordLog open = log;
        unavailable = why;
        log = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.warn("Session records: closing failed: {}", e.getMessage());
            }
        }
    }

    private void perform(List<Task> tasks) {
        RecordLog open = log;
        if (open == null) {
            tasks.forEach(
                    t -> t.done().completeExceptionally(new UnavailableException(unavailable)));
            return;
        }
        try {
            RecordLog.Stored stored =
                    open.store(tasks.stream().map(Task::runs).toList(), clock.millis());
            stored.refused().stream()
                    .filter(why -> refused.size() < MAX_REFUSALS && refused.add(why))
                    .forEach(why -> LOG.error("Refused: {}", why));
            for (int i = 0; i < tasks.size(); i++) {
                var _ = tasks.get(i).done().complete(stored.records().get(i));
            }
        } catch (IOException | RuntimeException e) {
            failed(e, "; it is opened anew in %d s".formatted(REOPEN_PAUSE.toSeconds()));
            tasks.forEach(
                    t -> t.done().completeExceptionally(new UnavailableException(unavailable, e)));
        }
    }

    private void prune() {
        RecordLog open = log;
        if (open == null || nanos.getAsLong() - pruneNanos < 0) {
            return;
        }
        pruneNanos = nanos.getAsLong() + PRUNE_PAUSE.toNanos();
        try {
            long gone = open.prune(retention, clock.millis());
            if (gone > 0) {
                pruned.addAndGet(gone);
                LOG.info("Session records: {} were pruned", gone);
            }
        } catch (IOException | RuntimeException e) {
            failed(e, "; it is opened anew in %d s".formatted(REOPEN_PAUSE.toSeconds()));
        }
    }

    /** Ends the thread; what waits is not stored. */
    @Override
    public void close() {
        closing = true;
        var _ = waiting.offer(new Task(List.of(), new CompletableFuture<>()));
        thread.close();
        List<Task> left = new ArrayList<>();
        waiting.drainTo(left);
        left.forEach(t -> t.done().completeExceptionally(new UnavailableException("it is closed")));
    }
}
