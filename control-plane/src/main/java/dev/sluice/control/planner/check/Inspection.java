package dev.sluice.control.planner.check;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.planner.PlanningInput;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One blueprint under inspection: what was asked for, what was written, what was found so far. */
final class Inspection {

    /**
     * Violations kept of each rule. A blueprint that breaks a rule on every node of a large cluster
     * says nothing more by saying it ten thousand times.
     */
    static final int MAX_OF_A_RULE = 20;

    private final PlanningInput input;
    private final Blueprint blueprint;
    private final StepGraph graph;
    private final Map<NodeId, Master> masters = new HashMap<>();
    private final Map<NodeId, TrafficNode> nodes = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();
    private final Map<Rule, Integer> counts = new EnumMap<>(Rule.class);

    Inspection(PlanningInput input, Blueprint blueprint) {
        this.input = input;
        this.blueprint = blueprint;
        this.graph = new StepGraph(blueprint);
        input.topology().masters().forEach(m -> masters.put(m.id(), m));
        input.topology().nodes().forEach(n -> nodes.put(n.id(), n));
        graph.violations().forEach(this::report);
    }

    PlanningInput input() {
        return input;
    }

    Blueprint blueprint() {
        return blueprint;
    }

    StepGraph graph() {
        return graph;
    }

    Optional<Master> master(NodeId id) {
        return Optional.ofNullable(masters.get(id));
    }

    Optional<TrafficNode> trafficNode(NodeId id) {
        return Optional.ofNullable(nodes.get(id));
    }

    Optional<RegionId> regionOf(NodeId id) {
        return master(id).map(Master::region).or(() -> trafficNode(id).map(TrafficNode::region));
    }

    void report(Rule rule, String subject, String reason) {
        report(new Violation(rule, subject, reason));
    }

    void report(Rule rule, Step step, String reason) {
        report(rule, "step %s (%s on %s)".formatted(step.id(), step.kind(), step.node()), reason);
    }

    private void report(Violation violation) {
        if (counts.merge(violation.rule(), 1, Integer::sum) <= MAX_OF_A_RULE) {
            violations.add(violation);
        }
    }

    boolean isClean() {
        return violations.isEmpty();
    }

    List<Violation> violations() {
        return List.copyOf(violations);
    }
}
