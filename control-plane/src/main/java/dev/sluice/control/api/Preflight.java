package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Work;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.planner.check.BlueprintChecker;
import dev.sluice.control.planner.check.Violation;
import dev.sluice.control.state.PackageRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Looks once more, when a plan is to start, at whether the cluster is as the plan takes it. */
final class Preflight {

    private Preflight() {}

    /** Why the blueprint can't be started now; empty: it can. */
    static List<Refusal> check(Outlook outlook, Blueprint blueprint) {
        return switch (ObservedTopology.of(outlook)) {
            case ObservedTopology.Incomplete(var unknown) -> unknown;
            case ObservedTopology.Complete(var topology) -> {
                List<Refusal> refusals = new ArrayList<>();
                redundancy(outlook, topology, refusals);
                hardware(outlook, blueprint, refusals);
                disks(outlook, blueprint, refusals);
                licences(outlook, blueprint, refusals);
                stillFits(outlook, topology, blueprint, refusals);
                yield refusals;
            }
        };
    }

    private static void redundancy(Outlook outlook, Topology topology, List<Refusal> refusals) {
        for (Master backup : topology.backups()) {
            Peers.Peer peer = outlook.peers().get(backup.id());
            if (peer == null || !peer.following()) {
                refusals.add(
                        new Refusal(
                                "master " + backup.id(),
                                "expected it to follow master %s as its backup, found that it does not; start its control plane, or look at its log"
                                        .formatted(outlook.self())));
            }
        }
    }

    private static void hardware(Outlook outlook, Blueprint blueprint, List<Refusal> refusals) {
        NavigableSet<NodeId> installed = new TreeSet<>();
        blueprint.steps().stream()
                .filter(step -> step.kind() == StepKind.INSTALL)
                .map(Step::node)
                .forEach(installed::add);
        for (NodeId node : installed) {
            outlook.known(node)
                    .map(NodeFacts::interlock)
                    .filter(why -> !why.isEmpty())
                    .ifPresent(why ->
                            refusals.add(
                                    new Refusal(
                                            "node " + node,
                                            "its power actions are interlocked: %s; clear that first"
                                                    .formatted(why))));
        }
    }

    /** Terms are accepted by people, before the first installation of what they are about. */
    static void licences(Outlook outlook, Blueprint blueprint, List<Refusal> refusals) {
        for (PackageRef ref : blueprint.path()) {
            PackageRecord pkg = outlook.state().packages().get(ref);
            if (pkg != null) {
                Licence.missing(pkg, outlook.state().supply()).ifPresent(refusals::add);
            }
        }
    }

    private static void disks(Outlook outlook, Blueprint blueprint, List<Refusal> refusals) {
        SortedMap<NodeId, Long> needed = new TreeMap<>();
        for (Step step : blueprint.steps()) {
            if (step.work() instanceof Work.Distribute(var node, var ref)) {
                PackageRecord pkg = outlook.state().packages().get(ref);
                long missing = pkg == null ? 0 : missing(outlook, node, pkg);
                needed.merge(node, missing, Long::sum);
            }
        }
        needed.forEach((node, bytes) ->
                outlook.known(node)
                        .map(NodeFacts::diskFreeBytes)
                        // An agent that cannot tell says 0.
                        .filter(free -> free > 0 && free < bytes)
                        .ifPresent(free ->
                                refusals.add(
                                        new Refusal(
                                                "node " + node,
                                                "expected %d bytes free for its packages, found %d; make room on its disk"
                                                        .formatted(bytes, free)))));
    }

    private static long missing(Outlook outlook, NodeId node, PackageRecord pkg) {
        long present =
                outlook.known(node).stream()
                        .flatMap(facts -> facts.staged().stream())
                        .filter(staged -> staged.contentSha256().equals(pkg.contentSha256()))
                        .mapToLong(NodeFacts.Staged::bytesPresent)
                        .max()
                        .orElse(0);
        return Math.max(0, pkg.descriptor().sizeBytes() - present);
    }

    /** The blueprint's own rules, on the cluster as it is now and not as it was planned for. */
    private static void stillFits(
            Outlook outlook, Topology topology, Blueprint blueprint, List<Refusal> refusals) {
        PlanningInput now =
                new PlanningInput(
                        topology,
                        PackagesView.catalogue(outlook.state()),
                        blueprint.target(),
                        blueprint.policy(),
                        Optional.of(blueprint.strategy()),
                        blueprint.withoutBackup());
        List<Violation> violations = BlueprintChecker.check(now, blueprint);
        if (!violations.isEmpty()) {
            refusals.add(
                    new Refusal(
                            "plan",
                            "the cluster has changed since it was made (%s: %s); plan again"
                                    .formatted(
                                            violations.getFirst().subject(),
                                            violations.getFirst().reason())));
        }
    }
}
