package dev.sluice.control.state;

import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepId;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
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
            case Event.ClusterFounded(var topology, var policy) -> state.founded(topology, policy);
            case Event.PackageImported(var pkg, var _) -> state.with(pkg);
            case Event.SettingChanged change ->
                    state.with(changed(state.configuration(), change, at));
            case Event.NodeAdmissionChosen(var node, var accepting, var _) ->
                    state.withOperatorClosed(node, !accepting);
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
            case Event.UpgradePlanned planned -> state.with(planned(planned));
            case Event.UpgradeStarted _ ->
                    change(state, plan, u -> u.started(at))
                            .with(state.configuration().withoutForced());
            case Event.UpgradePaused _ -> change(state, plan, u -> u.with(UpgradeStatus.PAUSED));
            case Event.UpgradeResumed _ -> change(state, plan, Upgrade::resumed);
            case Event.UpgradeHalted(var _, var reasons) ->
                    change(state, plan, u -> u.halted(reasons));
            case Event.AbortRequested _ -> change(state, plan, u -> u.with(UpgradeStatus.ABORTING));
            case Event.UpgradeAborted(var _, var leftClosed) ->
                    change(state, plan, u -> u.ended(UpgradeStatus.ABORTED, leftClosed, at));
            case Event.UpgradeCompleted _ ->
                    change(state, plan, u -> u.ended(UpgradeStatus.COMPLETED, List.of(), at));
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
        return change(state, event.plan(), u -> u.with(step, change.apply(u.record(step))));
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
                null);
    }

    private static ClusterState change(
            ClusterState state, PlanId plan, UnaryOperator<Upgrade> how) {
        return state.with(how.apply(state.requireUpgrade(plan)));
    }
}
