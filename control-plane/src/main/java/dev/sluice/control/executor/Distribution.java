package dev.sluice.control.executor;

import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Settings;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Supply;
import dev.sluice.control.state.Upgrade;
import dev.sluice.transfer.store.Span;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who pulls which package from whom in this pass: for all steps that distribute, then for what
 * operators want distributed at all times.
 */
final class Distribution {

    /** Nodes decided for in one pass and package at most: the rest waits for a later one. */
    private static final int MAX_DECIDED = 256;

    private static final List<RelayView.Upstream> ORIGIN = List.of(RelayView.ORIGIN);

    private final Map<PackageRef, SortedMap<NodeId, Told>> plans = new HashMap<>();

    /** Nodes that wait for a patch that is being made. */
    private final Map<PackageRef, Set<NodeId>> awaiting = new HashMap<>();

    /** Packages that no source has, and what to do about it. */
    private final Map<PackageRef, String> missing = new HashMap<>();

    /** Who has all of a package. */
    private final Map<PackageRef, Set<NodeId>> holders = new HashMap<>();

    /** What a node pulls now: it has one at a time. */
    private final Map<NodeId, PackageRef> pulling = new HashMap<>();

    /** Pulls that no step stands for. */
    private final SortedMap<NodeId, PackageRef> standing = new TreeMap<>();

    /** The command by which it was told to. */
    private final Map<NodeId, String> commands = new HashMap<>();

    /**
     * What a node is told.
     *
     * @param patch what it pulls instead of the whole content
     * @param secondHalf where the second half is pulled from; empty: from the sources of the first
     */
    private record Told(
            Optional<ContentPatch> patch,
            List<AgentCommand.Location> sources,
            List<AgentCommand.Location> secondHalf) {}

    /** Why no transfer is begun now for what is wanted at all times; empty: it may be. */
    private final Optional<String> closed;

    private final Optional<String> closedForSteps;
    private final long nodeBytesPerSecond;
    private final long regionBytesPerSecond;

    /** Nodes in the largest region from which on large contents go down trees. */
    private final int treesFrom;

    private final List<ChannelVersions> channels;
    private final List<ChannelCopy> copies;

    private Distribution(
            Optional<String> closed,
            Optional<String> closedForSteps,
            long nodeBytesPerSecond,
            long regionBytesPerSecond,
            int treesFrom,
            Supply supply) {
        this.closed = closed;
        this.closedForSteps = closedForSteps;
        this.nodeBytesPerSecond = nodeBytesPerSecond;
        this.regionBytesPerSecond = regionBytesPerSecond;
        this.treesFrom = treesFrom;
        this.channels = List.copyOf(supply.channels().values());
        // One that is not of the state that was seen last is out of date: it is not handed on.
        this.copies =
                supply.copies().values().stream()
                        .filter(copy ->
                                supply.channel(copy.versions().channel())
                                        .filter(copy.versions()::equals)
                                        .isPresent())
                        .toList();
    }

    /**
     * Decides for every step that runs or could begin; those that run keep their place before the
     * others.
     */
    static Distribution of(Situation situation, Optional<Upgrade> upgrade) {
        Map<String, String> settings = situation.state().configuration().settings();
        Distribution distribution =
                new Distribution(
                        Settings.window(settings).flatMap(w -> w.whyClosed(situation.now())),
                        Settings.windowForUpgrades(settings)
                                .flatMap(w -> w.whyClosed(situation.now())),
                        Settings.nodeBytesPerSecond(settings),
                        Settings.regionBytesPerSecond(settings),
                        Settings.treesFrom(settings),
                        situation.state().supply());
        Topology topology = situation.state().topology();
        if (topology == null) {
            return distribution;
        }
        Map<PackageRef, List<NodeId>> wanting = new TreeMap<>();
        upgrade.ifPresent(u -> distribution.steps(u, wanting));
        distribution.standing(situation, topology, wanting);
        wanting.forEach((ref, nodes) -> distribution.decide(situation, topology, ref, nodes));
        return distribution;
    }

