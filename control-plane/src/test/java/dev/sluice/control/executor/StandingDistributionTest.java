package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.ALICE;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.planned;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.Command;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
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
    @Tag("PKG-3")
    void aNodeThatVerifiesAChannelGetsItsFilesWhenItIsBehind() {
        UpgradeScenario cluster = planned(cluster());
        ChannelCopy copy = read(cluster, new ChannelVersions("stable", 2, 9, 9, 9), 1);
        FakeNode behind = cluster.traffic().getFirst();
        FakeNode current = cluster.traffic().getLast();
        behind.verified.put("stable", new NodeFacts.VerifiedChannel(1, 12));
        current.verified.put("stable", new NodeFacts.VerifiedChannel(2, 9));

        assertHandsOn(cluster, node -> node == behind ? List.of(copy) : List.of());
    }

    @Test
    @Tag("PKG-3")
    void filesThatAreNotOfTheStateThatWasSeenLastAreNotHandedOn() {
        UpgradeScenario cluster = planned(cluster());
        read(cluster, new ChannelVersions("stable", 2, 9, 9, 9), 1);
        cluster.accepted(new Command.SeeChannel(new ChannelVersions("stable", 2, 10, 10, 10)));
        cluster.nodes
                .values()
                .forEach(n -> n.verified.put("stable", new NodeFacts.VerifiedChannel(0, 0)));

        assertHandsOn(cluster, _ -> List.of());
    }

    @Test
    @Tag("PKG-3")
    void anOrderHasNoMoreFilesThanOneMessageHasRoomFor() {
        UpgradeScenario cluster = planned(cluster());
        List<ChannelCopy> copies = new ArrayList<>();
        for (String name : List.of("beta", "stable")) {
            copies.add(
                    read(
                            cluster,
                            new ChannelVersions(name, 1, 1, 1, 1),
                            ChannelCopy.MAX_BYTES / 2 + 1));
            cluster.nodes
                    .values()
                    .forEach(n -> n.verified.put(name, new NodeFacts.VerifiedChannel(0, 0)));
        }

        assertHandsOn(cluster, _ -> List.of(copies.getFirst()));
    }

    /** With each order to fetch the site a node gets these copies. */
    private static void assertHandsOn(
            UpgradeScenario cluster, Function<FakeNode, List<ChannelCopy>> copies) {
        cluster.accepted(new Command.ChooseDistribution(SITE, true, ALICE));
        cluster.ticks(60);

        assertThat(cluster.nodes.values())
                .allSatisfy(node ->
                        assertThat(stages(node))
                                .isNotEmpty()
                                .allSatisfy(stage ->
                                        assertThat(stage.copies()).isEqualTo(copies.apply(node))));
    }

    /** As if the primary had read the channel. */
    @CanIgnoreReturnValue
    private static ChannelCopy read(UpgradeScenario cluster, ChannelVersions versions, int bytes) {
        ChannelCopy copy =
                new ChannelCopy(
                        versions,
                        new TreeMap<>(Map.of("timestamp.json", Blob.of(new byte[bytes]))));
        cluster.accepted(new Command.SeeChannel(versions));
        cluster.accepted(new Command.CopyChannel(copy));
        return copy;
    }

    private static List<AgentWork.Stage> stages(FakeNode node) {
        return node.received.stream()
                .filter(AgentWork.Stage.class::isInstance)
                .map(AgentWork.Stage.class::cast)
                .toList();
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

    private static Command set(String key, String value) {
        return new Command.ChangeSetting(key, Optional.of(value), false, ALICE);
    }

    @Test
    void outsideOfTheWindowNothingIsBegunAndInsideItIs() {
        UpgradeScenario cluster = planned(cluster());
        cluster.accepted(set("distribution.window", window(cluster, 120, 240)));
        cluster.accepted(new Command.ChooseDistribution(SITE, true, ALICE));

        cluster.ticks(110);
        assertThat(cluster.nodes.values())
                .noneMatch(
                        node -> node.received.stream().anyMatch(AgentWork.Stage.class::isInstance));

        cluster.ticks(60);
        assertThat(cluster.nodes.values()).allMatch(node -> node.staged.contains(CONTENT));
    }

    @Test
    void whatWasBegunWithinTheWindowGoesOnAfterIt() {
        UpgradeScenario cluster = planned(cluster());
        cluster.nodes.values().forEach(node -> node.ticksOfWork = 120);
        cluster.accepted(set("distribution.window", window(cluster, 0, 60)));
        cluster.accepted(new Command.ChooseDistribution(SITE, true, ALICE));
        cluster.ticks(30);
        FakeNode late = cluster.traffic().getLast();
        assertThat(late.staged).isEmpty();

        cluster.ticks(60);
        assertThat(
                        Pass.over(cluster.situation()).directives().stream()
                                .filter(StandingDistributionTest::stages)
                                .count())
                .as("the sources of pulls that run are told on")
                .isEqualTo(cluster.nodes.size());
    }

    private static boolean stages(Directive directive) {
        return directive instanceof Directive.Send send
                && send.command().work() instanceof AgentWork.Stage;
    }

    @Test
    void anUpgradesOwnStagingWaitsForTheWindowOnlyWhenThatIsConfigured() {
        UpgradeScenario free = planned(cluster());
        free.accepted(set("distribution.window", window(free, 3600, 7200)));
        free.accepted(new Command.StartUpgrade(UpgradeScenario.PLAN, ALICE));
        free.ticks(60);
        assertThat(free.nodes.values()).anyMatch(node -> !node.staged.isEmpty());

        UpgradeScenario held = planned(cluster());
        held.accepted(set("distribution.window", window(held, 3600, 7200)));
        held.accepted(set("distribution.windowForUpgrades", "true"));
        held.accepted(new Command.StartUpgrade(UpgradeScenario.PLAN, ALICE));
        held.ticks(60);
        assertThat(held.nodes.values()).allMatch(node -> node.staged.isEmpty());
        assertThat(held.waits.stream().map(Waiting::reason))
                .anyMatch(reason -> reason.startsWith("distribution.window is "));
    }

    /** From so many seconds after now, rounded to minutes, in UTC. */
    private static String window(UpgradeScenario cluster, int from, int to) {
        return "%s-%s".formatted(minute(cluster, from), minute(cluster, to));
    }

    private static LocalTime minute(UpgradeScenario cluster, int after) {
        return LocalTime.ofInstant(cluster.situation().now().plusSeconds(after), ZoneOffset.UTC)
                .truncatedTo(ChronoUnit.MINUTES);
    }
}
