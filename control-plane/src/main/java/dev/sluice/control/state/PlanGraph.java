package dev.sluice.control.state;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A blueprint with its steps findable by id and by node; derived once, linear in the steps. */
public final class PlanGraph {

    private final Blueprint blueprint;
    private final Map<StepId, Step> byId;
    private final Map<NodeId, List<Step>> byNode;

    public PlanGraph(Blueprint blueprint) {
        this.blueprint = blueprint;
        this.byId = HashMap.newHashMap(blueprint.steps().size());
        this.byNode = new HashMap<>();
        for (Step step : blueprint.steps()) {
            byId.put(step.id(), step);
            byNode.computeIfAbsent(step.node(), _ -> new ArrayList<>()).add(step);
        }
    }

    public Blueprint blueprint() {
        return blueprint;
    }

    public List<Step> steps() {
        return blueprint.steps();
    }

    public Optional<Step> step(StepId id) {
        return Optional.ofNullable(byId.get(id));
    }

    /** The steps done to a node, in the blueprint's order. */
    public List<Step> stepsOf(NodeId node) {
        return Collections.unmodifiableList(byNode.getOrDefault(node, List.of()));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PlanGraph that && blueprint.equals(that.blueprint);
    }

    @Override
    public int hashCode() {
        return blueprint.hashCode();
    }
}
