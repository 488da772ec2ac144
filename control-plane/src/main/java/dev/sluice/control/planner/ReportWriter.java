package dev.sluice.control.planner;

import dev.sluice.control.model.Halves;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.Plan.PlanningReport;
import dev.sluice.control.model.Plan.Wait;
import dev.sluice.control.model.Policy.OnDeadline;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.TrafficNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Says why each thing waits: one line for each node, whatever the size of the cluster. */
final class ReportWriter {

    private final PlanningInput input;
    private final Strategy strategy;
    private final Route route;
    private final SortedMap<RegionId, RegionCapacity> regions;
    private final SortedMap<RegionId, Halves> halves;
    private final List<Wait> waits = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    ReportWriter(
            PlanningInput input,
            Strategy strategy,
            Route route,
            SortedMap<RegionId, RegionCapacity> regions,
            SortedMap<RegionId, Halves> halves) {
        this.input = input;
        this.strategy = strategy;
        this.route = route;
        this.regions = regions;
        this.halves = halves;
    }

    PlanningReport write() {
        masters();
        halves.forEach(this::region);
        input.topology().nodes().stream()
                .filter(n -> !route.moves(n.id()))
                .forEach(n -> wait(n.id().value(), "nothing", "it has every package of the path"));
        warnings();
        return new PlanningReport(waits, warnings);
    }

    private void wait(String subject, String waitsFor, String reason) {
        waits.add(new Wait(subject, waitsFor, reason));
    }

    private void masters() {
        Master primary = input.topology().primary().orElseThrow();
        String a = primary.id().value();
        List<Master> backups = input.topology().backups();
        String b = backups.isEmpty() ? "" : backups.getFirst().id().value();
        switch (strategy) {
            case SINGLE -> wait(a, "staged packages", "it is the only node");
            case PAIR_SYNC -> {
                wait(a, b, "its data must be on the backup before the failover is broken");
                wait(b, a, "the primary is upgraded and verified first");
            }
            case PAIR_ASYNC -> {
                wait(b, a, "it must have the primary's data before the failover is broken");
                wait(a, b, "it serves until the backup is upgraded, verified and promoted");
            }
            case CLUSTER -> {
                wait(b, "the first half", "no session may run on a node that changes its master");
                wait(a, "the second half", "it serves the old nodes until they have moved to " + b);
                String previous = a;
                for (Master spare : backups.subList(1, backups.size())) {
                    wait(spare.id().value(), previous, "one backup master is upgraded at a time");
                    previous = spare.id().value();
                }
            }
            case CLUSTER_SINGLE_MASTER ->
                    wait(a, "the first half", "it is upgraded between the halves");
            case REPLACE_HARDWARE, ROLLBACK -> {}
        }
    }

    private void region(RegionId region, Halves chosen) {
        Map<NodeId, TrafficNode> byId = new HashMap<>();
        regions.getOrDefault(region, none(region)).nodes().forEach(n -> byId.put(n.id(), n));
        String gate = gate();
        String why = "an upgraded node serves under an upgraded master only";
        for (NodeId id : chosen.first()) {
            wait(id.value(), gate, why + closed(byId, id));
        }
        String previous =
                chosen.first().size() == 1
                        ? chosen.first().getFirst().value()
                        : "the first half of " + region;
        int number = 1;
        for (List<NodeId> wave : chosen.waves()) {
            if (chosen.first().contains(wave.getFirst())) {
                continue;
            }
            number++;
            for (NodeId id : wave) {
                wait(
                        id.value(),
                        previous,
                        "it serves %s until those nodes accept again".formatted(region));
            }
            previous =
                    wave.size() == 1
                            ? wave.getFirst().value()
                            : "wave %d of %s".formatted(number, region);
        }
    }

    private String gate() {
        Master gate =
                strategy == Strategy.CLUSTER
                        ? input.topology().backups().getFirst()
                        : input.topology().primary().orElseThrow();
        return gate.id().value();
    }

