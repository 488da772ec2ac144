package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.state.Capacity;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which nodes an upgrade is about to disrupt, so that they are no witnesses meanwhile: witnesses
 * are an upgrade group of their own.
 */
public final class WitnessDuty {

    private WitnessDuty() {}

    /** Nodes taken out of service by the plan, or whose install runs or is the next to begin. */
    public static Set<NodeId> unfit(ClusterState state) {
        Set<NodeId> unfit = new TreeSet<>();
        state.currentUpgrade()
                .filter(upgrade -> !upgrade.status().isOver())
                .ifPresent(upgrade -> collect(upgrade, unfit));
        return unfit;
    }

    private static void collect(Upgrade upgrade, Set<NodeId> unfit) {
        unfit.addAll(upgrade.setAside().keySet());
        for (Step step : upgrade.graph().steps()) {
            if (step.kind() == StepKind.INSTALL) {
                StepStatus status = upgrade.statusOf(step.id());
                boolean isNext = status == StepStatus.PENDING && upgrade.isReady(step);
                if (isNext || status == StepStatus.RUNNING) {
                    unfit.add(step.node());
                }
            } else if (step.kind() == StepKind.CLOSE_ADMISSION
                    && Capacity.isOutByPlan(upgrade, step.node())) {
                unfit.add(step.node());
            }
        }
    }
}
