package dev.sluice.control.state;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a region has left to serve with, counted pessimistically: a node that the plan may have
 * taken out, or that is not known to serve, is out. This keeps the budget over several primaries,
 * where refusing old ballots alone does not.
 *
 * @param baseline nodes that would accept if nothing were wrong: all but those an operator closed
 * @param required how many of them have to accept at any time
 * @param out nodes of the baseline that are out, or may be
 * @param closed those of them that the plan has taken out already
 */
public record Capacity(
        RegionId region, Set<NodeId> baseline, int required, Set<NodeId> out, Set<NodeId> closed) {

    public Capacity {
        baseline = Set.copyOf(baseline);
        out = Set.copyOf(out);
        closed = Set.copyOf(closed);
    }

    /**
     * Counts a region.
     *
     * @param notServing nodes not known to serve now
     */
    public static Capacity of(ClusterState state, RegionId region, Set<NodeId> notServing) {
        Set<NodeId> baseline = new TreeSet<>();
        Set<NodeId> out = new TreeSet<>();
        Set<NodeId> closed = new TreeSet<>();
        for (TrafficNode node : StepDecisions.regionOf(state, region)) {
            if (state.operatorClosed().contains(node.id())) {
                continue;
            }
            baseline.add(node.id());
            boolean byPlan =
                    state.currentUpgrade().filter(u -> isOutByPlan(u, node.id())).isPresent();
            if (byPlan) {
                closed.add(node.id());
            }
            if (byPlan || notServing.contains(node.id())) {
                out.add(node.id());
            }
        }
        double share =
                state.currentUpgrade()
                        .map(u -> u.blueprint().policy())
                        .orElseGet(state::policy)
                        .minAcceptingShare();
        return new Capacity(
                region, baseline, (int) Math.floor(share * baseline.size()), out, closed);
    }

    public int serving() {
        return baseline.size() - out.size();
    }

    /**
     * Why closing this node would leave too few; empty when it would not. One that is not known to
     * serve may serve: the others have to be enough without it.
     */
    public Optional<String> refusesToClose(NodeId node) {
        if (!baseline.contains(node) || closed.contains(node)) {
            return Optional.empty();
        }
        int left = serving() - (out.contains(node) ? 0 : 1);
        return left >= required
                ? Optional.empty()
                : Optional.of(
                        "closing it would leave %d of %d nodes of region %s accepting, %d are required; out or not known to serve: %s"
                                .formatted(
                                        left,
                                        baseline.size(),
                                        region,
                                        required,
                                        new TreeSet<>(out)));
    }

    /** Whether the plan may have taken a node out of service and has not given it back. */
    public static boolean isOutByPlan(Upgrade upgrade, NodeId node) {
        boolean out = false;
        for (Step step : upgrade.graph().stepsOf(node)) {
            switch (step.work()) {
                case Work.CloseAdmission _ -> out |= upgrade.record(step.id()).attempts() > 0;
                case Work.OpenAdmission _ ->
                        out &= upgrade.statusOf(step.id()) != StepStatus.SUCCEEDED;
                default -> {}
            }
        }
        return out;
    }
}
