package dev.sluice.control.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.Waiting;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.state.Command;
import dev.sluice.v1.NodeProgress;
import dev.sluice.v1.PhaseTiming;
import dev.sluice.v1.RegionProgress;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.WatchUpgradeResponse;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class UpgradeProgressViewTest {

    private static NodeProgress progress(WatchUpgradeResponse view, NodeId node) {
        return view.getRegionsList().stream()
                .flatMap(region -> region.getNodeProgressList().stream())
                .filter(one -> one.getNode().equals(node.value()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void withoutAnUpgradeItHasNoPlan() {
        WatchUpgradeResponse view =
                UpgradeProgressView.of(Scene.founded().seenBy(Scene.A, Scene.OF_A, Scene.OF_A));

        assertThat(view.getSummary().getPlanId()).isEmpty();
        assertThat(view.getPrimary()).isEqualTo("m-a");
        assertThat(view.getMastersCount()).isEqualTo(2);
    }

    @Test
    void showsHalvesAndWhatARegionNeverGoesBelow() {
        Scene scene = Scene.founded().started();
        WatchUpgradeResponse view =
                UpgradeProgressView.of(scene.seenBy(Scene.A, Scene.OF_A, Scene.OF_A));
        RegionProgress eu = view.getRegions(0);

        assertThat(eu.getRegion()).isEqualTo("eu");
        assertThat(eu.getNodes()).isEqualTo(4);
        assertThat(eu.getAccepting()).isEqualTo(4);
        assertThat(eu.getRequiredAccepting()).isEqualTo(2);
        assertThat(eu.getSessions()).isEqualTo(40);
        assertThat(eu.getNodeProgressList()).filteredOn(n -> n.getHalf() == 1).hasSize(2);
        assertThat(eu.getNodeProgressList()).filteredOn(n -> n.getHalf() == 2).hasSize(2);
        assertThat(eu.getNodeProgressList())
                .allSatisfy(n -> assertThat(n.getState()).isEqualTo("PENDING"));
        assertThat(view.getSummary().getState()).isEqualTo(UpgradeState.UPGRADE_STATE_RUNNING);
        assertThat(view.getSummary().getTargetMap()).containsEntry("base", "7.0.0");
    }

    @Test
    @Tag("CLU-3")
    void showsWhichClientsADrainWaitsFor() {
        Scene scene = Scene.founded().started();
        Step drain = scene.runUpTo(StepKind.DRAIN);
        Waiting wait =
                new Waiting(
                        drain.id(),
                        StepKind.DRAIN,
                        drain.node().value(),
                        drain.node() + ": 10 clients still connected",
                        1,
                        Scene.START);
        WatchUpgradeResponse view =
                UpgradeProgressView.of(scene.seenBy(Scene.A, Scene.OF_A, Scene.OF_A, wait));

        assertThat(view.getWaitingList())
                .singleElement()
                .satisfies(shown -> {
                    assertThat(shown.getKind()).isEqualTo("DRAIN");
                    assertThat(shown.getSubject()).isEqualTo(drain.node().value());
                    assertThat(shown.getReason()).contains("10 clients still connected");
                    assertThat(shown.getSince().getSeconds())
                            .isEqualTo(Scene.START.getEpochSecond());
                });
        NodeProgress draining = progress(view, drain.node());
        assertThat(draining.getState()).isEqualTo("ACTIVE");
        assertThat(draining.getStep()).isEqualTo("DRAIN");
        assertThat(draining.getSessions()).isEqualTo(10);
    }

    @Test
    @Tag("CLU-3")
    void aBackupTellsFromTheEventsHowManyClientsHoldADrain() {
        Scene scene = Scene.founded().started();
        Step drain = scene.runUpTo(StepKind.DRAIN);
        scene.does(new Command.HoldDrain(Scene.PLAN, drain.id(), 12));
        WatchUpgradeResponse view = UpgradeProgressView.of(scene.seenBy(Scene.B, null, Scene.OF_A));

        assertThat(view.getWaitingList())
                .singleElement()
                .satisfies(shown ->
                        assertThat(shown.getReason())
                                .isEqualTo(
                                        "held at its deadline with 12 clients connected; an operator decides"));
        assertThat(view.getSummary().getStepsDone()).isPositive();
        assertThat(view.getRegionsList()).allSatisfy(r -> assertThat(r.getAccepting()).isZero());
    }

    @Test
    void timesEachPhaseFromItsFirstStartToItsLastEnd() {
        Scene scene = Scene.founded().started();
        scene.runUpTo(StepKind.CLOSE_ADMISSION);
        List<PhaseTiming> phases =
                UpgradeProgressView.of(scene.seenBy(Scene.A, Scene.OF_A, Scene.OF_A))
                        .getPhasesList();

        assertThat(phases.getFirst().getPhase()).isEqualTo("PREPARE");
        assertThat(phases.getFirst().getStepsDone()).isEqualTo(phases.getFirst().getStepsTotal());
        assertThat(phases.getFirst().hasEnded()).isTrue();
        assertThat(phases.get(1).hasStarted()).isTrue();
        assertThat(phases.get(1).hasEnded()).isFalse();
        assertThat(phases.getLast().hasStarted()).isFalse();
        assertThat(
                        UpgradeProgressView.summary(scene.state.currentUpgrade().orElseThrow())
                                .getPhase())
                .isEqualTo(phases.get(1).getPhase());
    }

    @Test
    @Tag("CLU-6")
    void listsForcedChanges() {
        Scene scene = Scene.founded().started();
        scene.runUpTo(StepKind.CLOSE_ADMISSION);
        scene.does(
                new Command.ChangeSetting("site.banner", Optional.of("hello"), true, Scene.ALICE));

        assertThat(
                        UpgradeProgressView.of(scene.seenBy(Scene.A, Scene.OF_A, Scene.OF_A))
                                .getForcedChangesList())
                .singleElement()
                .satisfies(change -> {
                    assertThat(change.getKey()).isEqualTo("site.banner");
                    assertThat(change.getForcedValue()).isEqualTo("hello");
                    assertThat(change.getActor()).isEqualTo("alice");
                    assertThat(change.getOverwritten()).isFalse();
                });
    }

    private static List<String> fates(Scene scene) {
        return UpgradeProgressView.of(scene.seenBy(Scene.A, Scene.OF_A, Scene.OF_A))
                .getForcedChangesList()
                .stream()
                .map(change -> change.getKey() + " " + change.getFate())
                .toList();
    }

    @Test
    @Tag("CLU-6")
    void saysOfEachForcedChangeWhetherItIsOverwrittenOrStays() {
        Scene scene = Scene.founded().started();
        var _ = scene.runUpTo(StepKind.CLOSE_ADMISSION);
        scene.does(
                new Command.ChangeSetting("site.banner", Optional.of("hello"), true, Scene.ALICE));
        assertThat(fates(scene)).containsExactly("site.banner PENDING");

        scene.does(new Command.AbortUpgrade("wrong night", Scene.ALICE));
        scene.does(new Command.FinishAbort(Scene.PLAN, List.of()));

        assertThat(scene.state.configuration().settings()).containsEntry("site.banner", "hello");
        assertThat(fates(scene)).containsExactly("site.banner KEPT");
    }

    @Test
    @Tag("CLU-6")
    void theEndOfAnUpgradeStillListsWhatWasOverwritten() {
        Scene scene = Scene.founded().started();
        Step open = scene.runUpTo(StepKind.CLOSE_ADMISSION);
        scene.does(
                new Command.ChangeSetting("site.banner", Optional.of("hello"), true, Scene.ALICE));
        scene.does(new Command.CompleteStep(Scene.PLAN, open.id(), List.of()));
        for (Step step : scene.state.currentUpgrade().orElseThrow().graph().steps()) {
            if (!scene.state.currentUpgrade().orElseThrow().statusOf(step.id()).isOver()) {
                scene.does(new Command.StartStep(Scene.PLAN, step.id(), java.util.Set.of()));
                scene.does(new Command.CompleteStep(Scene.PLAN, step.id(), List.of()));
            }
        }
        scene.does(new Command.CompleteUpgrade(Scene.PLAN));

        assertThat(scene.state.configuration().settings()).doesNotContainKey("site.banner");
        assertThat(fates(scene)).containsExactly("site.banner OVERWRITTEN");
    }

    @Test
    void countsWhatIsTooMuchToShow() {
        Scene scene = Scene.founded().started();
        Step step = scene.state.currentUpgrade().orElseThrow().graph().steps().getFirst();
        Waiting[] waits =
                IntStream.range(0, UpgradeProgressView.MAX_WAITS + 7)
                        .mapToObj(
                                i -> new Waiting(step.id(), step.kind(), "n-" + i, "why", 1, null))
                        .toArray(Waiting[]::new);
        WatchUpgradeResponse view =
                UpgradeProgressView.of(scene.seenBy(Scene.A, Scene.OF_A, Scene.OF_A, waits));

        assertThat(view.getWaitingCount()).isEqualTo(UpgradeProgressView.MAX_WAITS + 1);
        assertThat(view.getWaiting(UpgradeProgressView.MAX_WAITS).getReason())
                .isEqualTo("7 more are not shown");
    }
}
