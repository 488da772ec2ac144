package dev.sluice.cli.render;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.sluice.cli.Golden;
import dev.sluice.v1.ForcedChange;
import dev.sluice.v1.MasterStatus;
import dev.sluice.v1.NodeProgress;
import dev.sluice.v1.RegionProgress;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.UpgradeSummary;
import dev.sluice.v1.Waiting;
import dev.sluice.v1.WatchUpgradeResponse;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class UpgradeViewTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:42.5Z");

    @Test
    @Tag("OPS-1")
    void showsPhaseRegionsHalvesSessionsMastersAndWhatIsWaitedForAndWhy() {
        Golden.matches("upgrade-running.txt", UpgradeView.picture(SampleUpgrade.draining(), NOW));
    }

    @Test
    void endsWithWhatEveryNodeRunsAndHowLongEachPhaseTook() {
        Golden.matches("upgrade-outcome.txt", UpgradeView.outcome(SampleUpgrade.completed(), NOW));
    }

    @Test
    void saysWhyItHaltedAndWhatWasSetAside() {
        WatchUpgradeResponse halted =
                SampleUpgrade.draining().toBuilder()
                        .setSummary(
                                SampleUpgrade.draining().getSummary().toBuilder()
                                        .setState(UpgradeState.UPGRADE_STATE_HALTED))
                        .clearWaiting()
                        .addHaltReasons("region eu: 2 nodes failed, the budget is 1")
                        .addNodesSetAside("eu-2")
                        .addForcedChanges(
                                ForcedChange.newBuilder()
                                        .setKey("drain.deadline")
                                        .setFrozenValue("PT2H")
                                        .setForcedValue("PT3H")
                                        .setActor("kim"))
                        .addWarnings("eu-3: clock is 4 s late")
                        .build();

        Golden.matches("upgrade-halted.txt", UpgradeView.outcome(halted, NOW));
    }

    @Test
    @Tag("CLU-6")
    void theEndListsWhatWasForcedAndOverwritten() {
        ForcedChange banner =
                ForcedChange.newBuilder()
                        .setKey("site.banner")
                        .setFrozenValue("old")
                        .setForcedValue("new")
                        .setActor("kim")
                        .setAt(Timestamp.newBuilder().setSeconds(1_772_359_200))
                        .setFate("PENDING")
                        .build();
        ForcedChange overwritten =
                banner.toBuilder().setOverwritten(true).setFate("OVERWRITTEN").build();
        WatchUpgradeResponse running =
                SampleUpgrade.draining().toBuilder().addForcedChanges(banner).build();
        WatchUpgradeResponse end =
                SampleUpgrade.completed().toBuilder()
                        .addForcedChanges(overwritten)
                        .addForcedChanges(
                                ForcedChange.newBuilder()
                                        .setKey("site.added")
                                        .setForcedValue("x")
                                        .setActor("lee")
                                        .setAt(Timestamp.newBuilder().setSeconds(1_772_359_260))
                                        .setOverwritten(true)
                                        .setFate("OVERWRITTEN"))
                        .build();

        Golden.matches("upgrade-overwritten.txt", UpgradeView.outcome(end, NOW));
        assertThat(UpgradeChanges.between(SampleUpgrade.draining(), running))
                .containsExactly("forced change: site.banner=new by kim, will be put back to old");
        assertThat(UpgradeChanges.between(running, end))
                .contains(
                        "forced change: site.banner=new by kim, was put back to old",
                        "forced change: site.added=x by lee, was put back to (none)");
        assertThat(UpgradeView.picture(running, NOW))
                .contains("Forced change: site.banner=new by kim, will be put back to old");
    }

    @Test
    @Tag("OPS-1")
    void tellsOnlyWhatChangedBetweenTwoUpdates() {
        List<String> first =
                UpgradeChanges.between(
                        WatchUpgradeResponse.getDefaultInstance(), SampleUpgrade.draining());
        List<String> second =
                UpgradeChanges.between(SampleUpgrade.draining(), SampleUpgrade.completed());
        List<String> none =
                UpgradeChanges.between(SampleUpgrade.completed(), SampleUpgrade.completed());

        Golden.matches("upgrade-changes-first.txt", first);
        Golden.matches("upgrade-changes-second.txt", second);
        assertThat(none).isEmpty();
    }

    @Test
    void countsSessionsDownWhileANodeDrains() {
        WatchUpgradeResponse before = oneNode("DRAIN", 12);
        WatchUpgradeResponse after = oneNode("DRAIN", 3);

        assertThat(UpgradeChanges.between(before, after)).containsExactly("eu-1: 3 sessions left");
        assertThat(UpgradeChanges.between(oneNode("", 12), oneNode("", 3))).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void textFromNodesCannotMoveTheCursorOrForgeALine() {
        WatchUpgradeResponse hostile =
                WatchUpgradeResponse.newBuilder()
                        .setSummary(UpgradeSummary.newBuilder().setPlanId("p\u001b[2J"))
                        .addMasters(MasterStatus.newBuilder().setId("m-a\nm-z"))
                        .addWaiting(Waiting.newBuilder().setReason("x\ry"))
                        .addHaltReasons("a\nb")
                        .build();

        List<String> lines = UpgradeView.picture(hostile, NOW);
        List<String> changes =
                UpgradeChanges.between(WatchUpgradeResponse.getDefaultInstance(), hostile);

        assertThat(String.join("", lines) + String.join("", changes))
                .doesNotContainPattern("\\p{Cntrl}");
    }

    @Test
    void onlyStatesThatNothingFollowsByItselfAreTheEnd() {
        assertThat(UpgradeState.values())
                .filteredOn(UpgradeView::hasEnded)
                .containsExactly(
                        UpgradeState.UPGRADE_STATE_HALTED,
                        UpgradeState.UPGRADE_STATE_ABORTED,
                        UpgradeState.UPGRADE_STATE_COMPLETED);
    }

    private static WatchUpgradeResponse oneNode(String step, int sessions) {
        return WatchUpgradeResponse.newBuilder()
                .addRegions(
                        RegionProgress.newBuilder()
                                .setRegion("eu")
                                .addNodeProgress(
                                        NodeProgress.newBuilder()
                                                .setNode("eu-1")
                                                .setStep(step)
                                                .setSessions(sessions)))
                .build();
    }
}
