package dev.sluice.control.codec;

import static dev.sluice.control.codec.Examples.BALLOT;
import static dev.sluice.control.codec.Examples.EU_1;
import static dev.sluice.control.codec.Examples.EU_2;
import static dev.sluice.control.codec.Examples.MASTER_A;
import static dev.sluice.control.codec.Examples.MASTER_B;

import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Configuration;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.ForcedPromotion;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.PackageChoices;
import dev.sluice.control.state.PlanGraph;
import dev.sluice.control.state.Recorded;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Succession;
import dev.sluice.control.state.Supply;
import dev.sluice.control.state.Upgrade;
import dev.sluice.control.state.UpgradeStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.pcollections.TreePMap;
import org.pcollections.TreePSet;

/** What each file of golden bytes holds, by its name. Add to it; never change what it has. */
final class Goldens {

    static final long INDEX = 7;

    private static final Instant AT = Instant.parse("2026-03-04T05:06:07.000000089Z");
    private static final PlanId PLAN = new PlanId("plan-7");
    private static final StepId STEP = new StepId("drain-eu-1");
    private static final Actor OPERATOR = new Actor("alice");

    private Goldens() {}

    static Map<String, Recorded> events() {
        Map<String, Event> events = new TreeMap<>();
        addClusterEvents(events);
        addUpgradeEvents(events);
        addStepEvents(events);
        Map<String, Recorded> recorded = new TreeMap<>();
        events.forEach((name, event) -> recorded.put(name, new Recorded(INDEX, AT, BALLOT, event)));
        return recorded;
    }

    private static void addClusterEvents(Map<String, Event> events) {
        events.put(
                "primary-took-office",
                new Event.PrimaryTookOffice(BALLOT, "1.4.0", "the office was handed over"));
        events.put("handover-decided", new Event.HandoverDecided(MASTER_A, MASTER_B));
        events.put(
                "automatic-failover-switched", new Event.AutomaticFailoverSwitched(true, OPERATOR));
        events.put("forced-promotion-used", new Event.ForcedPromotionUsed(forced()));
        events.put("forced-promotion-used-signed", new Event.ForcedPromotionUsed(forcedAsSigned()));
        events.put(
                "cluster-founded",
                new Event.ClusterFounded(Examples.topology(), Examples.policy()));
        events.put("package-imported", new Event.PackageImported(Examples.site(), OPERATOR));
        events.put("package-imported-least", new Event.PackageImported(Examples.base(), OPERATOR));
        events.put(
                "distribution-chosen",
                new Event.DistributionChosen(Examples.site().ref(), true, OPERATOR));
        events.put(
                "package-removed",
                new Event.PackageRemoved(Examples.BASE, "room for site 25.3.0", Actor.SLUICE));
        events.put(
                "setting-changed",
                new Event.SettingChanged("site.banner", Optional.of("Grüße ☕"), true, OPERATOR));
        events.put(
                "setting-changed-emptied",
                new Event.SettingChanged("site.banner", Optional.of(""), false, OPERATOR));
        events.put(
                "setting-changed-removed",
                new Event.SettingChanged("site.banner", Optional.empty(), false, Actor.SLUICE));
        events.put(
                "channel-seen", new Event.ChannelSeen(new ChannelVersions("stable", 2, 14, 9, 8)));
        events.put("channel-copied", new Event.ChannelCopied(copy()));
        events.put(
                "eula-accepted",
                new Event.EulaAccepted(
                        Examples.site().ref(), "ab".repeat(32), "192.0.2.7", OPERATOR));
        events.put("node-admission-chosen", new Event.NodeAdmissionChosen(EU_1, true, OPERATOR));
    }

    private static ChannelCopy copy() {
        return new ChannelCopy(
                new ChannelVersions("stable", 2, 14, 9, 8),
                new TreeMap<>(
                        Map.of(
                                "2.root.json", Blob.of(new byte[] {1, 2}),
                                "timestamp.json", Blob.of(new byte[] {3}))));
    }

