package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.PackageRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * A patch that would be of use: from a version that nodes have, installed or only staged, to a
 * later one that is imported.
 *
 * @param nodes that have the base and lack the target
 */
record PatchWish(PatchBase base, PackageRecord target, int nodes) {

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
        return of(imported, PatchBase.known(imported, fleet).values(), fleet);
    }

    /** The same, with the bases that are known. */
    static List<PatchWish> of(
            Collection<PackageRecord> imported,
            Collection<PatchBase> bases,
            Collection<NodeObservation> fleet) {
        List<PatchWish> wishes = new ArrayList<>();
        for (PackageRecord target : imported) {
            bases.stream()
                    .filter(base -> isBaseOf(base, target))
                    .map(base -> new PatchWish(base, target, wanting(base, target, fleet)))
                    .filter(wish -> wish.nodes() > 0)
                    .sorted(mostUseful())
                    .limit(MAX_BASES)
                    .forEach(wishes::add);
        }
        return wishes.stream().sorted(mostUseful()).limit(MAX_WISHES).toList();
    }

    private static int wanting(
            PatchBase base, PackageRecord target, Collection<NodeObservation> fleet) {
        return (int)
                fleet.stream()
                        .map(NodeObservation::facts)
                        .filter(Objects::nonNull)
                        .filter(facts -> has(facts, base) && facts.lacks(target))
                        .count();
    }

    /** One that was imported is here, so that it serves those too who report its version alone. */
    private static boolean has(NodeFacts facts, PatchBase base) {
        return facts.isPatchable(base.contentSha256())
                || (base instanceof PatchBase.Imported && facts.hasInstalled(base.ref()));
    }

    private static boolean isBaseOf(PatchBase base, PackageRecord target) {
        Version from = base.ref().version();
        return base.ref().name().equals(target.ref().name())
                && from.compareTo(target.ref().version()) < 0
                && !base.contentSha256().equals(target.contentSha256());
    }

    private static Comparator<PatchWish> mostUseful() {
        return Comparator.comparingInt(PatchWish::nodes).reversed().thenComparing(PatchWish::name);
    }
}
