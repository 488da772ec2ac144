package dev.sluice.control.controller;

import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Recorded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The writer of a cluster's state in steps, without a thread: one owner calls {@link #step} while
 * it returns true. Anybody may hand in items.
 *
 * <p>A batch of commands is appended, goes out to the other replicas, is forced, and waits for its
 * commit; then it is visible and answered. One batch is on its way at a time: what arrives
 * meanwhile shares the next one.
 */
public final class Writer {

    /** Items that wait at most; more are refused, so that a slow disk is felt by those who ask. */
    public static final int QUEUE_BOUND = 4096;

    /** Commands that share an fdatasync at most: bounds how long the first of a batch waits. */
    static final int BATCH_BOUND = 512;

    /**
     * How long a command may wait for a commit before its caller is told that the outcome is open:
     * longer than leaving out a lost follower takes, shorter than people wait.
     */
    public static final long LONGEST_COMMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final DurableState durable;
    private final CommitGate gate;
    private final LongSupplier ticker;
    private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(QUEUE_BOUND);
    private final List<StateListener> listeners = new CopyOnWriteArrayList<>();
    private List<? extends Item> inHand = List.of();
    private @Nullable Pending pending;
    private boolean upkeepDue;
    private @Nullable Throwable stopped;
    private volatile @Nullable Throwable refusal;

    private sealed interface Item {

        /**
         * A command.
         *
         * @param sinceNanos when it was handed in
         */
        record Submitted(Command command, long sinceNanos, CompletableFuture<Decision> answer)
                implements Item {}

        record Replicated(
                long firstIndex, List<byte[]> payloads, CompletableFuture<JournalPosition> answer)
                implements Item {}

        record Task(DurableTask task, CompletableFuture<Boolean> answer) implements Item {}
    }

    /** The batch that is on its way, with those who asked for it. */
    private record Pending(Batch batch, List<Item.Submitted> asked, boolean forced) {
        long lastIndex() {
            return batch.last().index();
        }
    }

    /**
     * Creates a writer that has done nothing yet.
     *
     * @param ticker nanoseconds of a monotonic clock
     */
    public Writer(DurableState durable, CommitGate gate, LongSupplier ticker) {
        this.durable = durable;
        this.gate = gate;
        this.ticker = ticker;
    }

    public void subscribe(StateListener listener) {
        listeners.add(listener);
    }

    /**
     * Hands in a command. The answer comes when its events are committed and visible; it fails when
     * the writer has stopped, and with an {@link OutcomeOpenException} when the commit takes longer
     * than {@link #LONGEST_COMMIT_NANOS}.
     */
    public CompletableFuture<Decision> submit(Command command) {
        CompletableFuture<Decision> answer = new CompletableFuture<>();
        if (!offer(new Item.Submitted(command, ticker.getAsLong(), answer))) {
            answer.complete(
                    Decision.rejected(
                            "controller",
                            "%d commands are waiting already; try again".formatted(QUEUE_BOUND)));
        }
        return answer;
    }

    /**
     * Hands in entries that follow this journal; the answer is the position up to which it is
     * durable then.
     */
    public CompletableFuture<JournalPosition> replicate(long firstIndex, List<byte[]> payloads) {
        CompletableFuture<JournalPosition> answer = new CompletableFuture<>();
        if (!offer(new Item.Replicated(firstIndex, List.copyOf(payloads), answer))) {
            answer.completeExceptionally(new IOException("controller: the queue is full"));
        }
        return answer;
    }

    /** Hands in upkeep; false: the queue is full and it will not run. */
    public CompletableFuture<Boolean> maintain(DurableTask task) {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        if (!offer(new Item.Task(task, answer))) {
            answer.complete(false);
        }
        return answer;
    }

    private boolean offer(Item item) {
        Throwable why = refusal;
        if (why != null) {
            fail(item, why);
            return true;
        }
        boolean taken = queue.offer(item);
        why = refusal;
        if (taken && why != null) {
            drainWith(why);
        }
        return taken;
    }