    private void steps(Upgrade upgrade, Map<PackageRef, List<NodeId>> wanting) {
        for (StepStatus which :
                closedForSteps.isPresent()
                        ? List.of(StepStatus.RUNNING)
                        : List.of(StepStatus.RUNNING, StepStatus.PENDING)) {
            for (Step step : upgrade.graph().steps()) {
                if (step.work() instanceof Work.Distribute(var node, var ref)
                        && upgrade.statusOf(step.id()) == which
                        && (which == StepStatus.RUNNING || upgrade.isReady(step))
                        && pulling.putIfAbsent(node, ref) == null) {
                    wanting.computeIfAbsent(ref, _ -> new ArrayList<>()).add(node);
                    commands.put(
                            node, Commands.id(upgrade, step, upgrade.record(step.id()).attempts()));
                }
            }
        }
    }

    private void standing(
            Situation situation, Topology topology, Map<PackageRef, List<NodeId>> wanting) {
        for (PackageRef ref : situation.state().choices().distributed()) {
            PackageRecord pkg = situation.state().packages().get(ref);
            if (pkg == null) {
                continue;
            }
            for (NodeId node : topology.suitedBy(pkg.descriptor())) {
                boolean lacks =
                        situation
                                .facts(node)
                                .filter(f -> f.lacks(pkg))
                                .filter(f ->
                                        closed.isEmpty() || isUnderWay(situation, node, pkg, f))
                                .isPresent();
                if (lacks && pulling.putIfAbsent(node, ref) == null) {
                    standing.put(node, ref);
                    commands.put(node, Standing.id(situation, node, what(pkg)));
                    wanting.computeIfAbsent(ref, _ -> new ArrayList<>()).add(node);
                }
            }
        }
    }

    /** What was begun within the window goes on after it. */
    private static boolean isUnderWay(
            Situation situation, NodeId node, PackageRecord pkg, NodeFacts facts) {
        return facts.executing().startsWith(Standing.id(situation, node, what(pkg)))
                || facts.staged(pkg.contentSha256()).filter(NodeFacts.Staged::isPulled).isPresent();
    }

    private static String what(PackageRecord pkg) {
        return "stage-" + pkg.contentSha256().substring(0, 16);
    }

    /** What is told to the nodes that pull without a step. */
    List<Directive> standingDirectives(Situation situation) {
        List<Directive> directives = new ArrayList<>();
        standing.forEach((node, ref) -> {
            PackageRecord pkg = situation.state().packages().get(ref);
            if (pkg == null) {
                return;
            }
            situation
                    .facts(node)
                    .flatMap(facts -> pulls(node, pkg, facts))
                    .ifPresent(stage ->
                            directives.add(Standing.send(situation, node, what(pkg), stage)));
        });
        return directives;
    }

    private void decide(
            Situation situation, Topology topology, PackageRef ref, List<NodeId> nodes) {
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
        SortedMap<NodeId, RegionId> regions = regions(topology);
        RegionId home = regionOf(topology, situation.self());
        Map<Optional<ContentPatch>, List<NodeId>> ways = ways(situation, pkg, nodes);
        List<RelayView.Member> whole = members(situation, regions, pkg, Optional.empty());
        holders.put(
                ref,
                whole.stream()
                        .filter(RelayView.Member::complete)
                        .map(RelayView.Member::node)
                        .collect(Collectors.toSet()));
        SortedMap<NodeId, Told> told = new TreeMap<>();
        ways.forEach((patch, pulling) -> {
            RelayView view =
                    patch.isEmpty()
                            ? new RelayView(whole, home, situation.sources().has(ref))
                            : new RelayView(members(situation, regions, pkg, patch), home, true);
            long size = patch.map(ContentPatch::sizeBytes).orElse(pkg.descriptor().sizeBytes());
            boolean isSplit = Span.isSplit(size) && largest(regions) >= treesFrom;
            SortedMap<NodeId, TreePlan.Sources> plan = plan(pulling, view, isSplit);
            if (patch.isPresent()) {
                List<RelayView.Upstream> second = isSplit ? ORIGIN : List.of();
                applying(pulling, view)
                        .forEach(node -> plan.put(node, new TreePlan.Sources(ORIGIN, second)));
            }
            plan.forEach((node, sources) ->
                    told.put(
                            node,
                            new Told(
                                    patch,
                                    locations(situation, sources.first(), regions, home, node),
                                    locations(situation, sources.second(), regions, home, node))));
        });
        plans.put(ref, told);
    }

