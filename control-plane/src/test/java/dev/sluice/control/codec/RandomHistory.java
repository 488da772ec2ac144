package dev.sluice.control.codec;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.ForcedPromotion;
import dev.sluice.control.state.Recorded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A journal from one seed: every event in it can be applied after those before it, though no
 * decider would have produced them in this order.
 */
final class RandomHistory {

    private final RandomValues values;
    private final List<Recorded> entries = new ArrayList<>();
    private PlanId plan = new PlanId("none");
    private List<StepId> steps = List.of();

    private RandomHistory(long seed) {
        this.values = new RandomValues(seed);
    }

    static List<Recorded> of(long seed, int length) {
        RandomHistory history = new RandomHistory(seed);
        history.record(history.clusterEvent());
        history.record(history.planned());
        while (history.entries.size() < length) {
            history.record(history.next());
        }
        return history.entries;
    }

    private void record(Event event) {
        entries.add(new Recorded(entries.size() + 1L, values.instant(), values.ballot(), event));
    }

    private Event next() {
        return switch (values.upTo(9)) {
            case 0, 1 -> clusterEvent();
            case 2, 3, 4 -> upgradeEvent();
            default -> stepEvent();
        };
    }

    private Event clusterEvent() {
        List<Supplier<Event>> events =
                List.of(
                        () ->
                                new Event.PrimaryTookOffice(
                                        values.ballot(), values.text(), values.text()),
                        () -> new Event.HandoverDecided(values.node(), values.node()),
                        () -> new Event.AutomaticFailoverSwitched(values.chance(), values.actor()),
                        () ->
                                new Event.ForcedPromotionUsed(
                                        new ForcedPromotion(
                                                values.upTo(300),
                                                values.node(),
                                                values.text(),
                                                values.actor(),
                                                values.some(3, values::node),
                                                values.some(3, values::node),
                                                values.upTo(1000),
                                                values.text(),
                                                values.maybe(values::signed))),
                        () -> new Event.ClusterFounded(values.topology(), values.policy()),
                        () -> new Event.PackageImported(values.pkg(), values.actor()),
                        () ->
                                new Event.ChannelSeen(
                                        new ChannelVersions(
                                                "c-" + values.upTo(5),
                                                values.upTo(9),
                                                values.upTo(9),
                                                values.upTo(9),
                                                values.upTo(9))),
                        () ->
                                new Event.ChannelCopied(
                                        new ChannelCopy(
                                                new ChannelVersions(
                                                        "c-" + values.upTo(5),
                                                        values.upTo(9),
                                                        values.upTo(9),
                                                        values.upTo(9),
                                                        values.upTo(9)),
                                                new TreeMap<>(
                                                        Map.of(
                                                                "timestamp.json",
                                                                Blob.of(
                                                                        values.text()
                                                                                .getBytes(
                                                                                        StandardCharsets
                                                                                                .UTF_8)))))),
                        () ->
                                new Event.EulaAccepted(
                                        values.pkg().ref(),
                                        values.text(),
                                        values.text(),
                                        values.actor()),
                        () ->
                                new Event.DistributionChosen(
                                        values.pkg().ref(), values.chance(), values.actor()),
                        () ->
                                new Event.PackageRemoved(
                                        values.pkg().ref(), values.text(), values.actor()),
                        () ->
                                new Event.SettingChanged(
                                        "site." + values.upTo(3),
                                        values.maybe(values::text),
                                        values.chance(),
                                        values.actor()),
                        () ->
                                new Event.NodeAdmissionChosen(
                                        values.node(), values.chance(), values.actor()));
        return values.oneOf(events).get();
    }

    private Event planned() {
        plan = new PlanId(values.id());
        Blueprint blueprint = values.blueprint();
        steps = blueprint.steps().stream().map(step -> step.id()).toList();
        return new Event.UpgradePlanned(
                plan,
                blueprint,
                values.some(3, values::text),
                values.actor(),
                values.some(2, () -> values.pkg().ref()));
    }

    private Event upgradeEvent() {
        List<Supplier<Event>> events =
                List.of(
                        this::planned,
                        () -> new Event.UpgradeStarted(plan, values.actor()),
                        () -> new Event.UpgradePaused(plan, values.actor()),
                        () -> new Event.UpgradeResumed(plan, values.actor()),
                        () -> new Event.UpgradeHalted(plan, values.some(3, values::text)),
                        () -> new Event.AbortRequested(plan, values.text(), values.actor()),
                        () -> new Event.UpgradeAborted(plan, values.some(3, values::node)),
                        () -> new Event.UpgradeCompleted(plan),
                        () -> new Event.NodeSetAside(plan, values.node(), values.text()),
                        () -> new Event.ConfigurationFrozen(plan),
                        () ->
                                new Event.ForcedChangesOverwritten(
                                        plan, values.some(3, values::text)),
                        () -> new Event.ConfigurationUnfrozen(plan),
                        () -> new Event.FailoverBroken(plan),
                        () -> new Event.FailoverRestored(plan));
        return values.oneOf(events).get();
    }

    private Event stepEvent() {
        StepId step = values.oneOf(steps);
        List<Supplier<Event>> events =
                List.of(
                        () -> new Event.StepStarted(plan, step, values.upTo(5)),
                        () -> new Event.StepSucceeded(plan, step, values.some(3, values::text)),
                        () ->
                                new Event.StepAttemptFailed(
                                        plan, step, values.upTo(5), values.text()),
                        () -> new Event.StepSkipped(plan, step, values.text()),
                        () -> new Event.DrainHeld(plan, step, values.upTo(5_000)),
                        () ->
                                new Event.DrainDecided(
                                        plan,
                                        step,
                                        values.oneOf(DrainDecision.class),
                                        values.actor()),
                        () -> new Event.StepConfirmed(plan, step, values.chance(), values.actor()));
        return values.oneOf(events).get();
    }
}
