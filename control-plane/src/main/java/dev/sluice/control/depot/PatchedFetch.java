package dev.sluice.control.depot;

import dev.sluice.transfer.patch.PatchApply;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Brings a package into the depot as the difference to a version that this machine has: what is
 * pulled is a patch of another master, and what it makes is verified like bytes that were pulled.
 *
 * <p>For one thread.
 */
final class PatchedFetch {

    private final Depot depot;
    private final Zstd zstd;
    private final BasesHere bases;
    private final ContentPull.Means means;
    private final FetchPatience patience;

    /** Patches that did not make what they should. */
    private final Set<Sha256> refused = new HashSet<>();

    PatchedFetch(
            Depot depot,
            Zstd zstd,
            BasesHere bases,
            ContentPull.Means means,
            FetchPatience patience) {
        this.depot = depot;
        this.zstd = zstd;
        this.bases = bases;
        this.means = means;
        this.patience = patience;
    }

    /** A patch that can be applied here. */
    record Choice(PatchSource base, OtherDepots.Patch patch) {}

    /**
     * The smallest patch of which the base is here, and which is less than what is to be pulled.
     */
    Optional<Choice> choose(OtherDepots.Found found, long left) {
        BasesHere.Known here = bases.now();
        return found.patches().stream()
                .filter(patch -> patch.content().size() < left)
                .filter(patch -> !refused.contains(patch.content().sha256()))
                .sorted(Comparator.comparingLong(patch -> patch.content().size()))
                .flatMap(patch ->
                        here.find(patch.baseSha256()).stream().map(base -> new Choice(base, patch)))
                .findFirst();
    }

    /** Whether another master is making a patch that can be applied here. */
    boolean isComing(OtherDepots.Found found) {
        if (found.basesInMaking().isEmpty()) {
            return false;
        }
        BasesHere.Known here = bases.now();
        return found.basesInMaking().stream().anyMatch(base -> here.find(base).isPresent());
    }

    /** Lets others have what is being made. */
    interface Serving {
        void begin(GrowingContent content);

        void end();
    }

    /**
     * How a patch is to be applied.
     *
     * @param directory for the patch; it goes when the patch is refused, else it is the caller's: a
     *     patch that did not come goes on from it
     * @param limited the limits that sources have now
     */
    record Means(Path directory, UnaryOperator<List<Source>> limited, Serving serving) {}

    /**
     * Makes the content of a fetch, and has it named.
     *
     * @return what came, in words
     * @throws IOException saying why it was not made; what is verified stays
     */
    String run(Choice choice, DepotFetch fetch, Means how)
            throws IOException, InterruptedException {
        try (DepotRoom.Claim claim = depot.roomAside(choice.patch().content().size())) {
            String came = pull(choice, how, claim);
            apply(choice, fetch, how);
            return came;
        }
    }

    private void apply(Choice choice, DepotFetch fetch, Means how)
            throws IOException, InterruptedException {
        boolean isWhole = false;
        PatchApply apply =
                PatchApply.open(
                        zstd,
                        how.directory().resolve(GrowingContent.partName()),
                        choice.base(),
                        fetch.directory(),
                        fetch.content(),
                        means.disk(),
                        _ -> {});
        try {
            fetch.reserved();
            how.serving().begin(apply.content());
            if (apply.run() instanceof PatchApply.Result.Refused(String reason)) {
                refused.add(choice.patch().content().sha256());
                DepotFiles.remove(how.directory());
                throw new IOException("a patch does not make it: " + reason);
            }
            fetch.complete();
            isWhole = true;
        } finally {
            how.serving().end();
            apply.close();
            if (!isWhole) {
                WatchedPull.awaitReaders(apply.content());
            }
        }
    }

    private String pull(Choice choice, Means how, DepotRoom.Claim claim)
            throws IOException, InterruptedException {
        OtherDepots.Patch patch = choice.patch();
        Files.createDirectories(how.directory());
        try (WatchedPull pull =
                WatchedPull.start(
                        how.directory(),
                        patch.content(),
                        () -> how.limited().apply(patch.sources()),
                        means,
                        patience)) {
            claim.reserved();
            if (!pull.await()) {
                throw new IOException("a patch did not come: " + pull.failures());
            }
            return "made by a patch of %d bytes: %s"
                    .formatted(patch.content().size(), pull.amounts("master"));
        }
    }
}
