package dev.sluice.control.state;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Decisions about an upgrade as a whole. */
final class UpgradeDecisions {

    private UpgradeDecisions() {}

    static Decision accept(ClusterState state, Command.AcceptPlan command) {
        var running =
                state.currentUpgrade()
                        .filter(u -> !u.status().isOver() && u.status() != UpgradeStatus.PLANNED);
        if (running.isPresent()) {
            return Decision.rejected(
                    "plan " + command.plan(),
                    "upgrade %s is %s; one upgrade runs at a time"
                            .formatted(running.get().id(), running.get().status()));
        }
        if (state.upgrade(command.plan()).isPresent()) {
            return Decision.rejected(
                    "plan " + command.plan(),
                    "expected a plan id that was not used before, found that of the last plan; plan again");
        }
        Optional<String> defect = PlanShape.defect(command.blueprint(), command.warnings());
        if (defect.isPresent()) {
            return Decision.rejected("plan " + command.plan(), defect.get());
        }
        boolean backsUp =
                command.blueprint().steps().stream().anyMatch(s -> s.kind() == StepKind.BACKUP);
        if (!backsUp && !command.blueprint().withoutBackup()) {
            return Decision.rejected(
                    "plan " + command.plan(),
                    "it takes no backup; an upgrade begins with one unless the operator asks for none by name (--without-backup)");
        }
        for (PackageRef ref : command.blueprint().path()) {
            if (!state.packages().containsKey(ref)) {
                return Decision.rejected(
                        "package " + ref, "is not imported; import it and plan again");
            }
        }
        return Decision.accepted(
                new Event.UpgradePlanned(
                        command.plan(),
                        command.blueprint(),
                        command.warnings(),
                        command.actor(),
                        command.replaces()));
    }

    static Decision start(ClusterState state, Command.StartUpgrade command) {
        var upgrade = state.upgrade(command.plan());
        if (upgrade.isEmpty()) {
            return Decision.rejected(
                    "plan " + command.plan(),
                    "is not the current plan, which is %s; plan again"
                            .formatted(
                                    state.currentUpgrade()
                                            .map(u -> u.id().toString())
                                            .orElse("none")));
        }
        if (upgrade.get().status() != UpgradeStatus.PLANNED) {
            return Decision.rejected(
                    "plan " + command.plan(),
                    "expected a plan that was not started, found one that is %s"
                            .formatted(upgrade.get().status()));
        }
        return Decision.accepted(new Event.UpgradeStarted(command.plan(), command.actor()));
    }

    static Decision pause(ClusterState state, Actor actor) {
        return inStatus(
                state,
                "pause",
                List.of(UpgradeStatus.RUNNING),
                u -> Decision.accepted(new Event.UpgradePaused(u.id(), actor)));
    }

    static Decision resume(ClusterState state, Actor actor) {
        return inStatus(
                state,
                "resume",
                List.of(UpgradeStatus.PAUSED, UpgradeStatus.HALTED),
                u -> Decision.accepted(new Event.UpgradeResumed(u.id(), actor)));
    }

    static Decision abort(ClusterState state, String reason, Actor actor) {
        return inStatus(
                state,
                "abort",
                List.of(
                        UpgradeStatus.PLANNED,
                        UpgradeStatus.RUNNING,
                        UpgradeStatus.PAUSED,
                        UpgradeStatus.HALTED),
                u -> {
                    Event requested = new Event.AbortRequested(u.id(), reason, actor);
                    return u.status() == UpgradeStatus.PLANNED
                            ? Decision.accepted(
                                    requested, new Event.UpgradeAborted(u.id(), List.of()))
                            : Decision.accepted(requested);
                });
    }

    static Decision finishAbort(ClusterState state, PlanId plan, List<NodeId> leftClosed) {
        return inStatus(
                state,
                "finish the abort of",
                List.of(UpgradeStatus.ABORTING),
                u -> {
                    List<Event> events = new ArrayList<>();
                    if (plan.equals(state.configuration().frozenBy())) {
                        events.add(new Event.ConfigurationUnfrozen(plan));
                    }
                    if (state.failoverBroken()) {
                        events.add(new Event.FailoverRestored(plan));
                    }
                    events.addAll(keptClosed(state, u, leftClosed));
                    events.add(new Event.UpgradeAborted(plan, leftClosed));
                    return new Decision.Accepted(events);
                });
    }

    static Decision complete(ClusterState state, PlanId plan) {
        return inStatus(
                state,
                "complete",
                List.of(UpgradeStatus.RUNNING),
                u -> {
                    var open =
                            u.graph().steps().stream()
                                    .filter(s -> !u.statusOf(s.id()).isOver())
                                    .findFirst();
                    if (open.isPresent()) {
                        return Decision.rejected(
                                "plan " + plan,
                                "step %s (%s %s) is not over"
                                        .formatted(
                                                open.get().id(),
                                                open.get().kind(),
                                                open.get().node()));
                    }
                    List<Event> events = new ArrayList<>(keptClosed(state, u, List.of()));
                    events.add(new Event.UpgradeCompleted(plan));
                    return new Decision.Accepted(events);
                });
    }

    /**
     * Nodes that the upgrade leaves out of service stay so for good: only an operator, who knows
     * what they run, gives them back.
     */
    private static List<Event> keptClosed(
            ClusterState state, Upgrade upgrade, List<NodeId> leftClosed) {
        Set<NodeId> closed = new TreeSet<>(leftClosed);
        upgrade.setAside().keySet().stream()
                .filter(node -> Capacity.isOutByPlan(upgrade, node))
                .forEach(closed::add);
        closed.removeAll(state.operatorClosed());
        return closed.stream()
                .<Event>map(node -> new Event.NodeAdmissionChosen(node, false, Actor.SLUICE))
                .toList();
    }

    private static Decision inStatus(
            ClusterState state,
            String verb,
            List<UpgradeStatus> expected,
            java.util.function.Function<Upgrade, Decision> decide) {
        var upgrade = state.currentUpgrade();
        if (upgrade.isEmpty()) {
            return Decision.rejected("upgrade", "there is none to " + verb);
        }
        if (!expected.contains(upgrade.get().status())) {
            return Decision.rejected(
                    "upgrade " + upgrade.get().id(),
                    "can't %s it: expected it %s, found it %s"
                            .formatted(verb, expected, upgrade.get().status()));
        }
        return decide.apply(upgrade.get());
    }
}
