package dev.sluice.transfer.pull;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which of its sources a puller pulls from. The order of the list is the preference: the parent
 * first. A source that fails is left at once for the best that may be tried, and rests for a
 * back-off that doubles; after a while on a fallback the better one is tried again.
 *
 * <p>No I/O and no clock: every call says what time it is, in milliseconds that only grow. Events
 * are told, then {@link #next} says what to do. For one thread.
 */
public final class SourceChoice {

    /** Sources of one content at most; more are not looked at. */
    static final int MAX_SOURCES = 16;

    /** There is no time at which to look again: only another list changes anything. */
    static final long NEVER = Long.MAX_VALUE;

    /** What a source said of itself counts for this long. */
    private static final long KNOWN_MILLIS = 10_000;

    private final PullTiming timing;
    private final String self;
    private final Map<SourceId, Standing> standings = new HashMap<>();
    private List<SourceId> order;
    private @Nullable Running running;
    private long offset;

    /** What to do. */
    public sealed interface Move {
        /** Go on with what is done now. */
        record Stay() implements Move {}

        /** Leave the present source, if there is one, and pull from this one. */
        record PullFrom(SourceId source) implements Move {}

        /** There is none to pull from until then; a present one is to be left. */
        record WaitUntil(long millis) implements Move {}
    }

    /** What is remembered of a source. */
    private static final class Standing {
        private int failures;
        private long restsUntil = Long.MIN_VALUE;
        private long offers = -1;
        private long offersAt;
        private @Nullable SourceFailure lastFailure;
    }

    /** The attempt that is under way. */
    private static final class Running {
        private final SourceId source;
        private final long since;
        private boolean connected;
        private boolean held;
        private long heardAt;
        private long progressAt;

        Running(SourceId source, long now) {
            this.source = source;
            this.since = now;
            this.heardAt = now;
            this.progressAt = now;
        }
    }

    /**
     * A choice among sources.
     *
     * @param offset the bytes that are here already
     * @param self the puller's own id: a source that has it too, its node's master, is on this
     *     machine
     */
    public SourceChoice(List<SourceId> sources, long offset, String self, PullTiming timing) {
        this.timing = timing;
        this.self = self;
        this.offset = offset;
        this.order = bounded(sources);
    }

    private static List<SourceId> bounded(List<SourceId> sources) {
        return sources.stream().distinct().limit(MAX_SOURCES).toList();
    }

    /** Another list; a present source that is still named is kept. */
    public void sources(List<SourceId> sources) {
        order = bounded(sources);
        standings.keySet().retainAll(order);
    }

    /** The source that is pulled from. */
    public Optional<SourceId> current() {
        return Optional.ofNullable(running).map(now -> now.source);
    }

    /** How the sources failed that did, each last. */
    public SortedMap<SourceId, SourceFailure> failures() {
        SortedMap<SourceId, SourceFailure> failures = new TreeMap<>();
        standings.forEach((source, standing) -> {
            if (standing.lastFailure != null) {
                failures.put(source, standing.lastFailure);
            }
        });
        return Collections.unmodifiableSortedMap(failures);
    }

    /** The present source is asked anew, on another connection. */
    public void again(long now) {
        if (running != null) {
            running = new Running(running.source, now);
        }
    }

    /** The present source is connected, and who it should be. */
    public void connected(long now) {
        if (running != null) {
            running.connected = true;
            running.heardAt = now;
            running.progressAt = now;
        }
    }

    /** Something came from the present source. */
    public void heard(long now) {
        if (running != null) {
            running.heardAt = now;
        }
    }

    /** The present source says up to where it has the content. */
    public void offers(long now, long upTo) {
        if (running != null) {
            running.heardAt = now;
            Standing standing = standing(running.source);
            standing.offers = upTo;
            standing.offersAt = now;
        }
    }

    /** Bytes came; what is not further than ever before is no progress. */
    public void reached(long now, long upTo) {
        if (running == null) {
            return;
        }
        running.heardAt = now;
        if (upTo > offset) {
            offset = upTo;
            running.progressAt = now;
        }
    }

    /** Whether the puller itself does not read: then the source's silence is no fault. */
    public void held(long now, boolean held) {
        if (running != null) {
            running.held = held;
            running.heardAt = now;
            running.progressAt = now;
        }
    }

    /** The present source failed. */
    public void failed(long now, SourceFailure.Kind kind, String detail) {
        if (running != null) {
            fail(now, running, new SourceFailure(kind, detail, now));
        }
    }

    /** What to do now; to be asked after each event, and at {@link #lookAt}. */
    public Move next(long now) {
        if (running != null) {
            judge(now, running);
        }
        if (running != null) {
            return better(now, running)
                    .<Move>map(source -> begin(now, source))
                    .orElseGet(Move.Stay::new);
        }
        return best(now)
                .<Move>map(source -> begin(now, source))
                .orElseGet(() -> new Move.WaitUntil(shortestRest()));
    }

    /**
     * When to ask again if nothing is told before; a present source is always asked about.
     *
     * @return {@link #NEVER} when there are no sources
     */
    public long lookAt(long now) {
        if (running == null) {
            return shortestRest();
        }
        if (!running.connected) {
            return running.since + timing.connect() + 1;
        }
        return (running.held ? now : running.heardAt) + silenceOf(running.source) + 1;
    }

    private Move begin(long now, SourceId source) {
        running = new Running(source, now);
        return new Move.PullFrom(source);
    }

    /** Ends the attempt if it failed by its silence, or if its source is not named any more. */
    private void judge(long now, Running attempt) {
        if (!order.contains(attempt.source)) {
            running = null;
            return;
        }
        if (attempt.held) {
            return;
        }
        if (!attempt.connected && now - attempt.since > timing.connect()) {
            fail(
                    now,
                    attempt,
                    SourceFailure.Kind.UNREACHABLE,
                    now - attempt.since,
                    "no connection");
        } else if (attempt.connected && now - attempt.heardAt > silenceOf(attempt.source)) {
            fail(now, attempt, SourceFailure.Kind.SILENT, now - attempt.heardAt, "nothing came");
        } else if (attempt.connected && isStalled(now, attempt)) {
            fail(now, attempt, SourceFailure.Kind.STALLED, now - attempt.progressAt, "nothing new");
        } else if (now - attempt.since > timing.recovered()
                && now - attempt.progressAt <= timing.stall()) {
            standing(attempt.source).failures = 0;
        }
    }

    /** No network lies before a source on this machine: while it is silent it waits its turn. */
    private long silenceOf(SourceId source) {
        return source.node().equals(self) ? timing.localSilence() : timing.silence();
    }

    private boolean isStalled(long now, Running attempt) {
        long idle = now - attempt.progressAt;
        if (idle <= timing.stall()) {
            return false;
        }
        boolean otherHasMore =
                order.stream()
                        .filter(source -> !source.equals(attempt.source) && isRested(now, source))
                        .anyMatch(source -> known(now, source) > offset);
        boolean otherMayHaveMore =
                order.stream()
                        .filter(source -> !source.equals(attempt.source) && isRested(now, source))
                        .anyMatch(source -> known(now, source) < 0);
        return otherHasMore || (otherMayHaveMore && idle > timing.ask());
    }

    /** A source that stands before the present one in the list and may be tried again. */
    private Optional<SourceId> better(long now, Running attempt) {
        if (now - attempt.since < timing.returnAfter() || attempt.held) {
            return Optional.empty();
        }
        return order.subList(0, order.indexOf(attempt.source)).stream()
                .filter(source -> isRested(now, source) && hasMaybeMore(now, source))
                .findFirst();
    }

    private Optional<SourceId> best(long now) {
        return order.stream()
                .filter(source -> isRested(now, source) && hasMaybeMore(now, source))
                .findFirst()
                .or(() -> order.stream().filter(source -> isRested(now, source)).findFirst());
    }

    private boolean hasMaybeMore(long now, SourceId source) {
        long known = known(now, source);
        return known < 0 || known > offset;
    }

    /** What a source said lately that it has; -1: nothing is known. */
    private long known(long now, SourceId source) {
        Standing standing = standings.get(source);
        return standing == null || standing.offers < 0 || now - standing.offersAt > KNOWN_MILLIS
                ? -1
                : standing.offers;
    }

    private boolean isRested(long now, SourceId source) {
        Standing standing = standings.get(source);
        return standing == null || standing.restsUntil <= now;
    }

    private long shortestRest() {
        return order.stream().mapToLong(source -> standing(source).restsUntil).min().orElse(NEVER);
    }

    private void fail(
            long now, Running attempt, SourceFailure.Kind kind, long millis, String what) {
        fail(now, attempt, new SourceFailure(kind, what + " for " + millis + " ms", now));
    }

    private void fail(long now, Running attempt, SourceFailure failure) {
        Standing standing = standing(attempt.source);
        long rest = timing.firstBackOff() << Math.min(standing.failures, 20);
        standing.failures++;
        standing.restsUntil = now + Math.min(rest, timing.maxBackOff());
        standing.lastFailure = failure;
        running = null;
    }

    private Standing standing(SourceId source) {
        return standings.computeIfAbsent(source, _ -> new Standing());
    }
}