    /**
     * Does the next thing that can be done without waiting for others; false: there is none. Owner
     * only.
     *
     * @throws IOException when nothing can be made durable any more; everybody who waits has been
     *     told, and this writer is of no more use
     */
    public boolean step() throws IOException {
        Throwable why = stopped;
        if (why != null) {
            throw new IOException("controller: the writer has stopped", why);
        }
        try {
            return advance() || tellThoseWhoWaitTooLong();
        } catch (IOException | RuntimeException | Error e) {
            stop(e);
            throw e;
        }
    }

    private boolean advance() throws IOException {
        if (upkeepDue) {
            upkeepDue = false;
            durable.upkeep(gate.lowestFollower());
            return true;
        }
        Pending now = pending;
        if (now == null) {
            return work(queue.poll());
        }
        if (!now.forced()) {
            durable.force();
            pending = new Pending(now.batch(), now.asked(), true);
            gate.forced(now.lastIndex());
            return true;
        }
        if (complete()) {
            return true;
        }
        return work(nextThatNeedsNoCommit().orElse(null));
    }

    /** Upkeep and replication do not wait behind a commit: they may be what ends the wait. */
    private Optional<Item> nextThatNeedsNoCommit() {
        Optional<Item> next =
                queue.stream().filter(item -> !(item instanceof Item.Submitted)).findFirst();
        return next.filter(queue::remove);
    }

    private boolean work(@Nullable Item first) throws IOException {
        if (first == null) {
            return false;
        }
        inHand = List.of(first);
        switch (first) {
            case Item.Submitted command -> decide(batchFrom(command));
            case Item.Replicated replicated -> replicate(replicated);
            case Item.Task(var task, var answer) -> {
                int before = durable.repairs();
                task.run(durable);
                if (durable.repairs() != before) {
                    repaired();
                }
                answer.complete(true);
            }
        }
        inHand = List.of();
        return true;
    }

    /** The journal was brought in line with another primary's: what waited is not ours to tell. */
    private void repaired() {
        Pending before = pending;
        pending = null;
        if (before != null) {
            OutcomeOpenException open =
                    new OutcomeOpenException(
                            "entry %d was not committed when another master became primary; 'sluice status' tells whether it happened"
                                    .formatted(before.lastIndex()));
            before.asked().forEach(item -> fail(item, open));
        }
        tell(List.of());
    }

    private List<Item.Submitted> batchFrom(Item.Submitted first) {
        List<Item.Submitted> batch = new ArrayList<>();
        batch.add(first);
        while (batch.size() < BATCH_BOUND && queue.peek() instanceof Item.Submitted) {
            if (queue.poll() instanceof Item.Submitted next) {
                batch.add(next);
            }
        }
        return batch;
    }

    private void decide(List<Item.Submitted> asked) throws IOException {
        inHand = asked;
        Batch batch = durable.append(asked.stream().map(Item.Submitted::command).toList());
        Pending next = new Pending(batch, asked, false);
        if (batch.isEmpty()) {
            answer(next);
            return;
        }
        pending = next;
        gate.appended(batch.firstIndex(), batch.payloads(), batch.last());
    }

    /**
     * Makes the batch that is on its way visible and answers for it, if it is committed: the part
     * of {@link #step} that touches no disk. Owner only.
     *
     * @return whether it did; then a step has more to do
     */
    boolean complete() {
        Pending now = pending;
        if (now == null || !now.forced() || !gate.isCommitted(now.lastIndex())) {
            return false;
        }
        finish(now);
        return true;
    }

    private void finish(Pending now) {
        show(now.batch());
        pending = null;
        upkeepDue = durable.isUpkeepDue();
        answer(now);
    }

    private static void answer(Pending now) {
        for (int i = 0; i < now.asked().size(); i++) {
            now.asked().get(i).answer().complete(now.batch().decisions().get(i));
        }
    }

    private void replicate(Item.Replicated item) throws IOException {
        if (!durable.mayFollow(item.firstIndex())) {
            item.answer()
                    .completeExceptionally(
                            new IOException(
                                    "replication: entry %d does not follow entry %d of a follower"
                                            .formatted(
                                                    item.firstIndex(),
                                                    durable.appendedState().index())));
            return;
        }
        Batch batch;
        try {
            batch = durable.follow(item.firstIndex(), item.payloads(), item.answer()::complete);
        } catch (JournalCodecException e) {
            item.answer().completeExceptionally(e);
            return;
        }
        adoptPending();
        show(batch);
        upkeepDue = durable.isUpkeepDue();
    }

