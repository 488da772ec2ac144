package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.A;
import static dev.sluice.control.executor.UpgradeScenario.ALICE;
import static dev.sluice.control.executor.UpgradeScenario.B;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.started;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.Work;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.UpgradeStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Upgrades in which something fails. */
class UpgradeFailuresTest {

    private static Step gate(UpgradeScenario upgrade, Work.Gate gate) {
        return upgrade.blueprint.steps().stream()
                .filter(s -> s.work() instanceof Work.VerifyCluster(var _, var g) && g == gate)
                .findFirst()
                .orElseThrow();
    }

    private static UpgradeScenario atGate(Work.Gate gate) {
        UpgradeScenario upgrade = started(cluster());
        Step step = gate(upgrade, gate);
        return upgrade.runUntil(
                "at the gate", () -> upgrade.upgrade().statusOf(step.id()) == StepStatus.RUNNING);
    }

    @Test
    @Tag("CLU-7")
    @Tag("PKG-4")
    void waitsForAnImportAndSetsNobodyAsideWhenAPrimaryThatTookOverLacksThePackages() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.primaryHasContent = false;

        upgrade.ticks(600);

        assertThat(upgrade.upgrade().setAside()).isEmpty();
        assertThat(upgrade.events(Event.StepAttemptFailed.class)).isEmpty();
        assertThat(upgrade.waits)
                .anySatisfy(w ->
                        assertThat(w.reason())
                                .contains(
                                        "nobody who is there has the content",
                                        "or import it again"));

