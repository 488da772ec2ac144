package dev.sluice.control.planner;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;

/** What can be said against a target without searching for a path. */
final class TargetRules {

    private final Catalogue catalogue;
    private final List<NodeClass> classes;

    TargetRules(Catalogue catalogue, List<NodeClass> classes) {
        this.catalogue = catalogue;
        this.classes = classes;
    }

    List<Refusal> check(SortedMap<PackageName, Version> target) {
        List<Refusal> refusals = new ArrayList<>();
        target.forEach((name, version) -> check(new PackageRef(name, version), refusals));
        if (refusals.isEmpty() && isInstalled(target)) {
            int nodes = classes.stream().mapToInt(c -> c.nodes().size()).sum();
            target.forEach((name, version) ->
                    refusals.add(
                            new Refusal(
                                    name + " " + version,
                                    "already installed on all %d nodes: nothing to do"
                                            .formatted(nodes))));
        }
        return refusals;
    }

    private void check(PackageRef ref, List<Refusal> refusals) {
        for (NodeClass nodes : classes) {
            Version installed = nodes.installed().get(ref.name());
            if (installed != null && ref.version().isOlderThan(installed)) {
                refusals.add(
                        new Refusal(
                                ref.toString(),
                                "would be a downgrade on node %s, which has %s: an older version comes back by a rollback only"
                                        .formatted(nodes.example(), installed)));
                return;
            }
        }
        if (catalogue.find(ref).isEmpty() && !isInstalledEverywhere(ref)) {
            refusals.add(new Refusal(ref.toString(), missing(ref)));
        }
    }

    private boolean isInstalled(SortedMap<PackageName, Version> target) {
        return target.entrySet().stream()
                .allMatch(e -> isInstalledEverywhere(new PackageRef(e.getKey(), e.getValue())));
    }

    private boolean isInstalledEverywhere(PackageRef ref) {
        return classes.stream().allMatch(c -> Replay.has(c.installed(), ref));
    }

    private String missing(PackageRef ref) {
        if (!catalogue.versionsOf(ref.name()).isEmpty()) {
            return "the catalogue has no such version of %s (available: %s)"
                    .formatted(ref.name(), Diagnosis.available(catalogue, ref.name()));
        }
        Set<String> names = new TreeSet<>();
        catalogue.packages().keySet().forEach(r -> names.add(r.name().value()));
        return "the catalogue has no package %s (available: %s)"
                .formatted(ref.name(), names.isEmpty() ? "none" : String.join(", ", names));
    }
}