    /** Two trees for the halves of a large content, one chain for a small one. */
    private static SortedMap<NodeId, TreePlan.Sources> plan(
            List<NodeId> pulling, RelayView view, boolean isSplit) {
        if (isSplit) {
            return TreePlan.of(pulling, view);
        }
        SortedMap<NodeId, TreePlan.Sources> plan = new TreeMap<>();
        ChainPlan.of(pulling, view)
                .forEach((node, chain) -> plan.put(node, new TreePlan.Sources(chain, List.of())));
        return plan;
    }

    /**
     * Nodes that have all of a patch and not yet what it makes: they pull from nobody, and are told
     * all the same, since an attempt to apply it may have failed.
     */
    private static List<NodeId> applying(List<NodeId> pulling, RelayView view) {
        return view.members().stream()
                .filter(RelayView.Member::complete)
                .map(RelayView.Member::node)
                .filter(pulling::contains)
                .toList();
    }

    /** A plan for each patch, and one for those that pull all of it. */
    private Map<Optional<ContentPatch>, List<NodeId>> ways(
            Situation situation, PackageRecord pkg, List<NodeId> nodes) {
        // In this order: a patch that is made in this moment is in either.
        Set<String> inMaking = situation.sources().patchesInMaking(pkg.ref());
        List<ContentPatch> patches = situation.sources().patches(pkg.ref());
        Map<Optional<ContentPatch>, List<NodeId>> ways = new LinkedHashMap<>();
        for (NodeId node : nodes.subList(0, Math.min(MAX_DECIDED, nodes.size()))) {
            Optional<NodeFacts> facts =
                    Optional.ofNullable(situation.fleet().get(node)).map(NodeObservation::facts);
            Optional<ContentPatch> patch = facts.flatMap(f -> PatchChoice.of(pkg, f, patches));
            boolean waits =
                    patch.isEmpty()
                            && facts.filter(f -> PatchChoice.awaits(pkg, f, inMaking)).isPresent();
            if (waits) {
                awaiting.computeIfAbsent(pkg.ref(), _ -> new HashSet<>()).add(node);
            } else {
                ways.computeIfAbsent(patch, _ -> new ArrayList<>()).add(node);
            }
        }
        return ways;
    }

    /** The nodes that are there and can be pulled from. */
    private List<RelayView.Member> members(
            Situation situation,
            SortedMap<NodeId, RegionId> regions,
            PackageRecord pkg,
            Optional<ContentPatch> patch) {
        Map<String, RelayView.Upstream> byAddress = new HashMap<>();
        for (NodeObservation seen : situation.fleet().values()) {
            byAddress.put(address(seen), new RelayView.Upstream.Node(seen.node()));
        }
        byAddress.put(situation.sources().address(), new RelayView.Upstream.Origin());
        byAddress.put(situation.sources().transferAddress(), new RelayView.Upstream.Origin());
        byAddress.remove("");
        List<RelayView.Member> members = new ArrayList<>();
        for (NodeObservation seen : situation.fleet().values()) {
            RegionId region = regions.get(seen.node());
            if (region != null && seen.connected() && !address(seen).isEmpty()) {
                AgentCommand.Pull told =
                        pkg.ref().equals(pulling.get(seen.node()))
                                ? situation.told().apply(commands.getOrDefault(seen.node(), ""))
                                : AgentCommand.Pull.NOTHING;
                members.add(member(situation, seen, region, pkg, patch, told, byAddress));
            }
        }
        return members;
    }

