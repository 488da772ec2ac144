package dev.sluice.control.state;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Work;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.pcollections.TreePMap;

/**
 * What each event does to the state. Never fails on an event that the decider produced, and reads
 * nothing but its arguments.
 */
final class Applier {

    private Applier() {}

    static ClusterState apply(ClusterState state, Recorded recorded) {
        Instant at = recorded.at();
        return switch (recorded.event()) {
            case Event.PrimaryTookOffice(var ballot, var _, var _) ->
                    state.with(new Office(ballot, null));
            case Event.HandoverDecided(var _, var to) ->
                    state.with(new Office(recorded.ballot(), to));
            case Event.AutomaticFailoverSwitched(var on, var actor) ->
                    state.with(state.succession().switched(on, actor));
            case Event.ForcedPromotionUsed(var promotion) ->
                    state.with(state.succession().used(promotion));
            case Event.ClusterFounded(var topology, var policy) -> state.founded(topology, policy);
            case Event.PackageImported(var pkg, var _) -> state.with(pkg);
            case Event.PackageRemoved(var pkg, var _, var _) -> state.without(pkg);
            case Event.ChannelSeen(var versions) -> state.with(state.supply().seen(versions));
            case Event.ChannelCopied(var copy) -> state.with(state.supply().copied(copy));
            case Event.EulaAccepted(var pkg, var terms, var _, var _) ->
                    state.with(state.supply().accepted(pkg, terms));
            case Event.DistributionChosen(var pkg, var on, var _) ->
                    state.with(state.choices().distributing(pkg, on));
            case Event.SettingChanged change ->
                    state.with(changed(state.configuration(), change, at));
            case Event.NodeAdmissionChosen(var node, var accepting, var _) ->
                    chosen(state.withOperatorClosed(node, !accepting), node);
            case Event.OfStep ofStep -> step(state, ofStep, at);
            case Event.OfUpgrade ofUpgrade -> upgrade(state, ofUpgrade, at);
        };
    }

    private static Configuration changed(
            Configuration before, Event.SettingChanged change, Instant at) {
        Configuration after = before.withSetting(change.key(), change.value().orElse(null));
        if (!change.forced()) {
            return after;
        }
        return after.withForced(
                new Configuration.ForcedChange(
                        change.key(),
                        before.frozenSettings().get(change.key()),
                        change.value().orElse(null),
                        change.actor(),
                        at,
                        false));
    }

    private static ClusterState upgrade(ClusterState state, Event.OfUpgrade event, Instant at) {
        PlanId plan = event.plan();
        return switch (event) {
            case Event.UpgradePlanned planned ->
                    state.with(
                            planned(planned)
                                    .withLeftClosed(
                                            state.currentUpgrade()
                                                    .map(Upgrade::leftClosed)
                                                    .orElse(List.of())));
            case Event.UpgradeStarted _ ->
                    change(state, plan, u -> u.started(at))
                            .with(state.configuration().withoutForced());
            case Event.UpgradePaused _ -> change(state, plan, u -> u.with(UpgradeStatus.PAUSED));
            case Event.UpgradeResumed _ -> change(state, plan, Upgrade::resumed);
            case Event.UpgradeHalted(var _, var reasons) ->
                    change(state, plan, u -> u.halted(reasons));
            case Event.AbortRequested _ -> change(state, plan, u -> u.with(UpgradeStatus.ABORTING));
            case Event.UpgradeAborted(var _, var leftClosed) ->
                    change(
                            state,
                            plan,
                            u -> u.ended(UpgradeStatus.ABORTED, leftClosed(u, leftClosed), at));
            case Event.UpgradeCompleted _ ->
                    change(
                            state,
                            plan,
                            u -> u.ended(UpgradeStatus.COMPLETED, leftClosed(u, setAside(u)), at));
            case Event.NodeSetAside(var _, var node, var reason) ->
                    change(state, plan, u -> u.withSetAside(node, reason));
            case Event.ConfigurationFrozen _ -> state.with(state.configuration().frozen(plan));
            case Event.ForcedChangesOverwritten _ -> state.with(state.configuration().restored());
            case Event.ConfigurationUnfrozen _ -> state.with(state.configuration().unfrozen());
            case Event.FailoverBroken _ -> state.withFailoverBroken(true);
            case Event.FailoverRestored _ -> state.withFailoverBroken(false);
            case Event.OfStep ofStep -> step(state, ofStep, at);
        };
    }

    private static ClusterState step(ClusterState state, Event.OfStep event, Instant at) {
        UnaryOperator<StepRecord> change =
                switch (event) {
                    case Event.StepStarted(var _, var _, var attempt) ->
                            r -> r.started(attempt, at);
                    case Event.StepSucceeded _ -> r -> r.over(StepStatus.SUCCEEDED, at);
                    case Event.StepSkipped _ -> r -> r.over(StepStatus.SKIPPED, at);
                    case Event.StepAttemptFailed(var _, var _, var _, var reason) ->
                            r -> r.failed(reason);
                    case Event.DrainHeld(var _, var _, var clients) -> r -> r.held(clients);
                    case Event.DrainDecided(var _, var _, var decision, var _) ->
                            r -> r.decided(decision);
                    case Event.StepConfirmed(var _, var _, var right, var _) ->
                            r -> r.confirmed(right);
                };
        StepId step = event.step();
        return change(
                state,
                event.plan(),
                u -> opened(u, event).with(step, change.apply(u.record(step))));
    }

    private static Upgrade opened(Upgrade upgrade, Event.OfStep event) {
        return event instanceof Event.StepSucceeded
                        && upgrade.graph().step(event.step()).orElseThrow().work()
                                instanceof Work.OpenAdmission(var node)
                ? upgrade.withoutLeftClosed(node)
                : upgrade;
    }

    /** An operator's word on a node ends what an upgrade left of it. */
    private static ClusterState chosen(ClusterState state, NodeId node) {
        return state.currentUpgrade().map(u -> state.with(u.withoutLeftClosed(node))).orElse(state);
    }

    /** Nodes that were set aside after they had been taken out of service. */
    private static List<NodeId> setAside(Upgrade upgrade) {
        return upgrade.setAside().keySet().stream()
                .filter(node -> Capacity.isOutByPlan(upgrade, node))
                .toList();
    }

    /** What earlier upgrades left closed, and what this one does. */
    private static List<NodeId> leftClosed(Upgrade upgrade, List<NodeId> more) {
        return Stream.concat(upgrade.leftClosed().stream(), more.stream())
                .distinct()
                .sorted()
                .toList();
    }

    private static Upgrade planned(Event.UpgradePlanned event) {
        return new Upgrade(
                event.plan(),
                new PlanGraph(event.blueprint()),
                UpgradeStatus.PLANNED,
                TreePMap.empty(),
                TreePMap.empty(),
                List.of(),
                event.warnings(),
                List.of(),
                event.actor(),
                null,
                null,
                event.replaces());
    }

    private static ClusterState change(
            ClusterState state, PlanId plan, UnaryOperator<Upgrade> how) {
        return state.with(how.apply(state.requireUpgrade(plan)));
    }
}
