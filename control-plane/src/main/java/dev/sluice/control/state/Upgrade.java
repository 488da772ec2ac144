package dev.sluice.control.state;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * The running or last upgrade.
 *
 * @param records what is known of the steps that have begun
 * @param setAside nodes that failed and were left out, with the reason
 * @param leftClosed nodes that this upgrade or an earlier one took out and did not give back; they
 *     stay closed until a plan or their operator opens them
 * @param haltReasons why it is halted; empty when it is not
 * @param replaces what was installed anywhere when it was planned: what a rollback would install;
 *     empty: a release planned it that did not record this
 */
public record Upgrade(
        PlanId id,
        PlanGraph graph,
        UpgradeStatus status,
        TreePMap<StepId, StepRecord> records,
        TreePMap<NodeId, String> setAside,
        List<String> haltReasons,
        List<String> warnings,
        List<NodeId> leftClosed,
        Actor plannedBy,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        List<PackageRef> replaces) {

    public Upgrade {
        replaces = List.copyOf(replaces);
        haltReasons = List.copyOf(haltReasons);
        warnings = List.copyOf(warnings);
        leftClosed = List.copyOf(leftClosed);
    }

    public Blueprint blueprint() {
        return graph.blueprint();
    }

    public StepRecord record(StepId step) {
        return records.getOrDefault(step, StepRecord.PENDING);
    }

    public StepStatus statusOf(StepId step) {
        return record(step).status();
    }

    /**
     * Every step it waits for is over. One that was skipped hands its waits on: otherwise what
     * stands behind a node that is set aside would begin before its turn.
     */
    public boolean isReady(Step step) {
        return isReady(step, new HashSet<>());
    }

    private boolean isReady(Step step, Set<StepId> seen) {
        for (StepId before : step.after()) {
            StepStatus status = statusOf(before);
            if (!status.isOver()) {
                return false;
            }
            if (status == StepStatus.SKIPPED
                    && seen.add(before)
                    && !isReady(graph.step(before).orElseThrow(), seen)) {
                return false;
            }
        }
        return true;
    }

    public int stepsOver() {
        return Math.toIntExact(records.values().stream().filter(r -> r.status().isOver()).count());
    }

    Upgrade with(UpgradeStatus next) {
        return new Upgrade(
                id,
                graph,
                next,
                records,
                setAside,
                haltReasons,
                warnings,
                leftClosed,
                plannedBy,
                startedAt,
                endedAt,
                replaces);
    }

    Upgrade started(Instant at) {
        return new Upgrade(
                id,
                graph,
                UpgradeStatus.RUNNING,
                records,
                setAside,
                haltReasons,
                warnings,
                leftClosed,
                plannedBy,
                at,
                null,
                replaces);
    }

    Upgrade ended(UpgradeStatus how, List<NodeId> closed, Instant at) {
        return new Upgrade(
                id,
                graph,
                how,
                records,
                setAside,
                haltReasons,
                warnings,
                closed,
                plannedBy,
                startedAt,
                at,
                replaces);
    }

    Upgrade halted(List<String> reasons) {
        return new Upgrade(
                id,
                graph,
                UpgradeStatus.HALTED,
                records,
                setAside,
                reasons,
                warnings,
                leftClosed,
                plannedBy,
                startedAt,
                endedAt,
                replaces);
    }

    Upgrade resumed() {
        TreePMap<StepId, StepRecord> forgiven = records;
        for (var entry : records.entrySet()) {
            if (entry.getValue().failures() > 0 && !entry.getValue().status().isOver()) {
                forgiven = forgiven.plus(entry.getKey(), entry.getValue().forgiven());
            }
        }
        return new Upgrade(
                id,
                graph,
                UpgradeStatus.RUNNING,
                forgiven,
                setAside,
                List.of(),
                warnings,
                leftClosed,
                plannedBy,
                startedAt,
                endedAt,
                replaces);
    }

    Upgrade with(StepId step, StepRecord record) {
        return new Upgrade(
                id,
                graph,
                status,
                records.plus(step, record),
                setAside,
                haltReasons,
                warnings,
                leftClosed,
                plannedBy,
                startedAt,
                endedAt,
                replaces);
    }

    Upgrade withLeftClosed(List<NodeId> closed) {
        return new Upgrade(
                id,
                graph,
                status,
                records,
                setAside,
                haltReasons,
                warnings,
                closed,
                plannedBy,
                startedAt,
                endedAt,
                replaces);
    }

    Upgrade withoutLeftClosed(NodeId node) {
        return leftClosed.contains(node)
                ? withLeftClosed(leftClosed.stream().filter(n -> !n.equals(node)).toList())
                : this;
    }

    Upgrade withSetAside(NodeId node, String reason) {
        return new Upgrade(
                id,
                graph,
                status,
                records,
                setAside.plus(node, reason),
                haltReasons,
                warnings,
                leftClosed,
                plannedBy,
                startedAt,
                endedAt,
                replaces);
    }
}
