package dev.sluice.agent.stage;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.v1.StagePackage;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A package that is being staged, and its order as it was told last. An order that names another
 * way ends the present pull; one that names other sources is passed on to it.
 */
final class Staging {

    private final Manifest manifest;
    private final Function<StagePackage, Way> chosen;

    // Guarded by this.
    private StagePackage order;
    private Way way;
    private CompletableFuture<Void> otherWay = new CompletableFuture<>();
    private @Nullable ContentPull pull;
    private volatile @Nullable PullWatch watch;

    /**
     * @param chosen the way that an order leads to now
     */
    Staging(Manifest manifest, StagePackage order, Function<StagePackage, Way> chosen) {
        this.manifest = manifest;
        this.order = order;
        this.chosen = chosen;
        this.way = chosen.apply(order);
    }

    Manifest manifest() {
        return manifest;
    }

    /** Chooses the way by the order of now, for the next pull. */
    synchronized Way begin() {
        way = chosen.apply(order);
        otherWay = new CompletableFuture<>();
        pull = null;
        return way;
    }

    /** A pull began on the way; sources that were told meanwhile are passed on. */
    synchronized void pulls(ContentPull begun, PullWatch events) {
        pull = begun;
        watch = events;
        follow();
    }

    /** Nothing is pulled now. */
    synchronized void pullEnded() {
        pull = null;
        watch = null;
    }

    synchronized void update(StagePackage next) {
        order = next;
        follow();
    }

    private void follow() {
        Way now = chosen.apply(order);
        if (!Way.same(now, way)) {
            otherWay.complete(null);
        } else if (pull != null) {
            way = now;
            pull.sources(now.sources());
        }
    }

    /** Done when the order leads another way than the one that was begun. */
    synchronized CompletableFuture<Void> otherWay() {
        return otherWay;
    }

    Optional<PullWatch> watch() {
        return Optional.ofNullable(watch);
    }
}
