package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.ALICE;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.planned;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Command;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the agents are told to keep, at all times. */
@Tag("PKG-4")
final class KeepOrderTest {

    private static UpgradeScenario known() {
        UpgradeScenario cluster = planned(cluster());
        cluster.nodes.values().forEach(node -> node.knowsKeeping = true);
        return cluster;
    }

    private static List<String> kept(FakeNode node) {
        return Objects.requireNonNull(node.kept).packages().stream()
                .map(kept -> kept.ref() + "=" + kept.contentSha256())
                .toList();
    }

    @Test
    void everyNodeIsToldWhatThePlanNeedsAndAgainOnlyWhenThatChanges() {
        UpgradeScenario cluster = known();
        cluster.ticks(10);

        assertThat(cluster.nodes.values())
                .allSatisfy(node ->
                        assertThat(kept(node))
                                .containsExactly(
                                        "base 7.0.0=sha of base 7.0.0",
                                        "site 24.3.0=sha of site 24.3.0"));
        assertThat(cluster.keepOrders).isEqualTo(cluster.nodes.size());

        cluster.accepted(new Command.AbortUpgrade("not tonight", ALICE));
        cluster.ticks(10);
        assertThat(cluster.nodes.values()).allSatisfy(node -> assertThat(kept(node)).isEmpty());
        assertThat(cluster.keepOrders).isEqualTo(2 * cluster.nodes.size());

        cluster.accepted(new Command.ChooseDistribution(Fixture.ref("site 24.3.0"), true, ALICE));
        cluster.ticks(10);
        assertThat(cluster.nodes.values())
                .allSatisfy(node ->
                        assertThat(kept(node)).containsExactly("site 24.3.0=sha of site 24.3.0"));
    }

    @Test
    void theRevisionGrowsWithTheJournal() {
        UpgradeScenario cluster = known();
        cluster.ticks(3);
        FakeNode node = cluster.traffic().getFirst();
        long before = Objects.requireNonNull(node.kept).revision();

        cluster.accepted(new Command.AbortUpgrade("not tonight", ALICE));
        cluster.ticks(3);

        assertThat(Objects.requireNonNull(node.kept).revision()).isGreaterThan(before);
    }

    @Test
    void whatIsToBeKeptIsToldBeforeWhatIsToBeStaged() {
        UpgradeScenario cluster = known();
        cluster.ticks(1);
        cluster.accepted(new Command.ChooseDistribution(Fixture.ref("base 7.0.0"), true, ALICE));
        cluster.nodes.values().forEach(node -> node.kept = null);

        List<Directive> directives = Pass.over(cluster.situation()).directives();
        int lastKeep = 0;
        int firstStage = directives.size();
        for (int i = 0; i < directives.size(); i++) {
            if (directives.get(i) instanceof Directive.Keep) {
                lastKeep = i;
            } else if (directives.get(i) instanceof Directive.Send send
                    && send.command().work() instanceof AgentCommand.AgentWork.Stage) {
                firstStage = Math.min(firstStage, i);
            }
        }
        assertThat(firstStage).isLessThan(directives.size()).isGreaterThan(lastKeep);
    }

    @Test
    void anAgentOfAReleaseThatDoesNotKnowItIsNotTold() {
        UpgradeScenario cluster = planned(cluster());
        cluster.ticks(10);

        assertThat(cluster.keepOrders).isZero();
    }

    @Test
    void aNodeThatIsNotFencedUnderThisBallotIsNotTold() {
        UpgradeScenario cluster = known();
        FakeNode away = cluster.traffic().getFirst();
        away.connected = false;
        cluster.ticks(10);
        assertThat(away.kept).isNull();

        away.connected = true;
        cluster.ticks(10);
        assertThat(kept(away)).hasSize(2);
    }
}