    /**
     * From whom a node pulls: by its report, else the parent that it was told last, since it may
     * not have reported that it pulls yet.
     */
    private static RelayView.@Nullable Upstream source(
            String reported,
            List<AgentCommand.Location> told,
            Map<String, RelayView.Upstream> byAddress) {
        String address =
                !reported.isEmpty() || told.isEmpty() ? reported : address(told.getFirst());
        return byAddress.get(address);
    }

    private static String address(AgentCommand.Location source) {
        return source.transferAddress().isEmpty() ? source.address() : source.transferAddress();
    }

    private static String address(NodeObservation seen) {
        return seen.transferAddress().isEmpty() ? seen.packageSource() : seen.transferAddress();
    }

    private static RelayView.Member member(
            Situation situation,
            NodeObservation seen,
            RegionId region,
            PackageRecord pkg,
            Optional<ContentPatch> patch,
            AgentCommand.Pull told,
            Map<String, RelayView.Upstream> byAddress) {
        NodeFacts facts = seen.facts();
        NodeFacts.Staged staged =
                Optional.ofNullable(facts)
                        .flatMap(f -> f.staged(pkg.contentSha256()))
                        .orElse(new NodeFacts.Staged(pkg.contentSha256(), 0, 0, false));
        long present = patch.map(staged::presentOf).orElse(staged.bytesPresent());
        boolean complete = patch.map(p -> present >= p.sizeBytes()).orElse(staged.complete());
        Set<NodeId> blames = new HashSet<>();
        for (String failed : staged.failedSources()) {
            if (byAddress.get(failed) instanceof RelayView.Upstream.Node(NodeId id)) {
                blames.add(id);
            }
        }
        boolean isMaster = situation.isMaster(seen.node());
        return new RelayView.Member(
                seen.node(),
                region,
                present,
                complete,
                isMaster,
                !isMaster && (facts == null || !facts.accepting()),
                facts == null ? 0 : facts.uplinkBytesPerSecond(),
                source(staged.source(), told.sources(), byAddress),
                source(staged.secondHalfSource(), told.secondHalf(), byAddress),
                blames);
    }

    private List<AgentCommand.Location> locations(
            Situation situation,
            List<RelayView.Upstream> upstreams,
            SortedMap<NodeId, RegionId> regions,
            RegionId home,
            NodeId puller) {
        return upstreams.stream()
                .map(up -> location(situation, up, regions, home, regions.get(puller)))
                .toList();
    }

    private AgentCommand.Location location(
            Situation situation,
            RelayView.Upstream upstream,
            SortedMap<NodeId, RegionId> regions,
            RegionId home,
            @Nullable RegionId puller) {
        return switch (upstream) {
            case RelayView.Upstream.Origin _ ->
                    new AgentCommand.Location(
                            situation.self().value(),
                            situation.sources().address(),
                            situation.sources().transferAddress(),
                            home.equals(puller) ? 0 : regionBytesPerSecond);
            case RelayView.Upstream.Node(NodeId id) -> {
                NodeObservation seen = situation.fleet().get(id);
                if (seen == null) {
                    throw new IllegalStateException("node %s: planned and not seen".formatted(id));
                }
                yield new AgentCommand.Location(
                        id.value(),
                        seen.packageSource(),
                        seen.transferAddress(),
                        Objects.equals(regions.get(id), puller) ? 0 : regionBytesPerSecond);
            }
        };
    }

    /** A depot is each master's own: one that took over may lack what the last one imported. */
    private static boolean hasSource(Situation situation, PackageRecord pkg) {
        return situation.sources().has(pkg.ref())
                || situation.fleet().values().stream()
                        .filter(NodeObservation::connected)
                        .map(NodeObservation::facts)
                        .anyMatch(f -> f != null && f.hasStaged(pkg.contentSha256()));
    }

