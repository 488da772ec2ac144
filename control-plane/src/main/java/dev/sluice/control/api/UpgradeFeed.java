package dev.sluice.control.api;

import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.WatchUpgradeResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The current upgrade for those who watch it. One view is made for all of them; who is slow skips
 * views and gets the newest when it can take one. Owned by one thread, which calls {@link #tick}
 * five times a second.
 */
final class UpgradeFeed {

    /** Watchers at once. */
    static final int MAX_WATCHERS = 64;

    /**
     * Ticks after which a view is made though nothing was recorded: sessions change by themselves.
     */
    static final int TICKS_PER_VIEW = 5;

    private final Supplier<WatchUpgradeResponse> view;
    private final LongSupplier index;
    private final List<Watcher> watchers = new ArrayList<>();
    private WatchUpgradeResponse latest = WatchUpgradeResponse.getDefaultInstance();
    private long views;
    private long latestIndex = -1;
    private int ticks;

    private static final class Watcher {
        private final ServerCallStreamObserver<WatchUpgradeResponse> observer;
        private long sent;

        Watcher(ServerCallStreamObserver<WatchUpgradeResponse> observer) {
            this.observer = observer;
        }
    }

    /**
     * A feed.
     *
     * @param view makes a view of now
     * @param index of the last event, which tells when something was recorded
     */
    UpgradeFeed(Supplier<WatchUpgradeResponse> view, LongSupplier index) {
        this.view = view;
        this.index = index;
    }

    /** Takes a watcher in and sends it the upgrade as it is. */
    void add(ServerCallStreamObserver<WatchUpgradeResponse> observer) {
        watchers.removeIf(watcher -> watcher.observer.isCancelled());
        if (watchers.size() >= MAX_WATCHERS) {
            observer.onError(
                    ApiErrors.exhausted(
                            "upgrade",
                            "%d watchers are served already; try again when one has left"
                                    .formatted(MAX_WATCHERS)));
            return;
        }
        watchers.add(new Watcher(observer));
        look();
        send();
    }

    /** Makes a view when it is time, and gives it to all who can take it. */
    void tick() {
        watchers.removeIf(watcher -> watcher.observer.isCancelled());
        if (watchers.isEmpty()) {
            return;
        }
        if (++ticks >= TICKS_PER_VIEW || index.getAsLong() != latestIndex) {
            look();
        }
        send();
    }

    private void look() {
        latestIndex = index.getAsLong();
        latest = view.get();
        views++;
        ticks = 0;
    }

    private void send() {
        boolean last = hasEnded(latest);
        watchers.removeIf(watcher -> watcher.observer.isReady() && send(watcher, last));
    }

    /** Sends what the watcher has not got yet; whether that was the last. */
    private boolean send(Watcher watcher, boolean last) {
        if (watcher.sent != views) {
            watcher.sent = views;
            watcher.observer.onNext(latest);
        }
        if (last) {
            watcher.observer.onCompleted();
        }
        return last;
    }

    /** Nothing can follow; without a plan's id there is nothing to watch. */
    private static boolean hasEnded(WatchUpgradeResponse view) {
        UpgradeState state = view.getSummary().getState();
        return view.getSummary().getPlanId().isEmpty()
                || state == UpgradeState.UPGRADE_STATE_COMPLETED
                || state == UpgradeState.UPGRADE_STATE_ABORTED;
    }

    /** Ends all watches with an error. */
    void fail(RuntimeException error) {
        watchers.forEach(watcher -> watcher.observer.onError(error));
        watchers.clear();
    }
}
