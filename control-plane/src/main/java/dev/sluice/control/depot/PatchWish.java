package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.PackageRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * A patch that would be of use: from a version that nodes have, installed or only staged, to a
 * later one.
 *
 * @param nodes that have the base
 */
record PatchWish(PackageRecord base, PackageRecord target, int nodes) {

    /** Bases of a package at most: most nodes run one of few versions. */
    static final int MAX_BASES = 4;

    /** Patches that are kept at most; the ones that are of use to most nodes. */
    static final int MAX_WISHES = 64;

    String name() {
        return target.contentSha256() + "-" + base.contentSha256();
    }

    /** All that would be of use now, those for most nodes first. */
    static List<PatchWish> of(
            Collection<PackageRecord> imported, Collection<NodeObservation> fleet) {
        List<PatchWish> wishes = new ArrayList<>();
        for (PackageRecord target : imported) {
            imported.stream()
                    .filter(base -> isBaseOf(base, target))
                    .map(base -> new PatchWish(base, target, having(base, fleet)))
                    .filter(wish -> wish.nodes() > 0)
                    .sorted(mostUseful())
                    .limit(MAX_BASES)
                    .forEach(wishes::add);
        }
        return wishes.stream().sorted(mostUseful()).limit(MAX_WISHES).toList();
    }

    private static int having(PackageRecord base, Collection<NodeObservation> fleet) {
        return (int)
                fleet.stream()
                        .map(NodeObservation::facts)
                        .filter(facts ->
                                facts != null
                                        && (facts.hasInstalled(base.ref())
                                                || facts.isPatchable(base.contentSha256())))
                        .count();
    }

    private static boolean isBaseOf(PackageRecord base, PackageRecord target) {
        Version from = base.ref().version();
        return base.ref().name().equals(target.ref().name())
                && from.compareTo(target.ref().version()) < 0
                && !base.contentSha256().equals(target.contentSha256());
    }

    private static Comparator<PatchWish> mostUseful() {
        return Comparator.comparingInt(PatchWish::nodes).reversed().thenComparing(PatchWish::name);
    }
}
