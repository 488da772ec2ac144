package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.A;
import static dev.sluice.control.executor.UpgradeScenario.B;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.started;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.UpgradeStatus;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whole upgrades of clusters in which everything works. */
class ClusterUpgradeTest {

    @Test
    @Tag("CLU-1")
    @Tag("CLU-3")
    @Tag("CLU-8")
    @Tag("CLU-9")
    @Tag("CLU-10")
    @Tag("PKG-5")
    void upgradesEveryNodeInOrderAndGivesItBack() {
        UpgradeScenario upgrade = started(cluster()).runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.nodes.values())
                .allSatisfy(node -> {
                    assertThat(node.installs)
                            .containsExactly(Fixture.ref("base 7.0.0"), Fixture.ref("site 24.3.0"));
                    assertThat(node.accepting).isEqualTo(!node.master);
                });
        assertThat(upgrade.upgrade().setAside()).isEmpty();
    }

    @Test
    @Tag("CLU-7")
    void leavesTheUpgradedBackupInOfficeWithTheSharedAddress() {
        UpgradeScenario upgrade = started(cluster()).runToEnd();

        assertThat(upgrade.self).isEqualTo(B);
        assertThat(upgrade.node(B).heldAddress).isEqualTo(UpgradeScenario.ADDRESS);
        assertThat(upgrade.node(A).heldAddress).isEmpty();
        assertThat(upgrade.state.failoverBroken()).isFalse();
        assertThat(upgrade.state.configuration().frozenBy()).isNull();
    }

    @Test
    @Tag("CLU-5")
    void changesTheFirstHalfAndTheBackupOnlyUntilThePromotion() {
        UpgradeScenario upgrade = started(cluster());

        upgrade.runUpTo(StepKind.PROMOTE, B);

        List<FakeNode> changed =
                upgrade.nodes.values().stream().filter(n -> !n.installs.isEmpty()).toList();
        assertThat(changed)
                .extracting(n -> n.id.value())
                .contains("m-b")
                .doesNotContain("m-a")
                .hasSize(
                        1
                                + upgrade.blueprint.halves().values().stream()
                                        .mapToInt(h -> h.first().size())
                                        .sum());
        assertThat(upgrade.traffic())
                .allSatisfy(n -> assertThat(n.accepting).isEqualTo(n.installs.isEmpty()));
    }

    @Test
    @Tag("PKG-4")
    void sendsNoPackageToANodeThatHasIt() {
        UpgradeScenario upgrade = started(cluster());
        upgrade.node("eu-1").staged.add("sha of base 7.0.0");

        upgrade.runUpTo(StepKind.CLOSE_ADMISSION, upgrade.firstOf("eu").id);

        assertThat(upgrade.node("eu-1").received)
                .filteredOn(AgentCommand.AgentWork.Stage.class::isInstance)
                .hasSize(1);
        assertThat(upgrade.node("eu-2").received)
                .filteredOn(AgentCommand.AgentWork.Stage.class::isInstance)
                .hasSize(2);
    }

    @Test
    @Tag("PKG-4")
    void limitsEachPullToTheRateThatTheOperatorSet() {
        UpgradeScenario upgrade = UpgradeScenario.planned(cluster());
        upgrade.accepted(
                new Command.ChangeSetting(
                        "distribution.maxBytesPerSecond",
                        Optional.of("1000000"),
                        false,
                        new Actor("alice")));
        upgrade.accepted(new Command.StartUpgrade(upgrade.upgrade().id(), new Actor("alice")));

        upgrade.runUpTo(StepKind.CLOSE_ADMISSION, upgrade.firstOf("eu").id);

        assertThat(upgrade.node("eu-1").received)
                .filteredOn(AgentCommand.AgentWork.Stage.class::isInstance)
                .isNotEmpty()
                .allSatisfy(work ->
                        assertThat(((AgentCommand.AgentWork.Stage) work).maxBytesPerSecond())
                                .isEqualTo(1_000_000));
    }

    @Test
    @Tag("PRE-4")
    void soaksBetweenTwoSitePackages() {
        UpgradeScenario upgrade =
                started(
                        cluster()
                                .pkgFrom("site 25.1.0", "24.3.0", "base >=7.0.0")
                                .target("site 25.1.0"));

        upgrade.runUpTo(StepKind.SOAK, B);
        upgrade.ticks(3600);

        assertThat(upgrade.upgrade().graph().steps())
                .filteredOn(s -> s.pass() == 2)
                .allSatisfy(s ->
                        assertThat(upgrade.upgrade().statusOf(s.id()))
                                .isEqualTo(StepStatus.PENDING));
    }

    @Test
    @Tag("CLU-10")
    void comesBackToTheFirstPrimaryAfterTwoPasses() {
        UpgradeScenario upgrade =
                started(
                        cluster()
                                .policy(Policies.soak(30))
                                .pkgFrom("site 25.1.0", "24.3.0", "base >=7.0.0")
                                .target("site 25.1.0"));

        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.self).isEqualTo(A);
        assertThat(upgrade.events(Event.HandoverDecided.class)).hasSize(2);
    }

    @Test
    @Tag("CLU-5")
    @Tag("PRE-3")
    void passesItsGatesWhenANodeInstallsTwoVersionsOfAPackageOnTheWay() {
        UpgradeScenario upgrade =
                started(
                        Fixture.twoMasters()
                                .region("eu", 2)
                                .region("us", 2)
                                .pkg("base 6.5.0", "base >=6.1.0")
                                .pkgFrom("base 7.0.0", "6.5.0")
                                .target("base 7.0.0"));

        upgrade.runToEnd();

        assertThat(upgrade.upgrade().haltReasons()).isEmpty();
        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.node("eu-1").installs)
                .containsExactly(Fixture.ref("base 6.5.0"), Fixture.ref("base 7.0.0"));
    }

    @Test
    @Tag("CLU-11")
    void upgradesASingleMasterBetweenTheHalves() {
        UpgradeScenario upgrade =
                started(
                        new Fixture()
                                .master("m-a", MasterRole.PRIMARY, "eu")
                                .region("eu", 4)
                                .pkg("base 7.0.0", "base >=6.1.0")
                                .target("base 7.0.0"));

        upgrade.runToEnd();

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.self).isEqualTo(A);
        assertThat(upgrade.traffic()).allSatisfy(n -> assertThat(n.accepting).isTrue());
    }
}
