package dev.sluice.control.planner;

import static dev.sluice.control.planner.Fixture.canaries;
import static dev.sluice.control.planner.Fixture.capacity;
import static dev.sluice.control.planner.Fixture.closed;
import static dev.sluice.control.planner.Fixture.connected;
import static dev.sluice.control.planner.Fixture.hardware;
import static dev.sluice.control.planner.Fixture.onDeadline;
import static dev.sluice.control.planner.Fixture.runs;
import static dev.sluice.control.planner.Fixture.share;
import static dev.sluice.control.planner.Fixture.singleNodeRegion;
import static dev.sluice.control.planner.Fixture.unhealthy;
import static dev.sluice.control.planner.Fixture.waves;
import static dev.sluice.control.planner.Fixture.zone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Policy.OnDeadline;
import dev.sluice.control.model.Policy.SingleNodeRegion;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.planner.Availability.State;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PlannerTest {

    private static Fixture cluster() {
        return Fixture.twoMasters().region("eu", 2).region("us", 2).steppingStones();
    }

    private static List<String> path(Fixture fixture) {
        return fixture.blueprint().path().stream().map(PackageRef::toString).toList();
    }

    private static Halves halves(Fixture fixture, String region) {
        return Objects.requireNonNull(fixture.blueprint().halves().get(new RegionId(region)));
    }

    private static String ids(List<?> ids) {
        return String.join(" ", ids.stream().map(Object::toString).toList());
    }

    private static String kinds(Blueprint blueprint, int pass) {
        return String.join(
                " ",
                blueprint.steps().stream()
                        .filter(s -> s.pass() == pass)
                        .map(s -> s.kind() + ":" + s.node())
                        .toList());
    }

    @Test
    @Tag("PRE-3")
    void goesBySteppingStonesWithTheBaseBeforeTheSiteThatNeedsIt() {
        assertThat(path(cluster().target("site 25.1.0")))
                .containsExactly("site 24.3.0", "base 7.0.0", "site 25.1.0");
    }

    @Test
    @Tag("PRE-3")
    void prefersFewerSitePackagesAndThenTheNewest() {
        Fixture fixture =
                Fixture.twoMasters()
                        .region("eu", 2)
                        .pkg("base 7.0.0")
                        .pkg("base 7.1.0")
                        .pkg("site 24.3.0")
                        .pkg("site 25.1.0", "base >=7.0.0");
        assertThat(path(fixture.target("site 25.1.0")))
                .containsExactly("base 7.1.0", "site 25.1.0");
    }

    @Test
    void findsThePathInACatalogueOfHundredsOfPatchReleases() {
        Fixture fixture = cluster();
        for (int i = 1; i <= 300; i++) {
            fixture.pkg("base 6.5." + i).pkg("extra 1.0." + i, "base >=6.2.0");
        }
        fixture.pkg("site 26.0.0", "base >=7.0.0", "extra >=1.0.0");
        assertThat(path(fixture.target("site 26.0.0")))
                .containsExactly("extra 1.0.300", "base 7.0.0", "site 26.0.0");
    }

    @Test
    void aNodeSkipsWhatItHas() {
        Blueprint blueprint =
                cluster()
                        .node("eu-3", "eu", runs("base 7.0.0", "site 24.3.0"))
                        .target("site 25.1.0")
                        .blueprint();
        assertThat(
                        blueprint.steps().stream()
                                .filter(s -> s.node().value().equals("eu-3"))
                                .filter(s -> s.kind() == StepKind.INSTALL)
                                .flatMap(s -> s.pkg().stream())
                                .map(PackageRef::toString))
                .containsExactly("site 25.1.0");
    }

    @Test
    @Tag("REL-3")
    void refusesWithReasonsThatNameWhatIsWrong() {
        assertThat(cluster().target("site 26.0.0").refusal())
                .contains("site 26.0.0: the catalogue has no such version", "24.3.0, 25.1.0");
        assertThat(cluster().target("sight 25.1.0").refusal())
                .contains("the catalogue has no package sight", "base, site");
        assertThat(cluster().target("site 24.1.0").refusal())
                .contains("site 24.1.0: already installed on all 6 nodes");
        assertThat(
                        cluster()
                                .node("eu-9", "eu", runs("base 7.0.0", "site 25.1.0"))
                                .target("site 24.3.0")
                                .refusal())
                .contains("downgrade on node eu-9, which has 25.1.0");
        assertThat(cluster().node("eu-9", "eu", hardware("sx-1")).target("site 25.1.0").refusal())
                .contains("site 25.1.0: runs on sx-100, sx-200, node eu-9 is sx-1");
    }

    @Test
    @Tag("PRE-3")
    void refusesWhenAPrerequisiteOrASteppingStoneIsMissing() {
        assertThat(
                        Fixture.twoMasters()
                                .region("eu", 2)
                                .pkg("base 6.5.0")
                                .pkg("site 25.1.0", "base >=7.0.0")
                                .target("site 25.1.0")
                                .refusal())
                .isEqualTo(
                        "site 25.1.0: needs base >=7.0.0, node m-a has 6.2.0, and the catalogue has none that enables it (available: 6.5.0)");
        assertThat(
                        Fixture.twoMasters()
                                .region("eu", 2)
                                .pkgFrom("site 25.1.0", "24.3.0")
                                .target("site 25.1.0")
                                .refusal())
                .contains("site 24.3.0 or newer only, node m-a has 24.1.0", "no stepping stone");
    }

    @Test
    @Tag("REL-3")
    void refusesACycleOfPrerequisitesAndPrintsIt() {
        assertThat(
                        Fixture.twoMasters()
                                .region("eu", 2)
                                .pkg("site 25.1.0", "one >=1.0.0")
                                .pkg("one 1.0.0", "two >=1.0.0")
                                .pkg("two 1.0.0", "one >=1.0.0")
                                .target("site 25.1.0")
                                .refusal())
                .contains("form a cycle: one 1.0.0 -> two 1.0.0 -> one 1.0.0");
    }

    @Test
    void refusesToBreakWhatAnInstalledPackageRequires() {
        assertThat(
                        Fixture.twoMasters()
                                .region("eu", 2)
                                .pkg("site 24.1.0", "base <7.0.0")
                                .pkg("base 7.0.0")
                                .target("base 7.0.0")
                                .refusal())
                .contains("without breaking what another installed package requires");
    }

    @Test
    @Tag("PRE-3")
    void saysOfEveryPackageWhatItIsBlockedBy() {
        Fixture fixture = cluster().target("site 25.1.0");
        assertThat(
                        Availability.of(fixture.input().topology(), fixture.input().catalogue())
                                .stream()
                                .map(a -> a.pkg() + " " + a.state() + " " + a.reason()))
                .containsExactly(
                        "base 7.0.0 INSTALLABLE ",
                        "site 24.3.0 INSTALLABLE ",
                        "site 25.1.0 BLOCKED upgrades from site 24.3.0 or newer, node m-a has 24.1.0; enabled by site 24.3.0");
        Fixture after =
                new Fixture()
                        .master("m-a", MasterRole.PRIMARY, "eu")
                        .pkg("site 24.1.0")
                        .pkg("site 25.1.0", "base >=7.0.0")
                        .target("site 25.1.0");
        assertThat(Availability.of(after.input().topology(), after.input().catalogue()))
                .extracting(Availability::state)
                .containsExactly(State.INSTALLED, State.BLOCKED);
    }

    @Test
    @Tag("CLU-2")
    void theHalfWithTheFewestClientsGoesFirst() {
        Fixture fixture =
                Fixture.twoMasters()
                        .node("eu-1", "eu", connected(300))
                        .node("eu-2", "eu", connected(10))
                        .node("eu-3", "eu", connected(200))
                        .node("eu-4", "eu", connected(20))
                        .steppingStones()
                        .target("site 24.3.0");
        assertThat(ids(halves(fixture, "eu").first())).isEqualTo("eu-2 eu-4");
    }

    @Test
    @Tag("CLU-2")
    void halvesHaveEqualCapacity() {
        Fixture fixture =
                Fixture.twoMasters()
                        .node("eu-1", "eu", capacity(1000))
                        .node("eu-2", "eu", capacity(1000))
                        .node("eu-3", "eu", capacity(500))
                        .node("eu-4", "eu", capacity(500))
                        .steppingStones()
                        .target("site 24.3.0");
        assertThat(ids(halves(fixture, "eu").first())).isIn("eu-1 eu-3", "eu-2 eu-3", "eu-1 eu-4");
    }

    @Test
    @Tag("CLU-2")
    void aFailureZoneStaysInOneHalf() {
        Fixture fixture = Fixture.twoMasters().steppingStones().target("site 24.3.0");
        for (int i = 1; i <= 5; i++) {
            fixture.node("eu-" + i, "eu", zone(i % 2 == 0 ? "even" : "odd"));
        }
        assertThat(ids(halves(fixture, "eu").first())).isIn("eu-2 eu-4", "eu-1 eu-3 eu-5");
    }

    @Test
    @Tag("CLU-2")
    void aRegionWithOneNodeIsRefusedUnlessThePolicyAllowsTheInterruption() {
        Fixture fixture = cluster().region("ap", 1).target("site 24.3.0");
        assertThat(fixture.refusal()).contains("region ap: node ap-1 is the only one that serves");
        fixture.policy(singleNodeRegion(SingleNodeRegion.INTERRUPT));
        assertThat(ids(halves(fixture, "ap").first())).isEqualTo("ap-1");
        assertThat(fixture.plan().report().warnings())
                .anyMatch(w -> w.contains("ap-1 is the only one") && w.contains("no client"));
    }

    @Test
    @Tag("CLU-2")
    void aHalfThatBreaksTheBudgetIsRefusedWithNumbers() {
        assertThat(cluster().policy(waves(1)).target("site 24.3.0").refusal())
                .contains(
                        "region eu: a wave of 2 of the 2 nodes that serve would leave 0 accepting, at least 1 are required",
                        "policy.waves to 2 or more");
        Fixture fixture = Fixture.twoMasters().region("eu", 10).steppingStones();
        fixture.policy(share(0.7)).target("site 24.3.0");
        assertThat(fixture.refusal())
                .contains("leave 5 accepting, at least 7", "policy.waves to 4");
        assertThat(halves(fixture.policy(waves(4)), "eu").waves()).hasSize(4);
    }

    @Test
    void unhealthyNodesCountAgainstTheFailureBudget() {
        Fixture fixture = cluster().region("ap", 4).target("site 24.3.0");
        fixture.node("ap-x", "ap", unhealthy());
        assertThat(ids(halves(fixture, "ap").first())).contains("ap-x");
        assertThat(fixture.plan().report().warnings()).anyMatch(w -> w.contains("ap-x unhealthy"));
        fixture.node("ap-y", "ap", unhealthy());
        assertThat(fixture.refusal()).contains("region ap: 2 nodes are unhealthy (ap-x, ap-y)");
    }

    @Test
    void aNodeThatItsOperatorTookOutIsUpgradedAndStaysOut() {
        Blueprint blueprint =
                cluster().node("eu-9", "eu", closed()).target("site 24.3.0").blueprint();
        assertThat(
                        blueprint.steps().stream()
                                .filter(s -> s.node().value().equals("eu-9"))
                                .map(Step::kind))
                .containsExactly(
                        StepKind.DISTRIBUTE, StepKind.DRAIN, StepKind.INSTALL, StepKind.VERIFY);
    }

    @Test
    @Tag("CLU-3")
    void namesTheNumberOfClientsThatCouldBeCut() {
        Fixture fixture = cluster().policy(onDeadline(OnDeadline.CUT)).target("site 24.3.0");
        assertThat(fixture.plan().report().warnings())
                .anyMatch(w -> w.contains("40 are connected now and could be cut"));
    }

    @Test
    @Tag("PRE-1")
    void leavesTheBackupOutOnlyWhenAskedByName() {
        assertThat(cluster().target("site 25.1.0").blueprint().steps())
                .filteredOn(s -> s.kind() == StepKind.BACKUP)
                .extracting(s -> s.node().value())
                .containsExactly("m-a", "m-b");
        Fixture without = cluster().target("site 25.1.0").withoutBackup();
        assertThat(without.blueprint().steps()).noneMatch(s -> s.kind() == StepKind.BACKUP);
        assertThat(without.plan().report().warnings()).anyMatch(w -> w.contains("no backup"));
    }

    @Test
    void canariesAreInstalledOneAfterAnotherAheadOfTheirHalf() {
        Fixture fixture = Fixture.twoMasters().region("eu", 8).steppingStones();
        fixture.policy(canaries(2)).target("site 24.3.0");
        assertThat(halves(fixture, "eu").waves()).extracting(List::size).containsExactly(2, 2, 4);
        String order = kinds(fixture.blueprint(), 1);
        assertThat(order)
                .containsSubsequence(
                        "INSTALL:m-b",
                        "INSTALL:eu-1",
                        "VERIFY:eu-1",
                        "INSTALL:eu-2",
                        "VERIFY:eu-2",
                        "INSTALL:eu-3");
    }

    @Test
    @Tag("SGL-1")
    void planSingle() {
        Fixture fixture =
                new Fixture()
                        .master("m-a", MasterRole.PRIMARY, "eu")
                        .steppingStones()
                        .target("site 24.3.0");
        assertThat(kinds(fixture.blueprint(), 1))
                .isEqualTo(
                        "BACKUP:m-a FREEZE:m-a DISTRIBUTE:m-a VERIFY:m-a INSTALL:m-a VERIFY:m-a UNFREEZE:m-a VERIFY:m-a");
    }

    @Test
    @Tag("PAIR-1")
    void aSynchronousPairUpgradesThePrimaryInItsPlace() {
        Fixture fixture = Fixture.twoMasters().steppingStones().target("site 24.3.0");
        assertThat(kinds(fixture.strategy(Strategy.PAIR_SYNC).blueprint(), 1))
                .isEqualTo(
                        "BACKUP:m-a SYNC:m-a FREEZE:m-a DISTRIBUTE:m-a DISTRIBUTE:m-b VERIFY:m-a BREAK_FAILOVER:m-a INSTALL:m-a VERIFY:m-a INSTALL:m-b VERIFY:m-b RESTORE_FAILOVER:m-a SYNC:m-a UNFREEZE:m-a VERIFY:m-a");
    }

    @Test
    @Tag("PAIR-2")
    void anAsynchronousPairUpgradesTheBackupAndPromotesIt() {
        Fixture fixture = Fixture.twoMasters().steppingStones().target("site 24.3.0");
        assertThat(kinds(fixture.blueprint(), 1))
                .isEqualTo(
                        "BACKUP:m-a SYNC:m-a FREEZE:m-a DISTRIBUTE:m-a DISTRIBUTE:m-b VERIFY:m-a BREAK_FAILOVER:m-a INSTALL:m-b VERIFY:m-b PROMOTE:m-b SWITCH_ADDRESS:m-b INSTALL:m-a VERIFY:m-a RESTORE_FAILOVER:m-b SYNC:m-b UNFREEZE:m-b VERIFY:m-b");
    }

    @Test
    void aStrategyThatDoesNotFitIsRefusedWithWhatItNeeds() {
        assertThat(cluster().strategy(Strategy.SINGLE).target("site 24.3.0").refusal())
                .isEqualTo(
                        "strategy SINGLE: needs one master and no traffic nodes, found 2 masters and 4 traffic nodes");
        assertThat(cluster().strategy(Strategy.ROLLBACK).target("site 24.3.0").refusal())
                .contains("not offered offline yet");
    }

    @Test
    void oneMasterIsUpgradedBetweenTheHalves() {
        Fixture fixture =
                new Fixture()
                        .master("m-a", MasterRole.PRIMARY, "eu")
                        .region("eu", 2)
                        .steppingStones()
                        .target("site 24.3.0");
        assertThat(fixture.blueprint().strategy()).isEqualTo(Strategy.CLUSTER_SINGLE_MASTER);
        assertThat(kinds(fixture.blueprint(), 1))
                .containsSubsequence(
                        "DRAIN:eu-1",
                        "INSTALL:eu-1",
                        "INSTALL:m-a",
                        "OPEN_ADMISSION:eu-1",
                        "CLOSE_ADMISSION:eu-2",
                        "INSTALL:eu-2");
    }
}