    private static RegionCapacity none(RegionId region) {
        return new RegionCapacity(region, List.of(), 0, 0, 0);
    }

    private static String closed(Map<NodeId, TrafficNode> byId, NodeId id) {
        TrafficNode node = byId.get(id);
        return node == null || node.accepting()
                ? ""
                : "; its operator took it out of service, and it stays out";
    }

    private void warnings() {
        if (input.withoutBackup()) {
            warnings.add("no backup of settings and configuration is taken: asked for by name");
        }
        if (route.passes().size() > 1) {
            warnings.add(
                    "%d SITE packages on the path: the whole cluster is passed %d times, with a soak between"
                            .formatted(route.passes().size(), route.passes().size()));
        }
        clients();
        switch (strategy) {
            case SINGLE, PAIR_SYNC ->
                    warnings.add(
                            "the service is interrupted while master %s is upgraded"
                                    .formatted(input.topology().primary().orElseThrow().id()));
            case CLUSTER_SINGLE_MASTER ->
                    warnings.add(
                            "no region takes new client connections while master %s is upgraded; running ones stay"
                                    .formatted(input.topology().primary().orElseThrow().id()));
            case PAIR_ASYNC, CLUSTER, REPLACE_HARDWARE, ROLLBACK -> {}
        }
        regions.values().forEach(this::regionWarnings);
        mastersAlone();
    }

    private void clients() {
        long connected =
                input.topology().nodes().stream()
                        .filter(n -> route.moves(n.id()))
                        .mapToLong(TrafficNode::connected)
                        .sum();
        if (input.policy().drain().onDeadline() == OnDeadline.CUT) {
            warnings.add(
                    "clients still connected %s after admission was closed are cut: %d are connected now and could be cut"
                            .formatted(input.policy().drain().deadline(), connected));
        }
        for (List<PackageDescriptor> pass : route.passes()) {
            pass.stream()
                    .filter(PackageDescriptor::invalidatesClients)
                    .forEach(p -> warnings.add("%s makes every client upgrade".formatted(p.ref())));
        }
    }

    private void regionWarnings(RegionCapacity region) {
        Halves chosen = halves.get(region.region());
        if (chosen == null) {
            return;
        }
        List<NodeId> serving = moving(region, TrafficNode::serves);
        if (region.isSingleNode() && !serving.isEmpty()) {
            warnings.add(
                    "region %s: node %s is the only one that serves; from its drain to its return no client can connect there"
                            .formatted(region.region(), serving.getFirst()));
        } else if (!serving.isEmpty()
                && chosen.second().isEmpty()
                && serving.size() == region.serving()) {
            warnings.add(
                    "region %s: all %d nodes that serve are upgraded at once; no client can connect there meanwhile"
                            .formatted(region.region(), serving.size()));
        }
        List<NodeId> closed = moving(region, n -> !n.accepting());
        if (!closed.isEmpty()) {
            warnings.add(
                    "region %s: %s upgraded but not put into service, since an operator took it out"
                            .formatted(region.region(), BudgetRules.some(closed)));
        }
        List<NodeId> unhealthy = moving(region, n -> !n.healthy());
        if (!unhealthy.isEmpty()) {
            warnings.add(
                    "region %s: %s unhealthy; goes in the first half, is not counted as capacity and uses up the failure budget"
                            .formatted(region.region(), BudgetRules.some(unhealthy)));
        }
    }

    private List<NodeId> moving(RegionCapacity region, Predicate<TrafficNode> wanted) {
        return region.nodes().stream()
                .filter(wanted)
                .map(TrafficNode::id)
                .filter(route::moves)
                .toList();
    }

    private void mastersAlone() {
        if (regions.isEmpty()) {
            return;
        }
        NavigableSet<RegionId> alone = new TreeSet<>();
        input.topology().masters().stream()
                .map(Master::region)
                .filter(r -> !regions.containsKey(r))
                .forEach(alone::add);
        alone.forEach(r -> warnings.add("region %s has masters but no traffic nodes".formatted(r)));
    }
}
