package dev.sluice.control.planner.check;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.Work;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Replays what is installed on every node, as the node itself would accept or refuse it. */
final class PackageRules {

    private final Inspection inspection;
    private final StepGraph graph;
    private final Set<PackageRef> path;

    /** The gate of each pass behind which packages are staged. */
    private final Map<Integer, Integer> staged = new HashMap<>();

    private PackageRules(Inspection inspection) {
        this.inspection = inspection;
        this.graph = inspection.graph();
        this.path = new HashSet<>(inspection.blueprint().path());
    }

    static void check(Inspection inspection, List<PassRange> passes) {
        PackageRules rules = new PackageRules(inspection);
        passes.forEach(rules::findGate);
        for (Master master : inspection.input().topology().masters()) {
            rules.replay(master.id(), master.hardware(), master.installed());
        }
        for (TrafficNode node : inspection.input().topology().nodes()) {
            rules.replay(node.id(), node.hardware(), node.installed());
        }
    }

    private void findGate(PassRange pass) {
        for (int i = pass.first(); i < pass.end(); i++) {
            if (graph.step(i).work() instanceof Work.VerifyCluster(var _, var gate)
                    && gate == Work.Gate.PACKAGES_STAGED
                    && graph.isBarrier(i)) {
                staged.putIfAbsent(pass.number(), i);
            }
        }
    }

    private void replay(
            NodeId node, HardwareModel hardware, SortedMap<PackageName, Version> installed) {
        Map<PackageName, Version> runs = new TreeMap<>(installed);
        Map<PackageRef, Integer> distributed = new HashMap<>();
        int previous = -1;
        for (int i : graph.of(node)) {
            Step step = graph.step(i);
            switch (step.work()) {
                case Work.Distribute(var _, var ref) -> distributed.put(ref, i);
                case Work.Install(var _, var ref) -> {
                    if (previous >= 0 && !graph.precedes(previous, i)) {
                        packagesInOrder(step, "may run together with the install before it");
                    }
                    staged(i, distributed.get(ref));
                    obstacle(ref, hardware, runs).ifPresent(o -> packagesInOrder(step, o));
                    runs.put(ref.name(), ref.version());
                    previous = i;
                }
                case Work.Verify(var _, var expected) -> {
                    if (!expected.equals(runs)) {
                        inspection.report(
                                Rule.REACHES_THE_TARGET,
                                step,
                                "expects %s, the node then runs %s".formatted(expected, runs));
                    }
                }
                default -> {}
            }
        }
        reachesTheTarget(node, runs);
    }

    private void packagesInOrder(Step step, String problem) {
        inspection.report(Rule.PACKAGES_IN_ORDER, step, problem);
    }

    private void staged(int install, @Nullable Integer distribute) {
        Step step = graph.step(install);
        Integer gate = staged.get(step.pass());
        if (distribute == null || gate == null || distribute > gate) {
            inspection.report(
                    Rule.DISTRIBUTED_BEFORE_INSTALL,
                    step,
                    "%s is not distributed to the node and staged before"
                            .formatted(step.pkg().map(PackageRef::toString).orElse("it")));
        } else if (!graph.precedesByBarrier(gate, install)) {
            inspection.report(
                    Rule.DISTRIBUTED_BEFORE_INSTALL,
                    step,
                    "may start before step %s found every package staged"
                            .formatted(graph.step(gate).id()));
        }
    }

    private Optional<String> obstacle(
            PackageRef ref, HardwareModel hardware, Map<PackageName, Version> runs) {
        PackageDescriptor pkg = inspection.input().catalogue().find(ref).orElse(null);
        if (pkg == null || !path.contains(ref)) {
            return Optional.of("%s is not in the catalogue and on the path".formatted(ref));
        }
        if (!pkg.compatible().isEmpty() && !pkg.compatible().contains(hardware)) {
            return Optional.of("%s does not run on %s".formatted(ref, hardware));
        }
        Version current = runs.get(ref.name());
        if (current != null && current.compareTo(ref.version()) >= 0) {
            return Optional.of("%s is no newer than %s".formatted(ref, current));
        }
        Version from = pkg.minDirectUpgradeFrom();
        if (current != null && from != null && current.compareTo(from) < 0) {
            return Optional.of("%s upgrades from %s, found %s".formatted(ref, from, current));
        }
        for (Requirement requirement : pkg.requires()) {
            Version found = runs.get(requirement.name());
            if (found == null || !requirement.range().contains(found)) {
                return Optional.of(
                        "%s requires %s, found %s"
                                .formatted(ref, requirement, found == null ? "none" : found));
            }
        }
        return Optional.empty();
    }

    private void reachesTheTarget(NodeId node, Map<PackageName, Version> runs) {
        inspection
                .input()
                .target()
                .forEach((name, version) -> {
                    if (!Objects.equals(version, runs.get(name))) {
                        inspection.report(
                                Rule.REACHES_THE_TARGET,
                                "node " + node,
                                "expected %s %s in the end, found %s"
                                        .formatted(
                                                name,
                                                version,
                                                Objects.requireNonNullElse(
                                                        runs.get(name), "none")));
                    }
                });
    }
}
