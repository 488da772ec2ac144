package dev.sluice.control.controller;

import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.StoredSnapshot;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer thread. Everybody hands it commands and reads snapshots of the state; many
 * commands share one fdatasync. It sleeps until something is handed in, the gate wakes it, or
 * somebody has waited too long.
 */
public final class Controller implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Controller.class);

    private final DurableState durable;
    private final Writer writer;
    private final LongSupplier ticker;
    private final Runnable onFailure;
    private final Runnable onWork;
    private final Semaphore wake = new Semaphore(0);

    /**
     * Whoever has the permit owns the writer. Others than its thread only try to get it, for a
     * moment, to spare a commit the change of threads.
     */
    private final Semaphore owner = new Semaphore(1);

    /**
     * Of the writer's steps that a thread takes in its place: its own entries, and what is left.
     */
    private static final int STEPS_FOR_OTHERS = 4;

    private final boolean threaded;

    private final Thread thread;
    private volatile boolean closing;

    /** Starts the writer thread of a master alone. */
    public Controller(DurableState durable, Runnable onFailure) {
        this(durable, CommitGate.ALONE, System::nanoTime, onFailure);
    }

    /**
     * Starts the writer thread.
     *
     * @param gate what entries wait for after they are durable here
     * @param ticker nanoseconds of a monotonic clock
     * @param onFailure called once when the writer stops because it can't make anything durable any
     *     more
     */
    public Controller(
            DurableState durable, CommitGate gate, LongSupplier ticker, Runnable onFailure) {
        this(durable, gate, ticker, onFailure, () -> {}, true);
        thread.start();
    }

    private Controller(
            DurableState durable,
            CommitGate gate,
            LongSupplier ticker,
            Runnable onFailure,
            Runnable onWork,
            boolean threaded) {
        this.threaded = threaded;
        this.durable = durable;
        this.writer = new Writer(durable, gate, ticker);
        this.ticker = ticker;
        this.onFailure = onFailure;
        this.onWork = onWork;
        this.thread = Thread.ofPlatform().name("controller").unstarted(this::run);
        gate.onProgress(this::completeOrWake);
    }

    /**
     * One without a thread: its owner calls {@link #step}.
     *
     * @param onWork told when there may be something to do
     */
    public static Controller stepped(
            DurableState durable, CommitGate gate, LongSupplier ticker, Runnable onWork) {
        return new Controller(durable, gate, ticker, () -> {}, onWork, false);
    }

    /** As {@link Writer#step}, for the owner of a controller without a thread. */
    public boolean step() throws IOException {
        owner.acquireUninterruptibly();
        try {
            return writer.step();
        } finally {
            owner.release();
        }
    }

    /**
     * Answers for a batch that is committed now, on this thread if nobody owns the writer. What a
     * listener throws stops the writer, as it does in a step; its thread says so, or without one
     * the caller hears it.
     */
    private void completeOrWake() {
        if (owner.tryAcquire()) {
            try {
                if (!writer.complete()) {
                    return;
                }
            } catch (RuntimeException | Error e) {
                writer.stop(e);
                if (!threaded) {
                    throw e;
                }
            } finally {
                owner.release();
            }
        }
        wake();
    }

    private void wake() {
        if (wake.availablePermits() == 0) {
            wake.release();
        }
        onWork.run();
    }

    public void subscribe(StateListener listener) {
        writer.subscribe(listener);
    }

    /**
     * The state after every committed event, or at a follower after every durable one; for any
     * thread.
     */
    public ClusterState state() {
        return durable.state();
    }

    /** Whether this process decides; see {@link DurableState#isInOffice}. */
    public boolean isInOffice() {
        return durable.isInOffice();
    }

    /** See {@link DurableState#leading}. */
    public Optional<Ballot> leading() {
        return durable.leading();
    }

    /** This master with the journal that it has now. */
    public Replica replica() {
        return durable.replica();
    }

    /** The ballot this process commands under; null: it does not. */
    public @Nullable Ballot ballot() {
        return durable.ballot();
    }

    /** The visible state's events from an index on; for any thread. */
    public List<JournalEntry> read(long fromIndex, int maxBytes) throws IOException {
        long visible = durable.state().index();
        return durable.read(fromIndex, maxBytes).stream()
                .filter(entry -> entry.index() <= visible)
                .toList();
    }

    /** Durable events from an index on, committed or not: for followers only. */
    public List<JournalEntry> readDurable(long fromIndex, int maxBytes) throws IOException {
        return durable.read(fromIndex, maxBytes);
    }

    public long firstIndex() {
        return durable.firstIndex();
    }

    /** The last entry in the journal, durable or not. */
    public long lastIndex() {
        return durable.lastIndex();
    }

    /** The last entry that is durable here, committed or not. */
    public JournalPosition durablePosition() {
        return durable.durablePosition();
    }

    /** The position of a durable entry. */
    public JournalPosition positionAt(long index) throws IOException {
        return durable.positionAt(index);
    }

    /** See {@link DurableState#openSnapshot()}. */
    public Optional<StoredSnapshot> openSnapshot() throws IOException {
        return durable.openSnapshot();
    }

    /** See {@link DurableState#openSnapshot(long)}. */
    public Optional<StoredSnapshot> openSnapshot(long index) throws IOException {
        return durable.openSnapshot(index);
    }

    /** As {@link Writer#submit}. */
    public CompletableFuture<Decision> submit(Command command) {
        return handedIn(writer.submit(command));
    }

    /**
     * As {@link Writer#replicate}; the entries may be made durable on the caller's thread, which
     * waits for the disk then.
     */
    public CompletableFuture<JournalPosition> replicate(long firstIndex, List<byte[]> payloads) {
        CompletableFuture<JournalPosition> answer = writer.replicate(firstIndex, payloads);
        if (threaded && owner.tryAcquire()) {
            boolean more = true;
            try {
                for (int steps = 0; more && !closing && steps < STEPS_FOR_OTHERS; steps++) {
                    more = writer.step();
                }
            } catch (IOException | RuntimeException | Error _) {
                // The writer has stopped. Its own thread finds that out and says so.
                more = true;
            } finally {
                owner.release();
            }
            if (!more) {
                return answer;
            }
        }
        return handedIn(answer);
    }

    /** Runs upkeep on the writer thread. */
    public CompletableFuture<Boolean> maintain(DurableTask task) {
        return handedIn(writer.maintain(task));
    }

    private <T> CompletableFuture<T> handedIn(CompletableFuture<T> answer) {
        wake();
        return answer;
    }

    private void run() {
        Throwable why = new IOException("controller: it has closed");
        try {
            while (!closing) {
                wake.drainPermits();
                await(work());
            }
        } catch (InterruptedException e) {
            why = new IOException("controller: its thread was interrupted", e);
            Thread.currentThread().interrupt();
            onFailure.run();
        } catch (IOException | RuntimeException | Error e) {
            why = e;
            LOG.error("The writer stops: nothing can be made durable or the state is broken", e);
            onFailure.run();
        } finally {
            owner.acquireUninterruptibly();
            writer.stop(why);
        }
    }

    /** Steps until there is nothing to do; says until when that may last. */
    private OptionalLong work() throws IOException, InterruptedException {
        owner.acquire();
        try {
            boolean more = true;
            while (more && !closing) {
                more = writer.step();
            }
            return writer.nextDeadline();
        } finally {
            owner.release();
        }
    }

    private void await(OptionalLong deadline) throws InterruptedException {
        if (closing) {
            return;
        }
        if (deadline.isEmpty()) {
            wake.acquire();
        } else {
            long left = deadline.getAsLong() - ticker.getAsLong();
            boolean _ = wake.tryAcquire(left, TimeUnit.NANOSECONDS);
        }
    }

    /** Stops the writer after the step it is at; whoever waits is told. */
    @Override
    public void close() {
        closing = true;
        writer.refuse(new IOException("controller: it is closing"));
        wake.release();
        try {
            thread.join();
            durable.close();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.warn("Closing the journal failed; what was acknowledged is durable", e);
        }
    }
}
