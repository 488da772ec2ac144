package dev.sluice.transfer.pull;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.GrowingSpan;
import dev.sluice.transfer.store.Span;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BinaryOperator;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pull of one content, each of its spans from one source at a time, until it is complete, the
 * disk fails or it is closed. What is here already is not pulled again.
 */
public final class ContentPull implements AutoCloseable {

    private final TransferNetwork network;
    private final Ticker ticker;
    private final Events events;
    private final RateLimit nodeLimit;
    private final RateLimit linkLimit;
    private final GrowingContent content;
    private final ScheduledExecutorService control;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    // Of the control thread.
    private final List<SpanPull> spans = new ArrayList<>();
    private boolean ended;

    private volatile Status status;

    /**
     * Is told what happens, by the thread to which it happens: several may tell at the same time.
     * Must be quick.
     */
    public interface Events {

        /**
         * Who is told how many bytes of the content come from a node; some of them may be of no use
         * later.
         */
        LongConsumer received(String node);

        /** Bytes that are verified and on disk now. */
        void verified(long bytes);

        /** The source or a failure changed. */
        void changed(Status status);
    }

    /**
     * What a pull is doing.
     *
     * @param sources from which each span is pulled, in the spans' order; empty while none is
     * @param failures how the sources failed last, by source
     */
    public record Status(
            List<Optional<SourceId>> sources, SortedMap<SourceId, SourceFailure> failures) {

        /** Of a pull that has not begun. */
        public static final Status NONE = new Status(List.of(), new TreeMap<>());

        public Status {
            sources = List.copyOf(sources);
            failures = new TreeMap<>(failures);
        }

        /** Whether any span is pulled from a source. */
        public boolean hasSource() {
            return sources.stream().anyMatch(Optional::isPresent);
        }

        /** How the sources failed last, in words. */
        public String reasons() {
            return failures.isEmpty()
                    ? "no source gave anything new"
                    : failures.entrySet().stream()
                            .map(failed ->
                                    "%s: %s: %s"
                                            .formatted(
                                                    failed.getKey(),
                                                    failed.getValue().kind(),
                                                    failed.getValue().detail()))
                            .collect(Collectors.joining("; "));
        }
    }

    /**
     * What is to be pulled.
     *
     * @param directory where the part file is, or will be
     */
    public record Order(Path directory, PackageContent content, Sources sources) {}

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
                        order.directory(),
                        order.content(),
                        order.sources().inHalves()
                                ? Span.halves(order.content())
                                : Span.whole(order.content()),
                        means.disk(),
                        new Keeping());
        for (GrowingSpan span : content.spans()) {
            List<Source> from = order.sources().of(spans.size());
            spans.add(new SpanPull(this, span, from, means.timing()));
        }
        this.status = Status.NONE;
    }

    /**
     * Begins to pull. Reads what is on disk, so it may take a while.
     *
     * @throws dev.sluice.transfer.store.DiskFullException when the content does not fit
     */
    public static ContentPull start(Order order, Means means, Events events) throws IOException {
        ContentPull pull = new ContentPull(order, means, events);
        pull.control.execute(() -> pull.spans.forEach(SpanPull::step));
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

    /**
     * Other sources; those that are pulled from stay when they are among them. In halves or not was
     * decided by the order.
     */
    public void sources(Sources next) {
        inOrder(() -> {
            for (int i = 0; i < spans.size(); i++) {
                spans.get(i).sources(next.of(i));
            }
            limitLink();
            spans.forEach(SpanPull::askForMore);
            spans.forEach(SpanPull::step);
        });
    }

    void tell() {
        SortedMap<SourceId, SourceFailure> failures = new TreeMap<>();
        for (SpanPull span : spans) {
            span.failures()
                    .forEach((source, failure) ->
                            failures.merge(
                                    source,
                                    failure,
                                    BinaryOperator.maxBy(
                                            Comparator.comparingLong(SourceFailure::atMillis))));
        }
        status = new Status(spans.stream().map(SpanPull::source).toList(), failures);
        events.changed(status);
    }

    ScheduledExecutorService control() {
        return control;
    }

    TransferNetwork network() {
        return network;
    }

    long now() {
        return ticker.millis();
    }

    /**
     * The rate to ask a source for: of what limits the node or the link, each span that is pulled
     * has an equal part.
     */
    long rateFrom(Source source) {
        long node = nodeLimit.bytesPerSecond();
        long link = source.linkBytesPerSecond();
        long strictest = node == 0 || link == 0 ? Math.max(node, link) : Math.min(node, link);
        long pulled = spans.stream().filter(span -> !span.isOver()).count();
        return strictest == 0 ? 0 : Math.max(1, strictest / Math.max(1, pulled));
    }

    /** The link is limited as its strictest source says; spans that cross none are not. */
    void limitLink() {
        linkLimit.set(
                spans.stream()
                        .filter(span -> !span.isOver())
                        .mapToLong(SpanPull::linkBytesPerSecond)
                        .filter(rate -> rate > 0)
                        .min()
                        .orElse(0));
    }

    void inOrder(Runnable action) {
        try {
            control.execute(action);
        } catch (RejectedExecutionException e) {
            done.completeExceptionally(new IOException("the transfers of this process ended", e));
        }
    }

    // What an attempt asks, by its thread.

    /** Who is told how many bytes come from a source. */
    LongConsumer receivedFrom(Source source) {
        return events.received(source.node());
    }

    /**
     * Bytes came, and were put into the content.
     *
     * @return nanoseconds to pause, as the limits demand
     */
    long owed(PullAttempt from, int bytes) {
        long node = nodeLimit.take(bytes);
        return crosses(from) ? Math.max(node, linkLimit.take(bytes)) : node;
    }

    /** How many bytes to take at once, so that others that share a limit get their part. */
    int atOnce(PullAttempt from, int most) {
        return nodeLimit.atOnce(crosses(from) ? linkLimit.atOnce(most) : most);
    }

    /** Nanoseconds until nothing is owed to the limits any more. */
    long debt(PullAttempt from) {
        return crosses(from) ? Math.max(nodeLimit.debt(), linkLimit.debt()) : nodeLimit.debt();
    }

    private static boolean crosses(PullAttempt from) {
        return from.source().linkBytesPerSecond() > 0;
    }

    /** The keeper's word. */
    private final class Keeping implements GrowingContent.Owner {

        @Override
        public void tableVerified() {}

        @Override
        public void wrongTable(GrowingSpan from, String reason) {
            inOrder(() -> of(from).blame(reason));
        }

        @Override
        public void wrongLeaf(GrowingSpan span, long offset) {
            inOrder(() ->
                    of(span).blame(
                                    "the leaf at %d is not what the manifest says"
                                            .formatted(offset)));
        }

        @Override
        public void advanced(long bytes) {
            events.verified(bytes);
        }

        @Override
        public void spanComplete(GrowingSpan span) {
            inOrder(() -> {
                of(span).end();
                limitLink();
                spans.forEach(SpanPull::askForMore);
            });
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

    private SpanPull of(GrowingSpan span) {
        return spans.get(content.spans().indexOf(span));
    }

    private void end(@Nullable IOException failure) {
        if (ended) {
            return;
        }
        ended = true;
        spans.forEach(SpanPull::end);
        if (failure == null) {
            done.complete(null);
        } else {
            done.completeExceptionally(failure);
        }
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
