package dev.sluice.control.planner;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Neighbouring versions of one package that no rule tells apart. The newest can stand for all of
 * them, which keeps the search small in a catalogue with hundreds of patch releases.
 *
 * <p>Only neighbours: with a version between them that behaves otherwise, the older one may be the
 * only way to it.
 */
final class Interchangeable {

    /** Everything the search can see of a version. */
    private record Traits(
            PackageName name,
            PackageKind kind,
            List<Requirement> requires,
            @Nullable Version minDirectUpgradeFrom,
            Set<HardwareModel> compatible,
            List<Boolean> satisfies,
            List<Boolean> reachesStone,
            List<Boolean> installed) {}

    private Interchangeable() {}

    /**
     * Leaves the newest of each run of interchangeable versions, and every target.
     *
     * @param packages sorted by name and version
     */
    static List<PackageDescriptor> newestOfEach(
            List<PackageDescriptor> packages,
            List<NodeClass> classes,
            SortedMap<PackageName, Version> target) {
        Map<PackageName, List<Requirement>> requirements = PathFinder.requirementsByName(packages);
        List<PackageDescriptor> kept = new ArrayList<>();
        Traits previous = null;
        for (PackageDescriptor pkg : packages) {
            Traits traits =
                    traits(
                            pkg,
                            requirements.getOrDefault(pkg.ref().name(), List.of()),
                            packages,
                            classes);
            if (traits.equals(previous)) {
                PackageDescriptor older = kept.getLast();
                if (!Objects.equals(older.ref().version(), target.get(older.ref().name()))) {
                    kept.removeLast();
                }
            }
            kept.add(pkg);
            previous = traits;
        }
        return List.copyOf(kept);
    }

    private static Traits traits(
            PackageDescriptor pkg,
            List<Requirement> requirements,
            List<PackageDescriptor> all,
            List<NodeClass> classes) {
        return new Traits(
                pkg.ref().name(),
                pkg.kind(),
                pkg.requires(),
                pkg.minDirectUpgradeFrom(),
                pkg.compatible(),
                requirements.stream().map(r -> r.range().contains(pkg.ref().version())).toList(),
                all.stream()
                        .filter(other -> other.ref().name().equals(pkg.ref().name()))
                        .map(PackageDescriptor::minDirectUpgradeFrom)
                        .filter(Objects::nonNull)
                        .map(stone -> pkg.ref().version().isAtLeast(stone))
                        .toList(),
                classes.stream().map(c -> Replay.has(c.installed(), pkg.ref())).toList());
    }
}