    /** By the topology, whoever is there: a content does not change its way because some went. */
    private static long largest(SortedMap<NodeId, RegionId> regions) {
        return regions.values().stream()
                .collect(Collectors.groupingBy(region -> region, Collectors.counting()))
                .values()
                .stream()
                .max(Comparator.naturalOrder())
                .orElse(0L);
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

    private Optional<Told> told(NodeId node, PackageRef ref) {
        return Optional.ofNullable(plans.get(ref)).map(byNode -> byNode.get(node));
    }

    /** Why a node does not begin to pull a package yet; empty when it may. */
    Optional<String> reasonToWait(NodeId node, PackageRef ref) {
        return told(node, ref).isPresent() || holds(node, ref)
                ? Optional.empty()
                : Optional.of(whyNot(node, ref));
    }

    private boolean holds(NodeId node, PackageRef ref) {
        return holders.getOrDefault(ref, Set.of()).contains(node);
    }

    private String whyNot(NodeId node, PackageRef ref) {
        PackageRef now = pulling.get(node);
        if (now == null && closedForSteps.isPresent()) {
            return closedForSteps.get();
        }
        if (missing.containsKey(ref)) {
            return missing.get(ref);
        }
        if (awaiting.getOrDefault(ref, Set.of()).contains(node)) {
            return "the difference between its version and %s is being made".formatted(ref);
        }
        return now != null && !now.equals(ref)
                ? "it pulls %s first".formatted(now)
                : "it is not connected, or its turn has not come";
    }

    /** What is to be done about a node that pulls and does not have everything yet. */
    Verdict pulling(NodeId node, PackageRecord pkg, NodeFacts facts) {
        return pulls(node, pkg, facts)
                .<Verdict>map(stage ->
                        new Verdict.Tell(
                                stage, "%s: %s".formatted(node, progress(node, pkg, facts))))
                .orElseGet(() ->
                        new Verdict.Waiting(
                                "%s: %s; %s"
                                        .formatted(
                                                node,
                                                progress(node, pkg, facts),
                                                whyNot(node, pkg.ref()))));
    }

    private Optional<AgentCommand.AgentWork> pulls(
            NodeId node, PackageRecord pkg, NodeFacts facts) {
        return told(node, pkg.ref())
                .map(told ->
                        new AgentCommand.AgentWork.Stage(
                                pkg.manifest(),
                                pkg.signature(),
                                told.patch().isPresent() ? List.of() : told.sources(),
                                told.patch().isPresent() ? List.of() : told.secondHalf(),
                                nodeBytesPerSecond,
                                channels,
                                copiesFor(facts),
                                told.patch()
                                        .map(patch ->
                                                new AgentCommand.AgentWork.ByPatch(
                                                        patch,
                                                        told.sources(),
                                                        told.secondHalf()))));
    }

    /** As many as one message has room for; the others go with the next order. */
    private List<ChannelCopy> copiesFor(NodeFacts facts) {
        List<ChannelCopy> lacking = new ArrayList<>();
        long room = ChannelCopy.MAX_BYTES;
        for (ChannelCopy copy : copies) {
            if (facts.lacks(copy) && copy.bytes() <= room) {
                lacking.add(copy);
                room -= copy.bytes();
            }
        }
        return lacking;
    }

    private String progress(NodeId node, PackageRecord pkg, NodeFacts facts) {
        Optional<ContentPatch> patch = told(node, pkg.ref()).flatMap(Told::patch);
        if (patch.isPresent()) {
            return "has %d of %d bytes of the difference between %s and %s"
                    .formatted(
                            facts.staged(pkg.contentSha256())
                                    .map(s -> s.presentOf(patch.get()))
                                    .orElse(0L),
                            patch.get().sizeBytes(),
                            patch.get().base(),
                            pkg.ref());
        }
        return facts.staged().stream()
                .filter(s -> s.contentSha256().equals(pkg.contentSha256()))
                .findFirst()
                .map(s ->
                        "has %d of %d bytes of %s"
                                .formatted(s.bytesPresent(), s.bytesTotal(), pkg.ref()))
                .orElse("pulls " + pkg.ref());
    }
}
