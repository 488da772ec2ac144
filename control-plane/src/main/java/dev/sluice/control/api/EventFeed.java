package dev.sluice.control.api;

import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.journal.JournalCompactedException;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.PlanGraph;
import dev.sluice.control.state.Recorded;
import dev.sluice.control.state.Upgrade;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Recorded events for those who watch them: read from the journal at each watcher's own pace, so
 * that a stalled one costs no memory beyond the batch it is at.
 */
final class EventFeed implements AutoCloseable {

    /** Watchers at once; each holds a batch of entries. */
    static final int MAX_WATCHERS = 64;

    private static final int BATCH_BYTES = 256 << 10;

    private final Controller controller;
    private final EventCodec codec = new EventCodec();
    private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();
    private final Semaphore slots = new Semaphore(MAX_WATCHERS);
    private volatile boolean closing;

    EventFeed(Controller controller) {
        this.controller = controller;
        controller.subscribe((_, _) -> watchers.forEach(Watcher::wake));
    }

    /** Serves a watcher until it leaves or, unless it follows, has everything. */
    void watch(WatchEventsRequest request, ServerCallStreamObserver<WatchEventsResponse> observer) {
        if (closing || !slots.tryAcquire()) {
            observer.onError(
                    ApiErrors.exhausted(
                            "events",
                            "%d watchers are served already; try again when one has left"
                                    .formatted(MAX_WATCHERS)));
            return;
        }
        long from = request.getFromIndex();
        if (from < 0) {
            slots.release();
            observer.onError(
                    ApiErrors.invalid(
                            "from_index", "a place in the journal", Long.toUnsignedString(from)));
            return;
        }
        Watcher watcher =
                new Watcher(
                        observer, from <= 1 ? controller.firstIndex() : from, request.getFollow());
        observer.setOnReadyHandler(watcher::wake);
        observer.setOnCancelHandler(watcher::leave);
        watchers.add(watcher);
        Thread.ofVirtual().name("event-watcher").start(watcher);
    }

    private final class Watcher implements Runnable {
        private final ServerCallStreamObserver<WatchEventsResponse> observer;
        private final boolean follow;
        private final Semaphore changed = new Semaphore(0);
        private volatile boolean left;
        private long next;
        private @Nullable PlanId plan;
        private @Nullable PlanGraph graph;

        Watcher(ServerCallStreamObserver<WatchEventsResponse> observer, long next, boolean follow) {
            this.observer = observer;
            this.next = next;
            this.follow = follow;
        }

        void wake() {
            if (changed.availablePermits() == 0) {
                changed.release();
            }
        }

        void leave() {
            left = true;
            wake();
        }

        @Override
        public void run() {
            try {
                serve();
            } catch (JournalCompactedException e) {
                observer.onError(
                        ApiErrors.gone(
                                "from_index",
                                "%d or later".formatted(e.firstIndex()),
                                String.valueOf(next)));
            } catch (IOException | JournalCodecException | IllegalStateException e) {
                if (!left) {
                    observer.onError(ApiErrors.internal("WatchEvents", e));
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } finally {
                watchers.remove(this);
                slots.release();
            }
        }

        private void serve() throws IOException, InterruptedException {
            while (!left) {
                List<JournalEntry> entries =
                        next <= controller.state().index()
                                ? controller.read(next, BATCH_BYTES)
                                : List.of();
                for (JournalEntry entry : entries) {
                    if (!awaitReady()) {
                        return;
                    }
                    send(codec.decode(entry.index(), entry.payload()));
                    next = entry.index() + 1;
                }
                if (entries.isEmpty()) {
                    if (!follow) {
                        observer.onCompleted();
                        return;
                    }
                    changed.acquire();
                }
            }
        }

        private boolean awaitReady() throws InterruptedException {
            while (!left && !observer.isReady()) {
                changed.acquire();
            }
            return !left;
        }

        private void send(Recorded recorded) {
            observer.onNext(EventSummary.of(recorded, graphFor(recorded.event())));
        }

        /** The steps of the event's plan, from the event that brought them or the current state. */
        private @Nullable PlanGraph graphFor(Event event) {
            if (!(event instanceof Event.OfUpgrade ofUpgrade)) {
                return null;
            }
            if (event instanceof Event.UpgradePlanned planned) {
                plan = planned.plan();
                graph = new PlanGraph(planned.blueprint());
            } else if (!ofUpgrade.plan().equals(plan)) {
                plan = ofUpgrade.plan();
                graph = controller.state().upgrade(plan).map(Upgrade::graph).orElse(null);
            }
            return graph;
        }
    }

    @Override
    public void close() {
        closing = true;
        watchers.forEach(Watcher::leave);
    }
}