    private static ForcedPromotion forced() {
        return new ForcedPromotion(
                2,
                MASTER_B,
                "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
                OPERATOR,
                List.of(EU_1, MASTER_B),
                List.of(MASTER_A),
                1_234_567,
                "decisions after entry 1234567",
                Optional.empty());
    }

    private static ForcedPromotion forcedAsSigned() {
        ForcedPromotion forced = forced();
        return new ForcedPromotion(
                forced.generation(),
                forced.master(),
                forced.nonce(),
                forced.operator(),
                forced.witnesses(),
                forced.writtenOff(),
                forced.lastIndex(),
                forced.acceptedLoss(),
                Optional.of(signed()));
    }

    private static SignedPromotion signed() {
        return new SignedPromotion(
                Blob.of(new byte[] {1, 2}),
                Blob.of(new byte[] {3}),
                List.of(Blob.of(new byte[] {4, 5}), Blob.of(new byte[] {6})));
    }

    private static void addUpgradeEvents(Map<String, Event> events) {
        events.put(
                "upgrade-planned",
                new Event.UpgradePlanned(
                        PLAN,
                        Examples.blueprint(),
                        List.of("eu has one zone"),
                        OPERATOR,
                        List.of()));
        events.put(
                "upgrade-planned-replacing",
                new Event.UpgradePlanned(
                        PLAN,
                        Examples.blueprint(),
                        List.of(),
                        OPERATOR,
                        List.of(Examples.ref("base", "7.1.0"), Examples.ref("site", "25.1.0"))));
        events.put("upgrade-started", new Event.UpgradeStarted(PLAN, OPERATOR));
        events.put("upgrade-paused", new Event.UpgradePaused(PLAN, OPERATOR));
        events.put("upgrade-resumed", new Event.UpgradeResumed(PLAN, OPERATOR));
        events.put(
                "upgrade-halted",
                new Event.UpgradeHalted(PLAN, List.of("eu: 2 nodes failed", "budget is 1")));
        events.put("abort-requested", new Event.AbortRequested(PLAN, "wrong night", OPERATOR));
        events.put("upgrade-aborted", new Event.UpgradeAborted(PLAN, List.of(EU_2, EU_1)));
        events.put("upgrade-completed", new Event.UpgradeCompleted(PLAN));
        events.put("node-set-aside", new Event.NodeSetAside(PLAN, EU_2, "3 attempts failed"));
        events.put("configuration-frozen", new Event.ConfigurationFrozen(PLAN));
        events.put(
                "forced-changes-overwritten",
                new Event.ForcedChangesOverwritten(PLAN, List.of("site.banner")));
        events.put("configuration-unfrozen", new Event.ConfigurationUnfrozen(PLAN));
        events.put("failover-broken", new Event.FailoverBroken(PLAN));
        events.put("failover-restored", new Event.FailoverRestored(PLAN));
    }

    private static void addStepEvents(Map<String, Event> events) {
        events.put("step-started", new Event.StepStarted(PLAN, STEP, 2));
        events.put(
                "step-succeeded",
                new Event.StepSucceeded(PLAN, STEP, List.of("0 sessions", "admission closed")));
        events.put("step-attempt-failed", new Event.StepAttemptFailed(PLAN, STEP, 1, "silent"));
        events.put("step-skipped", new Event.StepSkipped(PLAN, STEP, "node set aside"));
        events.put("drain-held", new Event.DrainHeld(PLAN, STEP, 17));
        events.put(
                "drain-decided", new Event.DrainDecided(PLAN, STEP, DrainDecision.CUT, OPERATOR));
        events.put("step-confirmed", new Event.StepConfirmed(PLAN, STEP, true, OPERATOR));
    }

