package dev.sluice.transfer.pull;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.wire.PullRequest;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pull of one content, from one source at a time, until it is complete, the disk fails or it is
 * closed. What is here already is not pulled again. {@link SourceChoice} decides about sources; all
 * of it runs on the network's control thread, and each connection on a thread of its own.
 */
public final class ContentPull implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ContentPull.class);

    private final TransferNetwork network;
    private final Ticker ticker;
    private final Events events;
    private final RateLimit nodeLimit;
    private final RateLimit linkLimit;
    private final GrowingContent content;
    private final ScheduledExecutorService control;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    // Of the control thread.
    private final SourceChoice choice;
    private final Map<SourceId, Source> sources = new HashMap<>();
    private @Nullable PullAttempt attempt;
    private @Nullable Future<?> look;
    private boolean ended;
    private boolean wasHeld;

    private volatile Status status;

    /**
     * Is told what happens, by the thread to which it happens: several may tell at the same time.
     * Must be quick.
     */
    public interface Events {

        /** Bytes of the content came from a node; some of them may be of no use later. */
        void received(String node, long bytes);

        /** Bytes that are verified and on disk now. */
        void verified(long bytes);

        /** The source or a failure changed. */
        void changed(Status status);
    }

    /**
     * What a pull is doing.
     *
     * @param source empty while none is pulled from
     * @param failures how the sources failed last, by source
     */
    public record Status(Optional<SourceId> source, SortedMap<SourceId, SourceFailure> failures) {
        public Status {
            failures = new TreeMap<>(failures);
        }
    }

    /**
     * What is to be pulled.
     *
     * @param directory where the part file is, or will be
     * @param sources best first
     */
    public record Order(Path directory, PackageContent content, List<Source> sources) {
        public Order {
            sources = List.copyOf(sources);
        }
    }

    /**
     * What the pulls of a process share.
     *
     * @param nodeLimit of everything that this node receives
     */
    public record Means(
            TransferNetwork network,
            DiskSpace disk,
            RateLimit nodeLimit,
            PullTiming timing,
            Ticker ticker) {}

    private ContentPull(Order order, Means means, Events events) throws IOException {
        this.network = means.network();
        this.ticker = means.ticker();
        this.nodeLimit = means.nodeLimit();
        this.linkLimit = new RateLimit(0, ticker);
        this.events = events;
        this.control = network.control();
        this.content =
                GrowingContent.open(
                        order.directory(), order.content(), means.disk(), new Keeping());
        this.choice =
                new SourceChoice(
                        order.sources().stream().map(Source::id).toList(),
                        content.verified(),
                        means.timing());
        this.status = new Status(Optional.empty(), new TreeMap<>());
        remember(order.sources());
    }

    /**
     * Begins to pull. Reads what is on disk, so it may take a while.
     *
     * @throws dev.sluice.transfer.store.DiskFullException when the content does not fit
     */
    public static ContentPull start(Order order, Means means, Events events) throws IOException {
        ContentPull pull = new ContentPull(order, means, events);
        pull.control.execute(pull::step);
        return pull;
    }

    /** The content as far as it is here, to be served to others. */
    public GrowingContent content() {
        return content;
    }

    /** Done when everything is verified and durable; fails when the disk does. */
    public CompletableFuture<Void> done() {
        return done.copy();
    }

    public Status status() {
        return status;
    }

    /** Other sources; the one that is pulled from stays when it is among them. */
    public void sources(List<Source> next) {
        inOrder(() -> {
            remember(next);
            choice.sources(next.stream().map(Source::id).toList());
            limitLink();
            askForMore();
            step();
        });
    }

    /** A source that was asked to send more slowly than it may now is asked anew. */
    private void askForMore() {
        PullAttempt running = attempt;
        Source source = running == null ? null : sources.get(running.source().id());
        if (running == null || source == null) {
            return;
        }
        long asked = running.bytesPerSecond();
        long allowed = strictest(source);
        if (asked != 0 && (allowed == 0 || allowed > asked)) {
            leave();
            choice.again(ticker.millis());
            content.whenSettled(() -> inOrder(() -> connect(source.id())));
        }
    }

    private void remember(List<Source> next) {
        sources.clear();
        next.forEach(source -> sources.putIfAbsent(source.id(), source));
    }

    /** Asks what to do, does it, and looks again when something else may be to be done. */
    private void step() {
        act();
        lookLater();
    }

    private void act() {
        if (isOver()) {
            return;
        }
        PullAttempt running = attempt;
        if (running != null) {
            listen(running);
        }
        switch (choice.next(ticker.millis())) {
            case SourceChoice.Move.Stay _ -> {}
            case SourceChoice.Move.PullFrom(var source) -> {
                leave();
                content.whenSettled(() -> inOrder(() -> connect(source)));
                tell();
            }
            case SourceChoice.Move.WaitUntil _ -> {
                if (attempt != null) {
                    leave();
                    tell();
                }
            }
        }
    }

    private void lookLater() {
        if (look != null) {
            look.cancel(false);
        }
        long now = ticker.millis();
        long at = choice.lookAt(now);
        if (!isOver() && at != SourceChoice.NEVER) {
            look = control.schedule(this::step, Math.max(1, at - now), TimeUnit.MILLISECONDS);
        }
    }

    private boolean isOver() {
        return ended || content.verified() == content.content().size();
    }

    private void listen(PullAttempt running) {
        boolean held = running.isHeld();
        if (held || wasHeld) {
            choice.held(ticker.millis(), held);
        }
        wasHeld = held;
        if (running.heardAt() > 0) {
            choice.reached(running.heardAt(), running.reached());
        }
    }

    private void tell() {
        status = new Status(choice.current(), choice.failures());
        events.changed(status);
    }

    private void leave() {
        PullAttempt running = attempt;
        if (running != null) {
            attempt = null;
            running.close();
        }
        content.endFeed();
    }

    private void connect(SourceId id) {
        Source source = sources.get(id);
        boolean stale = !choice.current().equals(Optional.of(id)) || attempt != null;
        if (ended || stale || source == null) {
            return;
        }
        linkLimit.set(source.linkBytesPerSecond());
        GrowingContent.Feed feed = content.beginFeed();
        PullRequest request =
                new PullRequest(
                        content.content().sha256(),
                        feed.offset(),
                        strictest(source),
                        !content.hasTable());
        PullAttempt next = new PullAttempt(this, source, request, feed);
        attempt = next;
        Thread.ofPlatform()
                .name("transfer-pull-" + content.content().sha256().hex().substring(0, 8))
                .daemon()
                .start(next);
    }

    TransferNetwork network() {
        return network;
    }

    long now() {
        return ticker.millis();
    }

    private long strictest(Source source) {
        long node = nodeLimit.bytesPerSecond();
        long link = source.linkBytesPerSecond();
        return node == 0 || link == 0 ? Math.max(node, link) : Math.min(node, link);
    }

    private void limitLink() {
        choice.current()
                .map(sources::get)
                .ifPresent(source -> linkLimit.set(source.linkBytesPerSecond()));
    }

    private void inOrder(Runnable action) {
        try {
            control.execute(action);
        } catch (RejectedExecutionException e) {
            done.completeExceptionally(new IOException("the transfers of this process ended", e));
        }
    }

    // What an attempt tells, by its thread. One that was left is not listened to.

    private boolean isPresent(PullAttempt from) {
        return !ended && attempt == from;
    }

    void connected(PullAttempt from) {
        inOrder(() -> {
            if (isPresent(from)) {
                choice.connected(ticker.millis());
                lookLater();
                LOG.info(
                        "content {}: pulling from {} at offset {}",
                        content.content().sha256(),
                        from.source().id(),
                        from.offset());
            }
        });
    }

    void offers(PullAttempt from, long upTo) {
        inOrder(() -> {
            if (isPresent(from)) {
                choice.offers(ticker.millis(), upTo);
            }
        });
    }

    /**
     * Bytes came, and were put into the content.
     *
     * @return nanoseconds to pause, as the limits demand
     */
    long received(PullAttempt from, int bytes) {
        events.received(from.source().node(), bytes);
        return Math.max(nodeLimit.take(bytes), linkLimit.take(bytes));
    }

    /** How many bytes to take at once, so that others that share a limit get their part. */
    int atOnce(int most) {
        return nodeLimit.atOnce(linkLimit.atOnce(most));
    }

    /** Nanoseconds until nothing is owed to the limits any more. */
    long debt() {
        return Math.max(nodeLimit.debt(), linkLimit.debt());
    }

    void failed(PullAttempt from, SourceFailure.Kind kind, String detail) {
        inOrder(() -> failedNow(from, kind, detail));
    }

    private void failedNow(PullAttempt from, SourceFailure.Kind kind, String detail) {
        if (!isPresent(from)) {
            return;
        }
        LOG.warn("content {}: {}: {}", content.content().sha256(), from.source().id(), detail);
        choice.failed(ticker.millis(), kind, detail);
        leave();
        tell();
        step();
    }

    /** The keeper's word. */
    private final class Keeping implements GrowingContent.Owner {

        @Override
        public void tableVerified() {}

        @Override
        public void wrongTable(String reason) {
            inOrder(() -> blame(reason));
        }

        @Override
        public void wrongLeaf(long offset) {
            inOrder(() -> blame("the leaf at %d is not what the manifest says".formatted(offset)));
        }

        @Override
        public void advanced(long offset) {
            events.verified(offset);
        }

        @Override
        public void failed(IOException failure) {
            inOrder(() -> end(failure));
        }

        @Override
        public void complete() {
            inOrder(() -> {
                events.verified(content.verified());
                end(null);
            });
        }
    }

    /** Whoever is present sent the wrong bytes: sources change only when all is judged. */
    private void blame(String reason) {
        PullAttempt present = attempt;
        if (present != null) {
            failedNow(present, SourceFailure.Kind.WRONG_BYTES, reason);
        }
    }

    private void end(@Nullable IOException failure) {
        if (ended) {
            return;
        }
        ended = true;
        leave();
        if (look != null) {
            look.cancel(false);
        }
        if (failure == null) {
            done.complete(null);
        } else {
            done.completeExceptionally(failure);
        }
    }

    GrowingContent target() {
        return content;
    }

    /**
     * Ends the pull; what is verified stays on disk, durable once {@link GrowingContent#closed} is
     * done. Readers of the content go on until they close.
     */
    @Override
    public void close() {
        inOrder(() -> end(new IOException("the pull was ended")));
        content.close();
    }
}
