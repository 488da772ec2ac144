package dev.sluice.control.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.PlanGraph;
import dev.sluice.control.state.Upgrade;
import dev.sluice.v1.WatchEventsResponse;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class EventSummaryTest {

    private static WatchEventsResponse last(Scene scene) {
        @Nullable PlanGraph graph = scene.state.currentUpgrade().map(Upgrade::graph).orElse(null);
        return EventSummary.of(scene.history.getLast(), graph);
    }

    @Test
    void everyEventOfAnUpgradeHasATypeAndALine() {
        Scene scene = Scene.founded().started();
        scene.runUpTo(StepKind.UNFREEZE);
        PlanGraph graph = scene.state.currentUpgrade().orElseThrow().graph();

        assertThat(scene.history)
                .allSatisfy(recorded -> {
                    WatchEventsResponse summary = EventSummary.of(recorded, graph);
                    assertThat(summary.getIndex()).isEqualTo(recorded.index());
                    assertThat(summary.getType())
                            .isEqualTo(recorded.event().getClass().getSimpleName());
                    assertThat(summary.getSummary()).isNotBlank().doesNotContain("Optional");
                });
    }

    @Test
    void namesKindNodePhaseAndPlanOfAStep() {
        Scene scene = Scene.founded().started();
        Step drain = scene.runUpTo(StepKind.DRAIN);
        WatchEventsResponse started = last(scene);

        assertThat(started.getType()).isEqualTo("StepStarted");
        assertThat(started.getPlanId()).isEqualTo("p-1");
        assertThat(started.getStepId()).isEqualTo(drain.id().value());
        assertThat(started.getStepKind()).isEqualTo("DRAIN");
        assertThat(started.getNode()).isEqualTo(drain.node().value());
        assertThat(started.getPhase()).isEqualTo("FIRST_HALF");
        assertThat(started.getActor()).isEmpty();
        assertThat(started.getSummary()).isEqualTo("DRAIN %s: started".formatted(drain.node()));
    }

    @Test
    void saysWhatItCanOfAStepWhosePlanIsNotAtHand() {
        Scene scene = Scene.founded().started();
        Step drain = scene.runUpTo(StepKind.DRAIN);
        WatchEventsResponse started = EventSummary.of(scene.history.getLast(), null);

        assertThat(started.getStepKind()).isEmpty();
        assertThat(started.getSummary()).isEqualTo("step %s: started".formatted(drain.id()));
    }

    @Test
    @Tag("CLU-3")
    void recordsHowManyClientsHeldADrainAndWhoCutThem() {
        Scene scene = Scene.founded().started();
        Step drain = scene.runUpTo(StepKind.DRAIN);
        scene.does(new Command.HoldDrain(Scene.PLAN, drain.id(), 12));
        assertThat(last(scene).getSummary()).contains("12 clients connected");

        scene.does(new Command.DecideDrain(drain.id(), DrainDecision.CUT, Scene.ALICE));
        assertThat(last(scene).getSummary()).endsWith("the clients that are left are cut");
        assertThat(last(scene).getActor()).isEqualTo("alice");
    }

    @Test
    @Tag("PRE-1")
    void aPlanWithoutABackupIsOnTheAuditLogByName() {
        Scene with = Scene.founded().planned(Scene.fixture().blueprint());
        Scene without = Scene.founded().planned(Scene.fixture().withoutBackup().blueprint());

        assertThat(last(with).getSummary()).doesNotContain("BACKUP");
        assertThat(last(without).getSummary()).contains("WITHOUT A BACKUP as asked by name");
        assertThat(last(without).getActor()).isEqualTo("alice");
    }

    @Test
    @Tag("CLU-6")
    void marksAForcedChangeAsOneThatWillBeOverwritten() {
        Scene scene = Scene.founded().started();
        scene.runUpTo(StepKind.CLOSE_ADMISSION);
        scene.does(new Command.ChangeSetting("site.banner", Optional.of("x"), true, Scene.ALICE));

        assertThat(last(scene).getSummary())
                .isEqualTo(
                        "setting site.banner is now \"x\", forced while frozen: will be overwritten");
    }

    @Test
    void cutsALineThatNobodyWouldRead() {
        Scene scene = Scene.founded().planned(Scene.fixture().blueprint(), "w".repeat(5000));

        assertThat(last(scene).getSummary()).hasSize(500).endsWith("...");
    }
}
