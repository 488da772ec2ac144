package dev.sluice.loadtest.sim;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.executor.Situation;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.planner.Planner;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.planner.PlanningResult;
import dev.sluice.control.planner.check.BlueprintChecker;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.PackageRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Plans an upgrade of the cluster as a primary observes it, as the operators' service does. */
final class OperatorPlan {

    private final World world;
    private final ClusterState state;
    private final Ballot ballot;
    private final SortedMap<NodeId, NodeObservation> fleet;

    OperatorPlan(World world, SimMaster primary, Ballot ballot) {
        this.world = world;
        this.state = primary.controller().state();
        this.ballot = ballot;
        this.fleet = primary.fleet().observe();
    }

    /** The plan; empty while a node is not known, or the planner refuses. */
    Optional<Blueprint> blueprint() {
        Optional<Topology> observed = observed();
        if (observed.isEmpty()) {
            return Optional.empty();
        }
        List<PackageDescriptor> known = new ArrayList<>();
        for (PackageRecord record : state.packages().values()) {
            known.add(record.descriptor());
        }
        SortedMap<PackageName, Version> target = new TreeMap<>();
        target.put(
                new PackageName(Packages.SITE),
                Version.parse(world.packages().all().getLast().version().value()));
        PlanningInput input =
                new PlanningInput(
                        observed.get(),
                        Catalogue.of(known),
                        target,
                        state.policy(),
                        Optional.<Strategy>empty(),
                        false);
        return switch (Planner.plan(input)) {
            case PlanningResult.Refused(var refusals) -> {
                world.trace().say("operator", () -> "no plan: " + refusals);
                yield Optional.empty();
            }
            case PlanningResult.Planned(var plan) -> {
                var violations = BlueprintChecker.check(input, plan.blueprint());
                if (!violations.isEmpty()) {
                    throw new IllegalStateException("an unsound plan: " + violations);
                }
                yield Optional.of(plan.blueprint());
            }
        };
    }

    private Optional<Topology> observed() {
        Topology founding = state.topology();
        if (founding == null) {
            return Optional.empty();
        }
        List<Master> masters = new ArrayList<>();
        for (Master master : founding.masters()) {
            Optional<NodeFacts> facts = facts(master.id());
            if (facts.isEmpty()) {
                return Optional.empty();
            }
            boolean primary = master.id().equals(ballot.master());
            masters.add(
                    new Master(
                            master.id(),
                            primary ? MasterRole.PRIMARY : MasterRole.BACKUP,
                            master.region(),
                            master.hardware(),
                            facts.get().installed()));
        }
        List<TrafficNode> nodes = new ArrayList<>();
        for (TrafficNode node : founding.nodes()) {
            Optional<NodeFacts> facts = facts(node.id());
            if (facts.isEmpty()) {
                return Optional.empty();
            }
            nodes.add(
                    new TrafficNode(
                            node.id(),
                            node.region(),
                            node.zone(),
                            node.hardware(),
                            node.capacity(),
                            facts.get().clients(),
                            !state.operatorClosed().contains(node.id()),
                            facts.get().service().healthy(),
                            facts.get().installed()));
        }
        return Optional.of(new Topology(founding.name(), masters, nodes));
    }

    private Optional<NodeFacts> facts(NodeId node) {
        NodeObservation seen = fleet.get(node);
        if (seen == null
                || !seen.connected()
                || !ballot.equals(seen.fenced())
                || seen.age().compareTo(Situation.STALE_AFTER) > 0) {
            return Optional.empty();
        }
        return Optional.ofNullable(seen.facts());
    }
}
