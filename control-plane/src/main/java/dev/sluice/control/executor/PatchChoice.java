package dev.sluice.control.executor;

import dev.sluice.control.state.PackageRecord;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a node is to make a package by a patch, and by which. Pure. A node that has begun one way
 * stays on it while the other does not come to fewer bytes: what it has counts.
 */
final class PatchChoice {

    private PatchChoice() {}

    /** The patch that leaves the fewest bytes to be pulled; empty: pull it whole. */
    static Optional<ContentPatch> of(
            PackageRecord pkg, NodeFacts facts, List<ContentPatch> patches) {
        NodeFacts.Staged staged = facts.staged(pkg.contentSha256()).orElse(null);
        long wholeLeft =
                pkg.descriptor().sizeBytes() - (staged == null ? 0 : staged.bytesPresent());
        return patches.stream()
                .filter(patch -> facts.isPatchable(patch.baseSha256()))
                .filter(patch ->
                        staged == null || !staged.patching().failed().contains(patch.sha256()))
                .min(
                        Comparator.<ContentPatch>comparingLong(patch -> left(patch, staged))
                                .thenComparing(ContentPatch::sha256))
                .filter(patch -> left(patch, staged) < wholeLeft);
    }

    private static long left(ContentPatch patch, NodeFacts.@Nullable Staged staged) {
        return staged == null ? patch.sizeBytes() : patch.sizeBytes() - staged.presentOf(patch);
    }

    /**
     * Whether a node that has nothing of a package is to wait for a patch that is being made.
     *
     * @param inMaking the contents from which there will be one
     */
    static boolean awaits(PackageRecord pkg, NodeFacts facts, Set<String> inMaking) {
        boolean hasBegun =
                facts.staged(pkg.contentSha256()).filter(s -> s.bytesPresent() > 0).isPresent();
        return !hasBegun && inMaking.stream().anyMatch(facts::isPatchable);
    }
}
