package dev.sluice.control.state;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Decisions about single steps: their start inside the budget, their end, their failure. */
final class StepDecisions {

    /** Attempts of a step before its node is set aside, or the upgrade halts. */
    static final int MAX_FAILURES = 3;

    private StepDecisions() {}

    static Decision decide(ClusterState state, Command.OfStep command) {
        Optional<Upgrade> upgrade = state.upgrade(command.plan());
        if (upgrade.isEmpty()) {
            return Decision.rejected("plan " + command.plan(), "is not the current plan");
        }
        Optional<Step> step = upgrade.get().graph().step(command.step());
        if (step.isEmpty()) {
            return Decision.rejected("step " + command.step(), "is not in plan " + command.plan());
        }
        return switch (command) {
            case Command.StartStep start -> start(state, upgrade.get(), step.get(), start);
            case Command.CompleteStep complete ->
                    running(
                            upgrade.get(),
                            step.get(),
                            () -> complete(state, upgrade.get(), step.get(), complete.evidence()));
            case Command.FailStep fail ->
                    running(
                            upgrade.get(),
                            step.get(),
                            () -> fail(state, upgrade.get(), step.get(), fail));
            case Command.HoldDrain hold ->
                    running(
                            upgrade.get(),
                            step.get(),
                            () ->
                                    upgrade.get().record(hold.step()).heldClients()
                                                    == hold.clients()
                                            ? Decision.accepted()
                                            : Decision.accepted(
                                                    new Event.DrainHeld(
                                                            hold.plan(),
                                                            hold.step(),
                                                            hold.clients())));
        };
    }

    private static Decision start(
            ClusterState state, Upgrade upgrade, Step step, Command.StartStep command) {
        if (upgrade.status() != UpgradeStatus.RUNNING) {
            return Decision.rejected(
                    "upgrade " + upgrade.id(), "expected it RUNNING, found it " + upgrade.status());
        }
        StepRecord record = upgrade.record(step.id());
        if (record.status() != StepStatus.PENDING || !upgrade.isReady(step)) {
            return Decision.rejected(
                    "step " + step.id(),
                    "can't start: it is %s and %s"
                            .formatted(
                                    record.status(),
                                    upgrade.isReady(step)
                                            ? "nothing it waits for is open"
                                            : "waits for another step"));
        }
        if (step.work() instanceof Work.CloseAdmission(var node)) {
            Optional<String> over =
                    Capacity.of(state, step.region(), command.notServing()).refusesToClose(node);
            if (over.isPresent()) {
                return Decision.rejected("node " + node, over.get());
            }
        }
        return Decision.accepted(
                new Event.StepStarted(upgrade.id(), step.id(), record.attempts() + 1));
    }

    private static Decision complete(
            ClusterState state, Upgrade upgrade, Step step, List<String> evidence) {
        PlanId plan = upgrade.id();
        Event succeeded = new Event.StepSucceeded(plan, step.id(), evidence);
        return switch (step.work()) {
            case Work.Freeze _ -> Decision.accepted(succeeded, new Event.ConfigurationFrozen(plan));
            case Work.Unfreeze _ ->
                    Decision.accepted(succeeded, new Event.ConfigurationUnfrozen(plan));
            case Work.BreakFailover _ ->
                    Decision.accepted(succeeded, new Event.FailoverBroken(plan));
            case Work.RestoreFailover _ ->
                    Decision.accepted(succeeded, new Event.FailoverRestored(plan));
            case Work.Resync _ -> {
                List<String> forced =
                        state.configuration().forced().stream()
                                .filter(c -> !c.overwritten())
                                .map(Configuration.ForcedChange::key)
                                .distinct()
                                .toList();
                yield forced.isEmpty()
                        ? Decision.accepted(succeeded)
                        : Decision.accepted(
                                succeeded, new Event.ForcedChangesOverwritten(plan, forced));
            }
            default -> Decision.accepted(succeeded);
        };
    }

    private static Decision fail(
            ClusterState state, Upgrade upgrade, Step step, Command.FailStep fail) {
        StepRecord record = upgrade.record(step.id());
        if (fail.attempt() != record.attempts()) {
            return Decision.rejected(
                    "step " + step.id(),
                    "attempt %d can't fail, attempt %d is running"
                            .formatted(fail.attempt(), record.attempts()));
        }
        List<Event> events = new ArrayList<>();
        events.add(
                new Event.StepAttemptFailed(
                        upgrade.id(), step.id(), fail.attempt(), fail.reason()));
        if (fail.retryable() && record.failures() + 1 < MAX_FAILURES) {
            return new Decision.Accepted(events);
        }
        String reason = "%s failed: %s".formatted(step.kind(), fail.reason());
        Optional<TrafficNode> node =
                state.trafficNodes().stream().filter(n -> n.id().equals(step.node())).findFirst();
        if (node.isEmpty()) {
            events.add(
                    new Event.UpgradeHalted(
                            upgrade.id(),
                            List.of(
                                    "step %s on %s: %s"
                                            .formatted(step.id(), step.node(), reason))));
        } else {
            setAside(state, upgrade, node.get(), reason, events);
        }
        return new Decision.Accepted(events);
    }

