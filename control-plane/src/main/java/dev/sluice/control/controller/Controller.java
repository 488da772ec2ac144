package dev.sluice.control.controller;

import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Recorded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer thread with its bounded queue. Everybody hands it commands and reads snapshots of
 * the state; many commands share one fdatasync.
 */
public final class Controller implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Controller.class);

    /**
     * Commands that wait at most; more are refused, so that a slow disk is felt by those who ask.
     */
    private static final int QUEUE_BOUND = 4096;

    /** Commands that share an fdatasync at most: bounds how long the first of a batch waits. */
    private static final int BATCH_BOUND = 512;

    private final DurableState durable;
    private final Runnable onFailure;
    private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(QUEUE_BOUND);
    private final List<StateListener> listeners = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean closing;
    private volatile @Nullable Throwable failure;

    private sealed interface Item {

        record Submitted(Command command, CompletableFuture<Decision> answer) implements Item {}

        record Replicated(long firstIndex, List<byte[]> payloads, CompletableFuture<Long> answer)
                implements Item {}

        record Task(DurableTask task, CompletableFuture<Boolean> answer) implements Item {}
    }

    /** Upkeep that only the owner of the durable state may do. */
    @FunctionalInterface
    public interface DurableTask {
        void run(DurableState durable) throws IOException;
    }

    /**
     * Starts the writer thread.
     *
     * @param onFailure called once when the writer stops because it can't make anything durable any
     *     more
     */
    public Controller(DurableState durable, Runnable onFailure) {
        this.durable = durable;
        this.onFailure = onFailure;
        this.thread = Thread.ofPlatform().name("controller").unstarted(this::run);
        thread.start();
    }

    public void subscribe(StateListener listener) {
        listeners.add(listener);
    }

    /** The state after every durable event; for any thread. */
    public ClusterState state() {
        return durable.state();
    }

    public boolean isInOffice() {
        return durable.isInOffice();
    }

    /** The ballot this process commands under; null: it does not. */
    public @Nullable Ballot ballot() {
        return durable.ballot();
    }

    /** Durable events from an index on; for any thread. */
    public List<JournalEntry> read(long fromIndex, int maxBytes) throws IOException {
        return durable.read(fromIndex, maxBytes);
    }

    public long firstIndex() {
        return durable.firstIndex();
    }

    public JournalPosition positionAt(long index) throws IOException {
        return durable.positionAt(index);
    }

    /**
     * Hands in a command. The answer comes when its events are durable and applied; it fails when
     * the writer has stopped.
     */
    public CompletableFuture<Decision> submit(Command command) {
        CompletableFuture<Decision> answer = new CompletableFuture<>();
        if (!offer(new Item.Submitted(command, answer))) {
            answer.complete(
                    Decision.rejected(
                            "controller",
                            "%d commands are waiting already; try again".formatted(QUEUE_BOUND)));
        }
        return answer;
    }

    /**
     * Hands in entries that follow this journal; the answer is the index up to which it is durable
     * then.
     */
    public CompletableFuture<Long> replicate(long firstIndex, List<byte[]> payloads) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        if (!offer(new Item.Replicated(firstIndex, List.copyOf(payloads), answer))) {
            answer.completeExceptionally(new IOException("controller: the queue is full"));
        }
        return answer;
    }

    /** Runs upkeep on the writer thread. */
    public CompletableFuture<Boolean> maintain(DurableTask task) {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        if (!offer(new Item.Task(task, answer))) {
            answer.complete(false);
        }
        return answer;
    }

    private boolean offer(Item item) {
        Throwable failed = failure;
        if (failed != null || closing) {
            fail(item, failed == null ? new IOException("controller: it is closing") : failed);
            return true;
        }
        boolean taken = queue.offer(item);
        if (taken && (failure != null || closing)) {
            Throwable why = failure;
            drainWith(why == null ? new IOException("controller: it is closing") : why);
        }
        return taken;
    }

    private void run() {
        try {
            while (!closing) {
                Item first = queue.poll(1, TimeUnit.SECONDS);
                if (first != null) {
                    work(first);
                }
            }
        } catch (InterruptedException e) {
            failure = new IOException("controller: its thread was interrupted", e);
            Thread.currentThread().interrupt();
            onFailure.run();
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
            LOG.error("The writer stops: nothing can be made durable or the state is broken", e);
            onFailure.run();
        } finally {
            Throwable why = failure;
            drainWith(why == null ? new IOException("controller: it has closed") : why);
        }
    }

    /**
     * Works off an item, and the commands that wait behind it. What is in hand when the writer
     * fails is in no queue any more and has to be told here.
     */
    private void work(Item first) throws IOException {
        List<Item> inHand = first instanceof Item.Submitted ? batchFrom(first) : List.of(first);
        try {
            switch (first) {
                case Item.Submitted _ -> decide(inHand);
                case Item.Replicated replicated -> replicate(replicated);
                case Item.Task(var task, var answer) -> {
                    task.run(durable);
                    answer.complete(true);
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            inHand.forEach(item -> fail(item, e));
            throw e;
        }
        durable.snapshotWhenDue();
    }

    private List<Item> batchFrom(Item first) {
        List<Item> batch = new ArrayList<>();
        batch.add(first);
        while (batch.size() < BATCH_BOUND && queue.peek() instanceof Item.Submitted) {
            Item next = queue.poll();
            if (next != null) {
                batch.add(next);
            }
        }
        return batch;
    }

    private void decide(List<Item> batch) throws IOException {
        List<Item.Submitted> asked =
                batch.stream()
                        .filter(Item.Submitted.class::isInstance)
                        .map(Item.Submitted.class::cast)
                        .toList();
        DurableState.Outcome outcome =
                durable.decide(asked.stream().map(Item.Submitted::command).toList());
        tell(outcome.recorded());
        for (int i = 0; i < asked.size(); i++) {
            asked.get(i).answer().complete(outcome.decisions().get(i));
        }
    }

    private void replicate(Item.Replicated item) throws IOException {
        if (durable.isInOffice() || item.firstIndex() != durable.state().index() + 1) {
            item.answer()
                    .completeExceptionally(
                            new IOException(
                                    "replication: entry %d does not follow entry %d of a follower"
                                            .formatted(
                                                    item.firstIndex(), durable.state().index())));
            return;
        }
        List<Recorded> recorded;
        try {
            recorded = durable.replicate(item.firstIndex(), item.payloads());
        } catch (JournalCodecException e) {
            item.answer().completeExceptionally(e);
            return;
        }
        tell(recorded);
        item.answer().complete(durable.state().index());
    }

    private void tell(List<Recorded> recorded) {
        if (recorded.isEmpty()) {
            return;
        }
        ClusterState state = durable.state();
        for (StateListener listener : listeners) {
            listener.onApplied(state, recorded);
        }
    }

    private void drainWith(Throwable why) {
        for (Item item = queue.poll(); item != null; item = queue.poll()) {
            fail(item, why);
        }
    }

    private static void fail(Item item, Throwable why) {
        switch (item) {
            case Item.Submitted(var _, var answer) -> answer.completeExceptionally(why);
            case Item.Replicated(var _, var _, var answer) -> answer.completeExceptionally(why);
            case Item.Task(var _, var answer) -> answer.completeExceptionally(why);
        }
    }

    /** Stops the writer after the batch it is at. */
    @Override
    public void close() {
        closing = true;
        boolean _ = offerWake();
        try {
            thread.join();
            durable.close();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.warn("Closing the journal failed; what was acknowledged is durable", e);
        }
    }

    /**
     * Ends the writer's wait at once; it never runs what it is woken with, because it is closing.
     */
    private boolean offerWake() {
        return queue.offer(new Item.Task(_ -> {}, new CompletableFuture<>()));
    }
}
