package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.A;
import static dev.sluice.control.executor.UpgradeScenario.ALICE;
import static dev.sluice.control.executor.UpgradeScenario.B;
import static dev.sluice.control.executor.UpgradeScenario.PLAN;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.started;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Policy.Confirm;
import dev.sluice.control.model.Policy.OnDeadline;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Configuration;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.UpgradeStatus;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What operators do to an upgrade while it runs, and what it asks of them. */
class OperatorDuringUpgradeTest {

    private static UpgradeScenario draining(FakeNode[] stubborn, OnDeadline onDeadline) {
        UpgradeScenario upgrade = started(cluster().policy(Policies.drain(60, onDeadline)));
        stubborn[0] = upgrade.firstOf("eu");
        stubborn[0].leavingPerTick = 0;
        return upgrade;
    }

    @Test
    @Tag("CLU-3")
    void holdsADrainAtItsDeadlineUntilTheOperatorExtendsThenCuts() {
        FakeNode[] node = new FakeNode[1];
        UpgradeScenario upgrade = draining(node, OnDeadline.HOLD);
        Step drain = upgrade.runUpTo(StepKind.DRAIN, node[0].id);

        upgrade.ticks(50);
        assertThat(upgrade.rejected(new Command.DecideDrain(drain.id(), DrainDecision.CUT, ALICE)))
                .isEqualTo(
                        "step %s: expected a drain held at its deadline, found one that still runs"
                                .formatted(drain.id()));
        upgrade.ticks(200);
        assertThat(upgrade.waitsFor(drain.id()))
                .isEqualTo(
                        "%s: the deadline passed with 10 clients connected; an operator decides: sluice upgrade confirm %s --cut | --extend"
                                .formatted(node[0].id, drain.id()));

        upgrade.operatorDecides(drain, DrainDecision.EXTEND);
        upgrade.ticks(30);
        assertThat(upgrade.waitsFor(drain.id())).contains("until the deadline");
        upgrade.ticks(60);
        assertThat(upgrade.events(Event.DrainHeld.class)).hasSize(2);
        assertThat(node[0].clients).isEqualTo(10);

        upgrade.operatorDecides(drain, DrainDecision.CUT);
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-3")
    @Tag("CLU-15")
    void stillHoldsADrainAfterARestart() {
        FakeNode[] node = new FakeNode[1];
        UpgradeScenario upgrade = draining(node, OnDeadline.HOLD);
        Step drain = upgrade.runUpTo(StepKind.DRAIN, node[0].id);
        upgrade.ticks(100).restart().ticks(5);

        assertThat(upgrade.waitsFor(drain.id())).contains("an operator decides");
        upgrade.operatorDecides(drain, DrainDecision.CUT);
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-3")
    void goesOnWaitingForClientsWhenThePolicySaysSo() {
        FakeNode[] node = new FakeNode[1];
        UpgradeScenario upgrade = draining(node, OnDeadline.WAIT);
        upgrade.runUpTo(StepKind.DRAIN, node[0].id);

        upgrade.ticks(7200);

        assertThat(node[0].clients).isEqualTo(10);
        assertThat(node[0].installs).isEmpty();
        node[0].leavingPerTick = 1;
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-3")
    void cutsClientsAtTheDeadlineAndAgainWhenTheyComeBack() {
        FakeNode[] node = new FakeNode[1];
        UpgradeScenario upgrade = draining(node, OnDeadline.CUT);
        Step drain = upgrade.runUpTo(StepKind.DRAIN, node[0].id);
        upgrade.ticks(50);
        assertThat(node[0].clients).isEqualTo(10);

        int[] comebacks = {3};
        upgrade.runUntil(
                "drained",
                () -> upgrade.upgrade().statusOf(drain.id()).isOver(),
                _ -> {
                    if (node[0].clients == 0 && comebacks[0]-- > 0) {
                        node[0].clients = 2;
                    }
                });

        assertThat(comebacks[0]).isNegative();
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-3")
    void closesADrainingNodeEachTimeItOpensByItself() {
        FakeNode[] node = new FakeNode[1];
        UpgradeScenario upgrade = draining(node, OnDeadline.WAIT);
        upgrade.runUpTo(StepKind.DRAIN, node[0].id);

        for (int i = 0; i < 3; i++) {
            node[0].accepting = true;
            upgrade.ticks(2);
            assertThat(node[0].accepting).as("after it opened %d times", i + 1).isFalse();
        }
    }

    @Test
    @Tag("PAIR-5")
    void waitsForTheConfirmationOfEachMasterAndPassesTheScriptToItsVerification() {
        UpgradeScenario upgrade =
                started(cluster().policy(Policies.verify(Confirm.MASTERS, "smoke.sh")));
        Step confirm = upgrade.runUpTo(StepKind.CONFIRM, B);
        upgrade.ticks(3600);

        assertThat(upgrade.waitsFor(confirm.id()))
                .isEqualTo(
                        "m-b: an operator confirms that it is right: sluice upgrade confirm %s"
                                .formatted(confirm.id()));
        assertThat(upgrade.node(B).received)
                .filteredOn(AgentCommand.AgentWork.Verify.class::isInstance)
                .extracting(w -> ((AgentCommand.AgentWork.Verify) w).script())
                .containsOnly(Optional.of("smoke.sh"));
        upgrade.accepted(new Command.ConfirmStep(confirm.id(), true, ALICE));
        Step second = upgrade.runUpTo(StepKind.CONFIRM, A);
        upgrade.accepted(new Command.ConfirmStep(second.id(), true, ALICE));
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("PAIR-5")
    void haltsWhenTheOperatorFindsAMasterWrong() {
        UpgradeScenario upgrade =
                started(cluster().policy(Policies.verify(Confirm.MASTERS, "smoke.sh")));
        Step confirm = upgrade.runUpTo(StepKind.CONFIRM, B);

        upgrade.accepted(new Command.ConfirmStep(confirm.id(), false, ALICE));
        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.HALTED);
        assertThat(upgrade.upgrade().haltReasons())
                .containsExactly(
                        "step %s on m-b: CONFIRM failed: m-b: an operator found it wrong"
                                .formatted(confirm.id()));
        upgrade.accepted(new Command.ResumeUpgrade(ALICE));
        Step again = upgrade.runUpTo(StepKind.CONFIRM, B);
        assertThat(again).isEqualTo(confirm);
        upgrade.ticks(10);
        assertThat(upgrade.waitsFor(confirm.id())).contains("an operator confirms");
    }

    @Test
    @Tag("CLU-13")
    void startsNothingWhilePausedAndGoesOnWhenResumed() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUpTo(StepKind.DRAIN, upgrade.firstOf("eu").id);
        upgrade.accepted(new Command.PauseUpgrade(ALICE));
        int begun = upgrade.events(Event.StepStarted.class).size();

        upgrade.ticks(600);

        assertThat(upgrade.events(Event.StepStarted.class)).hasSize(begun);
        assertThat(upgrade.rejected(new Command.PauseUpgrade(ALICE)))
                .isEqualTo("upgrade p-1: can't pause it: expected it [RUNNING], found it PAUSED");
        upgrade.accepted(new Command.ResumeUpgrade(ALICE));
        assertThat(upgrade.runToEnd().status()).isEqualTo(UpgradeStatus.COMPLETED);
    }

    @Test
    @Tag("CLU-13")
    void opensWhatAnAbortFindsUntouched() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUpTo(StepKind.DRAIN, upgrade.firstOf("eu").id);

        upgrade.accepted(new Command.AbortUpgrade("not today", ALICE));
        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.ABORTED);
        assertThat(upgrade.upgrade().leftClosed()).isEmpty();
        assertThat(upgrade.traffic()).allSatisfy(n -> assertThat(n.accepting).isTrue());
        assertThat(upgrade.state.configuration().frozenBy()).isNull();
    }

    @Test
    @Tag("CLU-13")
    void leavesUpgradedNodesClosedAndNamesThemWhenAbortedBeforeThePromotion() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUpTo(StepKind.PROMOTE, B);

        upgrade.accepted(new Command.AbortUpgrade("not today", ALICE));
        upgrade.runToEnd();
        upgrade.ticks(60);

        List<NodeId> upgraded =
                upgrade.traffic().stream()
                        .filter(n -> !n.installs.isEmpty())
                        .map(n -> n.id)
                        .toList();
        assertThat(upgraded).isNotEmpty();
        assertThat(upgrade.upgrade().leftClosed()).isEqualTo(upgraded);
        assertThat(upgrade.state.operatorClosed())
                .as("no later plan gives them back by itself")
                .containsExactlyElementsOf(upgraded);
        assertThat(upgrade.traffic())
                .allSatisfy(n -> assertThat(n.accepting).isEqualTo(!upgraded.contains(n.id)));
        assertThat(upgrade.state.failoverBroken()).isFalse();
    }