        upgrade.primaryHasContent = true;
        upgrade.runToEnd();
        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-14")
    void triesAFailedInstallAgain() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.node("eu-1").installsToFail = 2;

        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.events(Event.StepAttemptFailed.class)).hasSize(2);
        assertThat(upgrade.upgrade().setAside()).isEmpty();
    }

    @Test
    @Tag("CLU-14")
    void setsANodeAsideAfterThreeFailuresAndGoesOnWithinTheBudget() {
        UpgradeScenario upgrade = started(cluster());
        FakeNode broken = upgrade.firstOf("eu");
        broken.installsToFail = 1000;

        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.upgrade().setAside())
                .containsExactly(
                        Map.entry(broken.id, "INSTALL failed: the slot could not be written"));
        assertThat(broken.accepting).isFalse();
        assertThat(upgrade.state.operatorClosed())
                .as("no later plan gives it back by itself")
                .containsExactly(broken.id);
        assertThat(upgrade.traffic())
                .filteredOn(n -> n != broken)
                .allSatisfy(n -> assertThat(n.accepting).isTrue());
    }

    @Test
    @Tag("CLU-14")
    void haltsWithReasonsWhenMoreNodesFailThanTheBudgetAllows() {
        UpgradeScenario upgrade = started(cluster().policy(Policies.budget(0, 2)));
        FakeNode broken = upgrade.firstOf("eu");
        broken.installsToFail = 3;

        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.HALTED);
        assertThat(upgrade.upgrade().haltReasons())
                .containsExactly(
                        "region eu: 1 nodes have failed, the budget allows 0; the last is %s (INSTALL failed: the slot could not be written)"
                                .formatted(broken.id));

        upgrade.accepted(new Command.ResumeUpgrade(ALICE));
        upgrade.runToEnd();
        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-14")
    void setsASilentNodeAsideInsteadOfDrainingItForEver() {
        UpgradeScenario upgrade = started(cluster());
        FakeNode silent = upgrade.firstOf("eu");
        silent.leavingPerTick = 0;
        upgrade.runUpTo(StepKind.DRAIN, silent.id);

        silent.connected = false;
        silent.age = Duration.ofHours(1);
        upgrade.ticks(200);
        assertThat(upgrade.upgrade().setAside()).isEmpty();
        upgrade.runUntil("set aside", () -> !upgrade.upgrade().setAside().isEmpty());

        assertThat(upgrade.upgrade().setAside())
                .containsExactly(
                        Map.entry(
                                silent.id,
                                "DRAIN failed: node %s: nothing is known of it for PT5M: its agent is not connected"
                                        .formatted(silent.id)));
    }

    @Test
    @Tag("CLU-5")
    void doesNotPromoteWhileANodeOfTheFirstHalfRunsAWrongVersion() {
        UpgradeScenario upgrade = atGate(Work.Gate.HALF_UPGRADED);
        FakeNode wrong = upgrade.firstOf("us");
        wrong.installed.putAll(Fixture.installed("base 6.9.0"));

        upgrade.ticks(20);

        assertThat(upgrade.waitsFor(gate(upgrade, Work.Gate.HALF_UPGRADED).id()))
                .isEqualTo(
                        "%s: expected base 7.0.0, found {base=6.9.0, site=24.3.0}"
                                .formatted(wrong.id));
        upgrade.runToEnd();
        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.HALTED);
        assertThat(upgrade.events(Event.HandoverDecided.class)).isEmpty();

        wrong.installed.putAll(Fixture.installed("base 7.0.0"));
        upgrade.accepted(new Command.ResumeUpgrade(ALICE));
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-5")
    void doesNotPromoteWhileANodeOfTheSecondHalfRunsTheNewVersion() {
        UpgradeScenario upgrade = atGate(Work.Gate.HALF_UPGRADED);
        FakeNode early = upgrade.secondOf("eu");
        early.installed.putAll(Fixture.installed("base 7.0.0"));

        upgrade.ticks(20);

        assertThat(upgrade.waitsFor(gate(upgrade, Work.Gate.HALF_UPGRADED).id()))
                .isEqualTo(
                        "%s: expected a version before base 7.0.0, found it installed already"
                                .formatted(early.id));
    }

    @Test
    @Tag("CLU-5")
    void doesNotPromoteWhileANodeIsUnknown() {
        UpgradeScenario upgrade = atGate(Work.Gate.HALF_UPGRADED);
        upgrade.secondOf("eu").age = Duration.ofSeconds(6);

        upgrade.ticks(20);

        assertThat(upgrade.waitsFor(gate(upgrade, Work.Gate.HALF_UPGRADED).id()))
                .isEqualTo(upgrade.secondOf("eu").id + ": its last report is 6.0 s old");
    }

    @Test
    @Tag("PKG-4")
    void closesNoNodeWhileOneHasLostAPackage() {
        UpgradeScenario upgrade = atGate(Work.Gate.PACKAGES_STAGED);
        FakeNode node = upgrade.node("us-2");
        node.staged.remove("sha of base 7.0.0");

        upgrade.ticks(20);

        assertThat(upgrade.waitsFor(gate(upgrade, Work.Gate.PACKAGES_STAGED).id()))
                .isEqualTo("us-2: does not hold base 7.0.0");
        assertThat(upgrade.traffic()).allSatisfy(n -> assertThat(n.accepting).isTrue());
    }

    @Test
    @Tag("CLU-3")
    void installsNothingOnADrainedNodeToWhichClientsCameBack() {
        UpgradeScenario upgrade = started(cluster());
        FakeNode node = upgrade.firstOf("eu");
        upgrade.runUpTo(StepKind.INSTALL, B);
        node.clients = 3;
        node.leavingPerTick = 0;

        Step install = upgrade.runUpTo(StepKind.INSTALL, node.id);
        upgrade.ticks(60);

        assertThat(upgrade.waitsFor(install.id()))
                .isEqualTo(
                        "%s: expected it closed and empty, found it closed with 3 clients; nothing is installed on it"
                                .formatted(node.id));
        assertThat(node.received).noneMatch(AgentCommand.AgentWork.Install.class::isInstance);
        node.leavingPerTick = 1;
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-10")
    void doesNotEndWhileANodeThatShouldAcceptIsClosed() {
        UpgradeScenario upgrade = atGate(Work.Gate.ALL_UPGRADED);
        FakeNode closed = upgrade.node("eu-1");
        upgrade.losesCommand = _ -> true;
        closed.accepting = false;

        upgrade.ticks(5);

        assertThat(upgrade.waitsFor(gate(upgrade, Work.Gate.ALL_UPGRADED).id()))
                .isEqualTo("eu-1: expected it accepting, found it closed");
        upgrade.losesCommand = _ -> false;
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-3")
    void countsUnknownStaleAndUnhealthyNodesAsOutBeforeItClosesAnother() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUntil(
                "staged",
                () ->
                        upgrade.upgrade().statusOf(gate(upgrade, Work.Gate.PACKAGES_STAGED).id())
                                == StepStatus.RUNNING);
        FakeNode stale = upgrade.secondOf("eu");
        FakeNode unhealthy = upgrade.node(upgrade.halves("eu").second().getLast());
        unhealthy.healthy = false;
        // The gate before looks at every node, and has to see this one once.
        upgrade.tick();
        stale.age = Duration.ofSeconds(6);

        upgrade.ticks(60);

        assertThat(upgrade.traffic())
                .filteredOn(n -> n.region.equals(stale.region))
                .allSatisfy(n -> assertThat(n.accepting).isTrue());
        assertThat(upgrade.waits)
                .filteredOn(w -> w.subject().equals(upgrade.firstOf("eu").id.value()))
                .extracting(Waiting::reason)
                .containsExactly(
                        "closing it would leave 1 of 4 nodes of region eu accepting, 2 are required; out or not known to serve: "
                                + new TreeSet<>(Set.of(stale.id, unhealthy.id)));

        stale.age = Duration.ZERO;
        unhealthy.healthy = true;
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-3")
    void refusesToStartAClosingOnceTheBudgetIsUsedUp() {
        UpgradeScenario upgrade = started(cluster());
        Step gate = gate(upgrade, Work.Gate.PACKAGES_STAGED);
        upgrade.runUntil(
                "staged", () -> upgrade.upgrade().statusOf(gate.id()) == StepStatus.RUNNING);
        upgrade.accepted(new Command.CompleteStep(UpgradeScenario.PLAN, gate.id(), List.of()));
        FakeNode first = upgrade.firstOf("us");
        Step close =
                upgrade.blueprint.steps().stream()
                        .filter(s -> s.work().equals(new Work.CloseAdmission(first.id)))
                        .findFirst()
                        .orElseThrow();

        assertThat(
                        upgrade.rejected(
                                new Command.StartStep(
                                        UpgradeScenario.PLAN,
                                        close.id(),
                                        Set.of(
                                                upgrade.secondOf("us").id,
                                                otherThan(first, upgrade)))))
                .startsWith(
                        "node %s: closing it would leave 0 of 3 nodes of region us"
                                .formatted(first.id));
    }

    /** A new primary knows of no node that it serves, and still most of them do. */
    @Test
    @Tag("CLU-3")
    @Tag("CLU-15")
    void closesNoNodeThatMayServeWhileTooFewOthersAreKnownTo() {
        UpgradeScenario upgrade = started(cluster());
        Step gate = gate(upgrade, Work.Gate.PACKAGES_STAGED);
        upgrade.runUntil(
                "staged", () -> upgrade.upgrade().statusOf(gate.id()) == StepStatus.RUNNING);
        upgrade.accepted(new Command.CompleteStep(UpgradeScenario.PLAN, gate.id(), List.of()));
        FakeNode first = upgrade.firstOf("us");
        Step close =
                upgrade.blueprint.steps().stream()
                        .filter(s -> s.work().equals(new Work.CloseAdmission(first.id)))
                        .findFirst()
                        .orElseThrow();
        Set<NodeId> everybody =
                Set.of(first.id, upgrade.secondOf("us").id, otherThan(first, upgrade));

        assertThat(
                        upgrade.rejected(
                                new Command.StartStep(UpgradeScenario.PLAN, close.id(), everybody)))
                .startsWith(
                        "node %s: closing it would leave 0 of 3 nodes of region us"
                                .formatted(first.id));
    }

    /** Its site restarts just then: it does not accept, and will again in a moment. */
    @Test
    @Tag("CLU-2")
    void tellsANodeToCloseAlthoughItDoesNotAcceptJustNow() {
        UpgradeScenario upgrade = started(cluster());
        FakeNode first = upgrade.firstOf("eu");
        upgrade.runUpTo(StepKind.CLOSE_ADMISSION, first.id);
        first.accepting = false;

        upgrade.runUpTo(StepKind.DRAIN, first.id);

        assertThat(first.received).contains(new AgentCommand.AgentWork.SetAdmission(false));
    }

    @Test
    @Tag("CLU-5")
    @Tag("CLU-14")
    void upgradesTheOldPrimaryAfterThePromotionAlsoWhenAllNodesBetweenAreSetAside() {
        UpgradeScenario upgrade =
                started(
                        Fixture.twoMasters()
                                .region("eu", 2)
                                .pkg("base 7.0.0", "base >=6.1.0")
                                .pkg("site 24.3.0", "base >=7.0.0")
                                .target("site 24.3.0"));
        upgrade.secondOf("eu").stagingsToFail = 100;

        upgrade.runUntil("promoted", () -> upgrade.self.equals(B));

        assertThat(upgrade.upgrade().setAside()).containsOnlyKeys(upgrade.secondOf("eu").id);
        assertThat(upgrade.node(UpgradeScenario.A).installs).isEmpty();
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    private static NodeId otherThan(FakeNode first, UpgradeScenario upgrade) {
        return upgrade.traffic().stream()
                .filter(n -> n.region.equals(first.region) && n != first)
                .filter(n -> n != upgrade.secondOf("us"))
                .findFirst()
                .orElseThrow()
                .id;
    }

    @Test
    @Tag("PRE-1")
    void triesABackupThreeTimesThenHaltsAndTriesAgainWhenResumed() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.backupsToFail = 3;

        upgrade.runToEnd();

        assertThat(upgrade.upgrade().haltReasons())
                .singleElement()
                .asString()
                .endsWith("on m-a: BACKUP failed: disk full");
        upgrade.accepted(new Command.ResumeUpgrade(ALICE));
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("REL-1")
    void decidesNothingAfterTheHandover() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUpTo(StepKind.PROMOTE, B);
        upgrade.accepted(new Command.DecideHandover(B));

        for (Command command :
                new Command[] {
                    new Command.PauseUpgrade(ALICE),
                    new Command.AbortUpgrade("late", ALICE),
                    new Command.DecideHandover(B),
                    new Command.CompleteUpgrade(UpgradeScenario.PLAN)
                }) {
            assertThat(upgrade.rejected(command))
                    .isEqualTo("master m-a: gave its office to master m-b; ask that one");
        }
    }

    @Test
    @Tag("CLU-7")
    void anOfficeGivenBackBeforeTheAddressMovedComesToTheNewPrimaryAgain() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUpTo(StepKind.SWITCH_ADDRESS, B);

        upgrade.accepted(new Command.DecideHandover(A));
        upgrade.self = A;
        upgrade.nodes.values().forEach(node -> node.heldAddress = "");
        upgrade.restart();

        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.node(B).heldAddress).isEqualTo(UpgradeScenario.ADDRESS);
    }
}
