package dev.sluice.transfer.pull;

import dev.sluice.transfer.store.GrowingSpan;
import dev.sluice.transfer.wire.PullRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pull of one span, from one source at a time. {@link SourceChoice} decides about sources; all
 * of it runs on the network's control thread, and each connection on a thread of its own.
 */
final class SpanPull {

    private static final Logger LOG = LoggerFactory.getLogger(SpanPull.class);

    private final ContentPull pull;
    private final GrowingSpan span;
    private final SourceChoice choice;
    private final Map<SourceId, Source> sources = new HashMap<>();
    private @Nullable PullAttempt attempt;
    private @Nullable Future<?> look;
    private boolean ended;
    private boolean wasHeld;

    SpanPull(ContentPull pull, GrowingSpan span, List<Source> sources, PullTiming timing) {
        this.pull = pull;
        this.span = span;
        this.choice =
                new SourceChoice(
                        sources.stream().map(Source::id).toList(),
                        span.verified(),
                        pull.network().self(),
                        timing);
        remember(sources);
    }

    ContentPull pull() {
        return pull;
    }

    GrowingSpan span() {
        return span;
    }

    Optional<SourceId> source() {
        return choice.current();
    }

    SortedMap<SourceId, SourceFailure> failures() {
        return choice.failures();
    }

    /** The limit of the link to the present source; 0: none. */
    long linkBytesPerSecond() {
        return choice.current().map(sources::get).map(Source::linkBytesPerSecond).orElse(0L);
    }

    /** Whether there is nothing more to pull. */
    boolean isOver() {
        return ended || span.isComplete();
    }

    void sources(List<Source> next) {
        remember(next);
        choice.sources(next.stream().map(Source::id).toList());
    }

    /** A source that was asked to send more slowly than it may now is asked anew. */
    void askForMore() {
        PullAttempt running = attempt;
        Source source = running == null ? null : sources.get(running.source().id());
        if (running == null || source == null || isOver()) {
            return;
        }
        long asked = running.bytesPerSecond();
        long allowed = pull.rateFrom(source);
        if (asked != 0 && (allowed == 0 || allowed > asked)) {
            leave();
            choice.again(pull.now());
            span.whenSettled(() -> pull.inOrder(() -> connect(source.id())));
        }
    }

    private void remember(List<Source> next) {
        sources.clear();
        next.forEach(source -> sources.putIfAbsent(source.id(), source));
    }

    /** Asks what to do, does it, and looks again when something else may be to be done. */
    void step() {
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
        switch (choice.next(pull.now())) {
            case SourceChoice.Move.Stay _ -> {}
            case SourceChoice.Move.PullFrom(var source) -> {
                leave();
                span.whenSettled(() -> pull.inOrder(() -> connect(source)));
                pull.tell();
            }
            case SourceChoice.Move.WaitUntil _ -> {
                if (attempt != null) {
                    leave();
                    pull.tell();
                }
            }
        }
    }

    private void lookLater() {
        cancelLook();
        long now = pull.now();
        long at = choice.lookAt(now);
        if (!isOver() && at != SourceChoice.NEVER) {
            look =
                    pull.control()
                            .schedule(this::step, Math.max(1, at - now), TimeUnit.MILLISECONDS);
        }
    }

    private void cancelLook() {
        if (look != null) {
            look.cancel(false);
        }
    }

    private void listen(PullAttempt running) {
        boolean held = running.isHeld();
        if (held || wasHeld) {
            choice.held(pull.now(), held);
        }
        wasHeld = held;
        if (running.heardAt() > 0) {
            choice.reached(running.heardAt(), running.reached());
        }
    }

    private void leave() {
        PullAttempt running = attempt;
        if (running != null) {
            attempt = null;
            running.close();
        }
        span.endFeed();
    }

    private void connect(SourceId id) {
        Source source = sources.get(id);
        boolean stale = !choice.current().equals(Optional.of(id)) || attempt != null;
        if (isOver() || stale || source == null) {
            return;
        }
        pull.limitLink();
        GrowingSpan.Feed feed = span.beginFeed();
        PullRequest request =
                new PullRequest(
                        pull.content().content().sha256(),
                        feed.offset(),
                        span.span().end(),
                        pull.rateFrom(source),
                        !pull.content().hasTable());
        PullAttempt next = new PullAttempt(this, source, request, feed);
        attempt = next;
        Thread.ofPlatform()
                .name("transfer-pull-" + pull.content().content().sha256().hex().substring(0, 8))
                .daemon()
                .start(next);
    }

    // What an attempt tells, by its thread. One that was left is not listened to.

    private boolean isPresent(PullAttempt from) {
        return !ended && attempt == from;
    }

    void connected(PullAttempt from) {
        pull.inOrder(() -> {
            if (isPresent(from)) {
                choice.connected(pull.now());
                lookLater();
                LOG.info(
                        "content {}: pulling from {} at offset {}",
                        pull.content().content().sha256(),
                        from.source().id(),
                        from.offset());
            }
        });
    }

    void offers(PullAttempt from, long upTo) {
        pull.inOrder(() -> {
            if (isPresent(from)) {
                choice.offers(pull.now(), upTo);
            }
        });
    }

    void failed(PullAttempt from, SourceFailure.Kind kind, String detail) {
        pull.inOrder(() -> failedNow(from, kind, detail));
    }

    private void failedNow(PullAttempt from, SourceFailure.Kind kind, String detail) {
        if (!isPresent(from)) {
            return;
        }
        LOG.warn(
                "content {}: {}: {}",
                pull.content().content().sha256(),
                from.source().id(),
                detail);
        choice.failed(pull.now(), kind, detail);
        leave();
        pull.tell();
        step();
    }

    /** Whoever is present sent the wrong bytes: sources change only when all is judged. */
    void blame(String reason) {
        PullAttempt present = attempt;
        if (present != null) {
            failedNow(present, SourceFailure.Kind.WRONG_BYTES, reason);
        }
    }

    /** Nothing more is pulled. */
    void end() {
        ended = true;
        leave();
        cancelLook();
    }
}
