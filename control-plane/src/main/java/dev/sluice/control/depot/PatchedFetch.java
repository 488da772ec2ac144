package dev.sluice.control.depot;

import dev.sluice.transfer.patch.PatchApply;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.store.GrowingContent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Brings a package into the depot as the difference to a version that this machine has: what is
 * pulled is a patch of another master, and what it makes is verified like bytes that were pulled.
 */
final class PatchedFetch {

    /** For readers of what was made. */
    private static final Duration CLOSE = Duration.ofSeconds(10);

    private final Zstd zstd;
    private final BasesHere bases;
    private final ContentPull.Means means;
    private final FetchPatience patience;

    PatchedFetch(Zstd zstd, BasesHere bases, ContentPull.Means means, FetchPatience patience) {
        this.zstd = zstd;
        this.bases = bases;
        this.means = means;
        this.patience = patience;
    }

    /** A patch that can be applied here. */
    record Choice(PatchSource base, OtherDepots.Patch patch) {}

    /** The smallest patch of which the base is here. */
    Optional<Choice> choose(OtherDepots.Found found) throws IOException {
        List<OtherDepots.Patch> smallestFirst =
                found.patches().stream()
                        .sorted(Comparator.comparingLong(patch -> patch.content().size()))
                        .toList();
        for (OtherDepots.Patch patch : smallestFirst) {
            Optional<PatchSource> base = bases.find(patch.baseSha256());
            if (base.isPresent()) {
                return Optional.of(new Choice(base.get(), patch));
            }
        }
        return Optional.empty();
    }

    /** Whether another master is making a patch that can be applied here. */
    boolean isComing(OtherDepots.Found found) throws IOException {
        for (String base : found.basesInMaking()) {
            if (bases.find(base).isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** Lets others have what is being made. */
    interface Serving {
        void begin(GrowingContent content);

        void end();
    }

    /**
     * How a patch is to be applied.
     *
     * @param directory for the patch, the caller's to remove
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
        String came = pull(choice, how);
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
                throw new IOException("a patch does not make it: " + reason);
            }
            fetch.complete();
            return came;
        } finally {
            how.serving().end();
            apply.close();
            boolean _ = apply.content().awaitClosed(CLOSE);
        }
    }

    private String pull(Choice choice, Means how) throws IOException, InterruptedException {
        OtherDepots.Patch patch = choice.patch();
        Files.createDirectories(how.directory());
        try (WatchedPull pull =
                WatchedPull.start(
                        how.directory(),
                        patch.content(),
                        () -> how.limited().apply(patch.sources()),
                        means,
                        patience)) {
            if (!pull.await()) {
                throw new IOException("a patch did not come: " + pull.failures());
            }
            return "made by a patch of %d bytes: %s"
                    .formatted(patch.content().size(), pull.amounts("master"));
        }
    }
}
