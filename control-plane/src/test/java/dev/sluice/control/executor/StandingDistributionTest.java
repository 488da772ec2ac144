package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.ALICE;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.planned;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Command;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A package that an operator wants on every node, without an upgrade. */
@Tag("PKG-4")
final class StandingDistributionTest {

    private static final PackageRef SITE =
            new PackageRef(new PackageName("site"), Version.parse("24.3.0"));
    private static final String CONTENT = "sha of " + SITE;

    @Test
    void everyNodeFetchesItAndNothingIsInstalled() {
        UpgradeScenario cluster = planned(cluster());
        cluster.ticks(10);
        assertThat(cluster.nodes.values()).noneMatch(node -> node.staged.contains(CONTENT));

        cluster.accepted(new Command.ChooseDistribution(SITE, true, ALICE));
        cluster.ticks(60);

        assertThat(cluster.nodes.values()).allMatch(node -> node.staged.contains(CONTENT));
        assertThat(cluster.nodes.values()).allMatch(node -> node.installs.isEmpty());
    }

    @Test
    void whatANodeHasIsNotSentAgainAndANodeThatComesBackGetsIt() {
        UpgradeScenario cluster = planned(cluster());
        FakeNode away = cluster.traffic().getFirst();
        FakeNode has = cluster.traffic().getLast();
        away.connected = false;
        has.staged.add(CONTENT);

        cluster.accepted(new Command.ChooseDistribution(SITE, true, ALICE));
        cluster.ticks(60);
        assertThat(away.staged).doesNotContain(CONTENT);
        assertThat(has.received).noneMatch(AgentWork.Stage.class::isInstance);

        away.connected = true;
        cluster.ticks(60);
        assertThat(away.staged).contains(CONTENT);
    }

    @Test
    void nothingMoreIsFetchedAfterItWasStopped() {
        UpgradeScenario cluster = planned(cluster());
        FakeNode away = cluster.traffic().getFirst();
        away.connected = false;
        cluster.accepted(new Command.ChooseDistribution(SITE, true, ALICE));
        cluster.ticks(60);

        cluster.accepted(new Command.ChooseDistribution(SITE, false, ALICE));
        away.connected = true;
        cluster.ticks(60);

        assertThat(away.staged).doesNotContain(CONTENT);
    }
}
