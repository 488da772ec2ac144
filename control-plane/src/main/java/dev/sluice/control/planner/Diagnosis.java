package dev.sluice.control.planner;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Says in words why a search found no path: follows what is required until it ends. */
final class Diagnosis {

    private final Catalogue catalogue;
    private final List<NodeClass> classes;
    private final Set<Refusal> found = new LinkedHashSet<>();
    private final Set<String> said = new HashSet<>();
    private final Set<PackageRef> explained = new HashSet<>();

    Diagnosis(Catalogue catalogue, List<NodeClass> classes) {
        this.catalogue = catalogue;
        this.classes = classes;
    }

    List<Refusal> explain(SortedMap<PackageName, Version> target) {
        target.forEach(
                (name, version) -> explain(new PackageRef(name, version), new ArrayList<>()));
        if (found.isEmpty()) {
            String wanted =
                    target.entrySet().stream()
                            .map(e -> e.getKey() + " " + e.getValue())
                            .collect(Collectors.joining(", "));
            found.add(
                    new Refusal(
                            wanted,
                            "no order of the catalogue's packages takes every node there without breaking what another installed package requires: plan for the packages together, or add newer ones to the catalogue"));
        }
        return List.copyOf(found);
    }

    private void explain(PackageRef ref, List<PackageRef> chain) {
        int loop = chain.indexOf(ref);
        if (loop >= 0) {
            reportCycle(chain.subList(loop, chain.size()));
            return;
        }
        if (!explained.add(ref)) {
            return;
        }
        PackageDescriptor pkg = catalogue.find(ref).orElseThrow();
        chain.add(ref);
        for (NodeClass nodes : classes) {
            Obstacle.to(pkg, nodes.hardware(), nodes.installed())
                    .ifPresent(obstacle -> explain(pkg, obstacle, nodes, chain));
        }
        chain.removeLast();
    }

    private void explain(
            PackageDescriptor pkg, Obstacle obstacle, NodeClass nodes, List<PackageRef> chain) {
        switch (obstacle) {
            case Obstacle.NotNewer _ -> {}
            case Obstacle.WrongHardware(HardwareModel model) ->
                    refuse(
                            pkg,
                            model.toString(),
                            "runs on %s, node %s is %s: exclude the node or take a package for its hardware"
                                    .formatted(join(pkg.compatible()), nodes.example(), model));
            case Obstacle.TooOld(Version minimum, Version current) ->
                    explainStone(pkg, minimum, current, nodes, chain);
            case Obstacle.Unmet _ -> explainRequirements(pkg, nodes, chain);
        }
    }

    private void explainStone(
            PackageDescriptor pkg,
            Version minimum,
            Version current,
            NodeClass nodes,
            List<PackageRef> chain) {
        PackageName name = pkg.ref().name();
        List<PackageRef> stones =
                versions(name, v -> v.isAtLeast(minimum) && v.isOlderThan(pkg.ref().version()));
        if (stones.isEmpty()) {
            refuse(
                    pkg,
                    "stone",
                    "upgrades from %s %s or newer only, node %s has %s, and the catalogue has no stepping stone between (available: %s)"
                            .formatted(name, minimum, nodes.example(), current, available(name)));
        } else {
            stones.forEach(stone -> explain(stone, chain));
        }
        explainRequirements(pkg, nodes, chain);
    }

    private void explainRequirements(
            PackageDescriptor pkg, NodeClass nodes, List<PackageRef> chain) {
        for (var requirement : pkg.requires()) {
            if (Replay.satisfied(requirement, nodes.installed())) {
                continue;
            }
            Version current = nodes.installed().get(requirement.name());
            List<PackageRef> enabling =
                    versions(
                            requirement.name(),
                            v ->
                                    requirement.range().contains(v)
                                            && (current == null || current.isOlderThan(v)));
            if (enabling.isEmpty()) {
                refuse(
                        pkg,
                        requirement.toString(),
                        "needs %s, node %s has %s, and the catalogue has none that enables it (available: %s)"
                                .formatted(
                                        requirement,
                                        nodes.example(),
                                        current == null ? "none" : current,
                                        available(requirement.name())));
            } else {
                enabling.forEach(e -> explain(e, chain));
            }
        }
    }

    private void reportCycle(List<PackageRef> cycle) {
        String text = cycle.stream().map(PackageRef::toString).collect(Collectors.joining(" -> "));
        found.add(
                new Refusal(
                        cycle.getFirst().toString(),
                        "its prerequisites form a cycle: %s -> %s"
                                .formatted(text, cycle.getFirst())));
    }

    /** Says it once, of the first class of nodes: the others lack the same. */
    private void refuse(PackageDescriptor pkg, String lacking, String reason) {
        if (said.add(pkg.ref() + " " + lacking)) {
            found.add(new Refusal(pkg.ref().toString(), reason));
        }
    }

    private List<PackageRef> versions(PackageName name, Predicate<Version> wanted) {
        return catalogue.versionsOf(name).stream()
                .map(PackageDescriptor::ref)
                .filter(r -> wanted.test(r.version()))
                .toList();
    }

    private String available(PackageName name) {
        return available(catalogue, name);
    }

    /** The newest versions of a name that the catalogue has, in words. */
    static String available(Catalogue catalogue, PackageName name) {
        List<PackageDescriptor> versions = catalogue.versionsOf(name);
        if (versions.isEmpty()) {
            return "none";
        }
        int from = Math.max(0, versions.size() - 5);
        String newest =
                versions.subList(from, versions.size()).stream()
                        .map(p -> p.ref().version().toString())
                        .collect(Collectors.joining(", "));
        return from > 0 ? "%d older, %s".formatted(from, newest) : newest;
    }

    private static String join(Set<?> values) {
        return values.stream().map(Object::toString).collect(Collectors.joining(", "));
    }
}