    /**
     * A batch that waited when this master lost the office is part of the next primary's journal if
     * that one's entries follow it.
     */
    private void adoptPending() {
        Pending before = pending;
        if (before != null) {
            finish(before);
        }
    }

    private void show(Batch batch) {
        durable.apply(batch);
        if (!batch.isEmpty()) {
            tell(batch.recorded());
        }
    }

    private void tell(List<Recorded> recorded) {
        ClusterState state = durable.state();
        for (StateListener listener : listeners) {
            listener.onApplied(state, recorded);
        }
    }

    /**
     * When {@link #step} will have somebody to tell that it takes too long, in the ticker's
     * nanoseconds; empty: nobody waits for a commit. Owner only.
     */
    public OptionalLong nextDeadline() {
        Pending now = pending;
        if (now == null) {
            return OptionalLong.empty();
        }
        Optional<Item.Submitted> oldest =
                now.asked().stream().filter(asked -> !asked.answer().isDone()).findFirst();
        if (oldest.isEmpty()) {
            oldest =
                    queue.stream()
                            .filter(Item.Submitted.class::isInstance)
                            .map(Item.Submitted.class::cast)
                            .findFirst();
        }
        return oldest.map(asked -> OptionalLong.of(asked.sinceNanos() + LONGEST_COMMIT_NANOS))
                .orElse(OptionalLong.empty());
    }

    /**
     * Answers commands that wait too long for a commit. The batch itself stays on its way; commands
     * behind it were not decided and are dropped.
     */
    private boolean tellThoseWhoWaitTooLong() {
        Pending now = pending;
        OptionalLong deadline = nextDeadline();
        long at = ticker.getAsLong();
        if (now == null || deadline.isEmpty() || at - deadline.getAsLong() < 0) {
            return false;
        }
        String waits =
                "entry %d is not committed after %d s; waiting for %s"
                        .formatted(
                                now.lastIndex(),
                                TimeUnit.NANOSECONDS.toSeconds(LONGEST_COMMIT_NANOS),
                                gate.waitsFor(now.lastIndex()));
        OutcomeOpenException open =
                new OutcomeOpenException(waits + ". It may still happen; 'sluice status' tells");
        for (Item.Submitted asked : now.asked()) {
            if (isTooLong(asked, at)) {
                boolean _ = asked.answer().completeExceptionally(open);
            }
        }
        OutcomeOpenException dropped =
                new OutcomeOpenException("not decided, and dropped: " + waits);
        boolean _ =
                queue.removeIf(item ->
                        item instanceof Item.Submitted asked
                                && isTooLong(asked, at)
                                && asked.answer().completeExceptionally(dropped));
        return true;
    }

    private static boolean isTooLong(Item.Submitted asked, long at) {
        return at - asked.sinceNanos() >= LONGEST_COMMIT_NANOS;
    }

    /** Takes nothing more; for any thread. */
    public void refuse(Throwable why) {
        refusal = why;
    }

    /** Fails everybody who waits, and whoever comes later. Owner only. */
    public void stop(Throwable why) {
        if (stopped == null) {
            stopped = why;
            refusal = why;
        }
        inHand.forEach(item -> fail(item, why));
        inHand = List.of();
        Pending now = pending;
        if (now != null) {
            now.asked().forEach(item -> fail(item, why));
        }
        drainWith(why);
    }

    private void drainWith(Throwable why) {
        for (Item item = queue.poll(); item != null; item = queue.poll()) {
            fail(item, why);
        }
    }

    private static void fail(Item item, Throwable why) {
        boolean _ =
                switch (item) {
                    case Item.Submitted(var _, var _, var answer) ->
                            answer.completeExceptionally(why);
                    case Item.Replicated(var _, var _, var answer) ->
                            answer.completeExceptionally(why);
                    case Item.Task(var _, var answer) -> answer.completeExceptionally(why);
                };
    }
}