    static Map<String, ClusterState> snapshots() {
        return new TreeMap<>(
                Map.of(
                        "snapshot-empty",
                        ClusterState.EMPTY,
                        "snapshot-full",
                        fullState(Succession.EMPTY, PackageChoices.EMPTY, Supply.EMPTY),
                        "snapshot-succession",
                        fullState(
                                new Succession(
                                        OPERATOR, TreePMap.singleton(1, "a1").plus(2, "b2"), null),
                                PackageChoices.EMPTY,
                                Supply.EMPTY),
                        "snapshot-succession-signed",
                        fullState(
                                new Succession(null, TreePMap.singleton(2, "b2"), signed()),
                                new PackageChoices(TreePSet.singleton(Examples.SITE)),
                                Supply.EMPTY),
                        "snapshot-package-choices",
                        fullState(
                                Succession.EMPTY,
                                new PackageChoices(TreePSet.singleton(Examples.SITE)),
                                Supply.EMPTY),
                        "snapshot-replacing",
                        fullState(
                                new Succession(OPERATOR, TreePMap.empty(), null),
                                PackageChoices.EMPTY,
                                Supply.EMPTY,
                                List.of(Examples.ref("site", "25.1.0"))),
                        "snapshot-supply",
                        fullState(
                                Succession.EMPTY,
                                PackageChoices.EMPTY,
                                new Supply(
                                        TreePMap.singleton(
                                                "stable",
                                                new ChannelVersions("stable", 2, 14, 9, 8)),
                                        TreePMap.empty(),
                                        TreePMap.singleton("ab".repeat(32), Examples.SITE))),
                        "snapshot-channel-copies",
                        fullState(
                                Succession.EMPTY,
                                PackageChoices.EMPTY,
                                new Supply(
                                        TreePMap.singleton(
                                                "stable",
                                                new ChannelVersions("stable", 2, 14, 9, 8)),
                                        TreePMap.singleton("stable", copy()),
                                        TreePMap.empty()))));
    }

    private static ClusterState fullState(
            Succession succession, PackageChoices choices, Supply supply) {
        return fullState(succession, choices, supply, List.of());
    }

    private static ClusterState fullState(
            Succession succession,
            PackageChoices choices,
            Supply supply,
            List<PackageRef> replaces) {
        return new ClusterState(
                123_456,
                new Office(BALLOT, MASTER_B),
                Examples.topology(),
                Examples.policy(),
                configuration(),
                TreePMap.singleton(Examples.SITE, Examples.site())
                        .plus(Examples.BASE, Examples.base()),
                choices,
                TreePSet.singleton(EU_2),
                true,
                succession,
                supply,
                9,
                upgrade(replaces));
    }

    private static Configuration configuration() {
        return new Configuration(
                TreePMap.singleton("site.banner", "new").plus("policy.soak", "PT1H"),
                31,
                PLAN,
                TreePMap.singleton("site.banner", "old").plus("site.gone", ""),
                List.of(
                        new Configuration.ForcedChange(
                                "site.banner", "old", "new", OPERATOR, AT, false),
                        new Configuration.ForcedChange(
                                "site.added", null, "x", OPERATOR, AT, false),
                        new Configuration.ForcedChange(
                                "site.gone", "", null, Actor.SLUICE, AT, true)));
    }

    private static Upgrade upgrade(List<PackageRef> replaces) {
        TreePMap<StepId, StepRecord> records =
                TreePMap.singleton(
                                new StepId("step-0"),
                                new StepRecord(
                                        StepStatus.SUCCEEDED,
                                        1,
                                        0,
                                        AT,
                                        AT.plusSeconds(3),
                                        null,
                                        0,
                                        null,
                                        true))
                        .plus(
                                new StepId("step-8"),
                                new StepRecord(
                                        StepStatus.RUNNING,
                                        3,
                                        2,
                                        AT,
                                        null,
                                        "silent",
                                        17,
                                        DrainDecision.EXTEND,
                                        false))
                        .plus(
                                new StepId("step-9"),
                                new StepRecord(
                                        StepStatus.PENDING, 1, 1, AT, null, "", 0, null, null))
                        .plus(
                                new StepId("step-10"),
                                new StepRecord(
                                        StepStatus.SKIPPED, 0, 0, null, AT, null, 0, null, null));
        return new Upgrade(
                PLAN,
                new PlanGraph(Examples.blueprint()),
                UpgradeStatus.HALTED,
                records,
                TreePMap.singleton(EU_1, "3 attempts failed"),
                List.of("eu: 2 nodes failed"),
                List.of("eu has one zone"),
                List.of(EU_2),
                OPERATOR,
                AT,
                AT.plusSeconds(60),
                replaces);
    }
}