    @Test
    @Tag("CLU-13")
    void keepsLeftNodesClosedUnderLaterPlansUntilTheirOperatorGivesThemBack() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUpTo(StepKind.PROMOTE, B);
        upgrade.accepted(new Command.AbortUpgrade("not today", ALICE));
        upgrade.runToEnd();
        List<NodeId> left = upgrade.upgrade().leftClosed();
        PlanId next = new PlanId("p-2");

        upgrade.accepted(new Command.AcceptPlan(next, upgrade.blueprint, List.of(), ALICE));
        upgrade.ticks(60);
        assertThat(left).isNotEmpty();
        assertThat(upgrade.traffic())
                .allSatisfy(n -> assertThat(n.accepting).isEqualTo(!left.contains(n.id)));

        upgrade.accepted(new Command.StartUpgrade(next, ALICE));
        upgrade.runUpTo(StepKind.DRAIN, left.getFirst());
        upgrade.accepted(new Command.AbortUpgrade("still not", ALICE));
        upgrade.runToEnd();
        upgrade.ticks(60);
        assertThat(upgrade.upgrade().leftClosed()).isEqualTo(left);
        assertThat(upgrade.node(left.getFirst()).accepting).isFalse();

        PlanId last = new PlanId("p-3");
        upgrade.accepted(new Command.AcceptPlan(last, upgrade.blueprint, List.of(), ALICE));
        upgrade.accepted(new Command.StartUpgrade(last, ALICE));
        upgrade.runToEnd();
        upgrade.ticks(5);
        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.traffic())
                .allSatisfy(n -> assertThat(n.accepting).isEqualTo(!left.contains(n.id)));

        left.forEach(n -> upgrade.accepted(new Command.ChooseNodeAdmission(n, true, ALICE)));
        upgrade.ticks(5);
        assertThat(upgrade.traffic()).allSatisfy(n -> assertThat(n.accepting).isTrue());
    }

    @Test
    @Tag("CLU-14")
    void anOperatorGivesBackANodeThatAnUpgradeSetAside() {
        UpgradeScenario upgrade = started(cluster());
        FakeNode broken = upgrade.firstOf("eu");
        broken.installsToFail = 3;
        upgrade.runToEnd();
        upgrade.ticks(60);
        assertThat(upgrade.upgrade().leftClosed()).containsExactly(broken.id);
        assertThat(broken.accepting).isFalse();

        upgrade.accepted(new Command.ChooseNodeAdmission(broken.id, true, ALICE));
        upgrade.ticks(5);

        assertThat(broken.accepting).isTrue();
        assertThat(upgrade.upgrade().leftClosed()).isEmpty();
    }

    @Test
    @Tag("CLU-13")
    @Tag("CLU-11")
    void leavesUpgradedNodesClosedWhenAbortedBeforeTheSingleMasterIsUpgraded() {
        UpgradeScenario upgrade =
                started(
                        new Fixture()
                                .master("m-a", MasterRole.PRIMARY, "eu")
                                .region("eu", 4)
                                .pkg("base 7.0.0", "base >=6.1.0")
                                .target("base 7.0.0"));
        upgrade.runUpTo(StepKind.INSTALL, A);
        upgrade.node(A).ticksOfWork = 100;

        upgrade.accepted(new Command.AbortUpgrade("not today", ALICE));
        upgrade.runToEnd();

        assertThat(upgrade.upgrade().leftClosed())
                .hasSize(2)
                .allSatisfy(id -> assertThat(upgrade.node(id).installs).isNotEmpty());
    }

    @Test
    @Tag("CLU-13")
    void decidesNothingAboutStepsOnceTheAbortIsAskedFor() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.backupsToFail = 1;
        Step backup = upgrade.runUpTo(StepKind.BACKUP, A);
        upgrade.accepted(new Command.AbortUpgrade("not today", ALICE));

        assertThat(upgrade.rejected(new Command.FailStep(PLAN, backup.id(), 1, "disk full", false)))
                .isEqualTo(
                        "upgrade p-1: expected it to go on, found it ABORTING; nothing is decided about its steps any more");
        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.ABORTING);
    }

    @Test
    @Tag("CLU-6")
    void refusesChangesFromTheStartToTheResyncUnlessForcedAndThenOverwritesAndListsThem() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.runUpTo(StepKind.DRAIN, upgrade.firstOf("eu").id);
        Command.ChangeSetting change =
                new Command.ChangeSetting("site.banner", Optional.of("new"), false, ALICE);
        assertThat(upgrade.rejected(change))
                .isEqualTo(
                        "setting site.banner: the configuration is frozen by plan p-1 until its resync, which would overwrite the change; change it afterwards, or force it");

        upgrade.accepted(new Command.ChangeSetting("site.banner", Optional.of("new"), true, ALICE));
        assertThat(upgrade.state.configuration().forced())
                .extracting(Configuration.ForcedChange::overwritten)
                .containsExactly(false);
        upgrade.runToEnd();

        assertThat(upgrade.state.configuration().settings()).isEmpty();
        assertThat(upgrade.state.configuration().forced())
                .extracting(
                        Configuration.ForcedChange::key, Configuration.ForcedChange::overwritten)
                .containsExactly(tuple("site.banner", true));
        assertThat(upgrade.traffic())
                .allSatisfy(n ->
                        assertThat(n.revision).isEqualTo(upgrade.state.configuration().revision()));
    }

    @Test
    @Tag("CLU-6")
    void listsTheForcedChangesOfEveryPassAtTheEnd() {
        UpgradeScenario upgrade =
                started(
                        cluster()
                                .policy(Policies.soak(30))
                                .pkgFrom("site 25.1.0", "24.3.0", "base >=7.0.0")
                                .target("site 25.1.0"));
        upgrade.runUpTo(StepKind.DRAIN, upgrade.firstOf("eu").id);
        upgrade.accepted(new Command.ChangeSetting("site.banner", Optional.of("new"), true, ALICE));

        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.state.configuration().forced())
                .extracting(Configuration.ForcedChange::key)
                .containsExactly("site.banner");
    }

    @Test
    @Tag("CLU-8")
    void givesNoNodeBackThatItsOperatorTookOutBetweenTwoPasses() {
        UpgradeScenario upgrade =
                started(
                        cluster()
                                .policy(Policies.soak(30))
                                .pkgFrom("site 25.1.0", "24.3.0", "base >=7.0.0")
                                .target("site 25.1.0"));
        FakeNode node = upgrade.firstOf("eu");
        upgrade.runUpTo(StepKind.SOAK, B);
        upgrade.accepted(new Command.ChooseNodeAdmission(node.id, false, ALICE));
        assertThat(upgrade.rejected(new Command.ChooseNodeAdmission(node.id, true, ALICE)))
                .isEqualTo(
                        "node %s: it can't be given back while upgrade p-1 is RUNNING, whose plan leaves it out; abort or wait for its end"
                                .formatted(node.id));

        upgrade.runUntil(
                "over",
                () -> upgrade.upgrade().status().isOver(),
                _ -> assertThat(closedSince(upgrade, node)).isTrue());

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(node.accepting).isFalse();
        assertThat(node.installed).containsAllEntriesOf(Fixture.installed("site 25.1.0"));
    }

    /** Closed, or not told yet. */
    private static boolean closedSince(UpgradeScenario upgrade, FakeNode node) {
        boolean secondPass =
                upgrade.upgrade().graph().steps().stream()
                        .filter(s -> s.pass() == 2)
                        .anyMatch(s -> upgrade.upgrade().statusOf(s.id()) != StepStatus.PENDING);
        return !secondPass || !node.accepting;
    }
}