    private static void setAside(
            ClusterState state,
            Upgrade upgrade,
            TrafficNode node,
            String reason,
            List<Event> events) {
        events.add(new Event.NodeSetAside(upgrade.id(), node.id(), reason));
        for (Step left : upgrade.graph().stepsOf(node.id())) {
            if (!upgrade.statusOf(left.id()).isOver()) {
                events.add(
                        new Event.StepSkipped(
                                upgrade.id(), left.id(), "node " + node.id() + " is set aside"));
            }
        }
        Policy.FailureBudget budget = upgrade.blueprint().policy().failureBudget();
        int total = upgrade.setAside().size() + 1;
        int inRegion =
                1
                        + Math.toIntExact(
                                state.trafficNodes().stream()
                                        .filter(n ->
                                                n.region().equals(node.region())
                                                        && upgrade.setAside().containsKey(n.id()))
                                        .count());
        List<String> over = new ArrayList<>();
        if (inRegion > budget.perRegion()) {
            over.add(
                    overBudget(
                            "region " + node.region(),
                            inRegion,
                            budget.perRegion(),
                            node.id(),
                            reason));
        }
        if (total > budget.total()) {
            over.add(overBudget("cluster", total, budget.total(), node.id(), reason));
        }
        if (!over.isEmpty()) {
            events.add(new Event.UpgradeHalted(upgrade.id(), over));
        }
    }

    private static String overBudget(
            String where, int failed, int allowed, NodeId last, String reason) {
        return "%s: %d nodes have failed, the budget allows %d; the last is %s (%s)"
                .formatted(where, failed, allowed, last, reason);
    }

    static Decision confirm(ClusterState state, StepId id, boolean right, Actor actor) {
        return runningStep(
                state,
                id,
                (upgrade, step) ->
                        step.work() instanceof Work.Confirm
                                ? Decision.accepted(
                                        new Event.StepConfirmed(upgrade.id(), id, right, actor))
                                : Decision.rejected(
                                        "step " + id,
                                        "expected a CONFIRM step, found " + step.kind()));
    }

    static Decision decideDrain(
            ClusterState state, StepId id, DrainDecision decision, Actor actor) {
        return runningStep(
                state,
                id,
                (upgrade, step) -> {
                    if (!(step.work() instanceof Work.Drain)) {
                        return Decision.rejected(
                                "step " + id, "expected a DRAIN step, found " + step.kind());
                    }
                    return upgrade.record(id).heldClients() == 0
                            ? Decision.rejected(
                                    "step " + id,
                                    "expected a drain held at its deadline, found one that still runs")
                            : Decision.accepted(
                                    new Event.DrainDecided(upgrade.id(), id, decision, actor));
                });
    }

    private static Decision runningStep(
            ClusterState state,
            StepId id,
            java.util.function.BiFunction<Upgrade, Step, Decision> decide) {
        Optional<Upgrade> upgrade = state.currentUpgrade();
        Optional<Step> step = upgrade.flatMap(u -> u.graph().step(id));
        if (upgrade.isEmpty() || step.isEmpty()) {
            return Decision.rejected("step " + id, "is not in the current plan");
        }
        return running(upgrade.get(), step.get(), () -> decide.apply(upgrade.get(), step.get()));
    }

    private static Decision running(
            Upgrade upgrade, Step step, java.util.function.Supplier<Decision> decide) {
        if (upgrade.status() == UpgradeStatus.ABORTING || upgrade.status().isOver()) {
            return Decision.rejected(
                    "upgrade " + upgrade.id(),
                    "expected it to go on, found it %s; nothing is decided about its steps any more"
                            .formatted(upgrade.status()));
        }
        StepStatus status = upgrade.statusOf(step.id());
        return status == StepStatus.RUNNING
                ? decide.get()
                : Decision.rejected("step " + step.id(), "expected it RUNNING, found it " + status);
    }

    static List<TrafficNode> regionOf(ClusterState state, RegionId region) {
        return state.trafficNodes().stream().filter(n -> n.region().equals(region)).toList();
    }
}
