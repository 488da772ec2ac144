package dev.sluice.control.executor;

import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Settings;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Who pulls which package from whom in this pass, for all steps that distribute. */
final class Distribution {

    /** Nodes decided for in one pass and package at most: the rest waits for a later one. */
    private static final int MAX_DECIDED = 256;

    private final Map<PackageRef, SortedMap<NodeId, DistributionRules.Decision>> decisions =
            new HashMap<>();

    /** Packages that no source has, and what to do about it. */
    private final Map<PackageRef, String> missing = new HashMap<>();

    private final long maxBytesPerSecond;

    private Distribution(long maxBytesPerSecond) {
        this.maxBytesPerSecond = maxBytesPerSecond;
    }

    /**
     * Decides for every step that runs or could begin; those that run keep their place before the
     * others.
     */
    static Distribution of(Situation situation, Upgrade upgrade) {
        Distribution distribution =
                new Distribution(
                        Settings.maxBytesPerSecond(situation.state().configuration().settings()));
        Topology topology = situation.state().topology();
        if (topology == null) {
            return distribution;
        }
        Map<PackageRef, List<NodeId>> running = new TreeMap<>();
        Map<PackageRef, List<NodeId>> ready = new TreeMap<>();
        for (Step step : upgrade.graph().steps()) {
            if (step.work() instanceof Work.Distribute(var node, var ref)) {
                StepStatus status = upgrade.statusOf(step.id());
                if (status == StepStatus.RUNNING) {
                    running.computeIfAbsent(ref, _ -> new ArrayList<>()).add(node);
                } else if (status == StepStatus.PENDING && upgrade.isReady(step)) {
                    ready.computeIfAbsent(ref, _ -> new ArrayList<>()).add(node);
                }
            }
        }
        if (running.isEmpty() && ready.isEmpty()) {
            return distribution;
        }
        List<DistributionRules.Pull> pulls = new ArrayList<>();
        for (Map<PackageRef, List<NodeId>> some : List.of(running, ready)) {
            some.forEach(
                    (ref, nodes) -> distribution.decide(situation, topology, ref, nodes, pulls));
        }
        return distribution;
    }

    private void decide(
            Situation situation,
            Topology topology,
            PackageRef ref,
            List<NodeId> nodes,
            List<DistributionRules.Pull> pulls) {
        PackageRecord pkg = situation.state().packages().get(ref);
        if (pkg == null) {
            return;
        }
        if (!hasSource(situation, pkg)) {
            missing.put(
                    ref,
                    "nobody who is there has the content of %s; master %s fetches it when a master that has it is there, or import it again"
                            .formatted(ref, situation.self()));
            return;
        }
        DistributionRules.View view =
                new DistributionRules.View(
                        situation.fleet(),
                        regions(topology),
                        regionOf(topology, situation.self()),
                        new AgentCommand.Location(
                                situation.self().value(), situation.sources().address()),
                        pulls);
        SortedMap<NodeId, DistributionRules.Decision> decided =
                DistributionRules.assign(
                        nodes.subList(0, Math.min(MAX_DECIDED, nodes.size())),
                        pkg.contentSha256(),
                        view);
        decided.forEach((node, decision) -> {
            if (decision instanceof DistributionRules.Decision.PullFrom(var sources)) {
                pulls.add(
                        new DistributionRules.Pull(
                                node, pkg.contentSha256(), sources.getFirst().node()));
            }
        });
        decisions.computeIfAbsent(ref, _ -> new TreeMap<>()).putAll(decided);
    }

    /** A depot is each master's own: one that took over may lack what the last one imported. */
    private static boolean hasSource(Situation situation, PackageRecord pkg) {
        return situation.sources().has(pkg.ref())
                || situation.fleet().values().stream()
                        .filter(NodeObservation::connected)
                        .map(NodeObservation::facts)
                        .anyMatch(f -> f != null && f.hasStaged(pkg.contentSha256()));
    }

    private static SortedMap<NodeId, RegionId> regions(Topology topology) {
        SortedMap<NodeId, RegionId> regions = new TreeMap<>();
        for (Master master : topology.masters()) {
            regions.put(master.id(), master.region());
        }
        for (TrafficNode node : topology.nodes()) {
            regions.put(node.id(), node.region());
        }
        return regions;
    }

    private static RegionId regionOf(Topology topology, NodeId master) {
        return topology.master(master)
                .map(Master::region)
                .orElseThrow(() ->
                        new IllegalStateException(
                                "master %s is not in the topology".formatted(master)));
    }

    private Optional<DistributionRules.Decision> decision(NodeId node, PackageRef ref) {
        return Optional.ofNullable(decisions.get(ref)).map(byNode -> byNode.get(node));
    }

    /** Why a node does not begin to pull a package yet; empty when it may. */
    Optional<String> reasonToWait(NodeId node, PackageRef ref) {
        return switch (decision(node, ref).orElse(null)) {
            case DistributionRules.Decision.PullFrom _, DistributionRules.Decision.Complete _ ->
                    Optional.empty();
            case DistributionRules.Decision.WaitFor(var _, var reason) -> Optional.of(reason);
            case null -> Optional.of(missing.getOrDefault(ref, "its turn has not come"));
        };
    }

    /** What is to be done about a node that pulls and does not have everything yet. */
    Verdict pulling(NodeId node, PackageRecord pkg, NodeFacts facts) {
        return switch (decision(node, pkg.ref()).orElse(null)) {
            case DistributionRules.Decision.PullFrom(var sources) ->
                    new Verdict.Tell(
                            new AgentCommand.AgentWork.Stage(
                                    pkg.manifest(), pkg.signature(), sources, maxBytesPerSecond),
                            "%s: %s".formatted(node, progress(pkg, facts)));
            case DistributionRules.Decision.WaitFor(var _, var reason) ->
                    new Verdict.Waiting("%s: %s; %s".formatted(node, progress(pkg, facts), reason));
            case DistributionRules.Decision.Complete _ ->
                    new Verdict.Waiting(node + ": complete, seen next time");
            case null ->
                    new Verdict.Waiting(
                            "%s: %s"
                                    .formatted(
                                            node,
                                            missing.getOrDefault(
                                                    pkg.ref(), "its turn has not come")));
        };
    }

    private static String progress(PackageRecord pkg, NodeFacts facts) {
        return facts.staged().stream()
                .filter(s -> s.contentSha256().equals(pkg.contentSha256()))
                .findFirst()
                .map(s ->
                        "has %d of %d bytes of %s"
                                .formatted(s.bytesPresent(), s.bytesTotal(), pkg.ref()))
                .orElse("pulls " + pkg.ref());
    }
}
