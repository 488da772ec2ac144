package dev.sluice.control;

import dev.sluice.control.api.Masters;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.state.ForcedPromotion;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** The masters of a release that elects nobody: the office moves by the journal alone. */
final class WithoutElection implements Masters {

    private static final String NOBODY = "this control plane takes part in no election";

    private final Controller controller;

    WithoutElection(Controller controller) {
        this.controller = controller;
    }

    @Override
    public Standing standing() {
        return new Standing(
                controller.isInOffice() ? Kind.PRIMARY : Kind.FOLLOWER,
                NOBODY,
                null,
                controller.ballot(),
                new TreeMap<>(),
                new StoreId("none"),
                null,
                null,
                new TreeMap<>());
    }

    @Override
    public void promote() {}

    @Override
    public CompletableFuture<String> force(
            int generation, SortedSet<Witness> witnesses, ForcedPromotion certificate) {
        return CompletableFuture.completedFuture(NOBODY);
    }

    @Override
    public Optional<String> resync() {
        return Optional.of(NOBODY);
    }
}
