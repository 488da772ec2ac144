package dev.sluice.control.executor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.failover.Electorate;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.PackageRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the executor sends, and when again: over a real controller, agents that only listen. */
final class ExecutorTest {

    private static final NodeId A = new NodeId("m-a");
    private static final Ballot BALLOT = new Ballot(0, 1, A, 7);
    private static final Actor ALICE = new Actor("alice");
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

    @TempDir private Path directory;
    private final Agents agents = new Agents();
    private long nanos = 1_000_000_000;
    private Controller controller;
    private Executor executor;

    @BeforeEach
    void setUp() throws Exception {
        controller =
                new Controller(
                        DurableState.recover(
                                A,
                                BALLOT.incarnation(),
                                NioDisk.in(directory),
                                JournalOptions.defaults(),
                                () -> NOW),
                        () -> {});
        Fixture fixture = UpgradeScenario.cluster();
        decide(new Command.TakeOffice(BALLOT, "1.0.0", "founder"));
        decide(new Command.FoundCluster(fixture.input().topology(), fixture.input().policy()));
        PackageDescriptor site =
                fixture.input().catalogue().packages().values().stream()
                        .filter(pkg -> pkg.ref().name().value().equals("site"))
                        .findFirst()
                        .orElseThrow();
        Blob text = Blob.of(new byte[] {1});
        decide(
                new Command.ImportPackage(
                        new PackageRecord(site, text, text, "ab".repeat(32), "CN=Releases"),
                        ALICE));
        decide(new Command.ChooseDistribution(site.ref(), true, ALICE));
        fixture.input()
                .topology()
                .nodes()
                .forEach(n ->
                        agents.nodes.put(
                                n.id(),
                                new FakeNode(
                                        n.id(),
                                        n.region(),
                                        false,
                                        n.installed(),
                                        true,
                                        0,
                                        new HashMap<>())));
        executor =
                new Executor(
                        new Executor.Ports(
                                A,
                                controller,
                                agents,
                                TreeMap::new,
                                (_, _) -> "",
                                new Sources(),
                                () -> NOW,
                                () -> nanos,
                                Runnable::run,
                                null,
                                () -> Electorate.NONE));
    }

    @AfterEach
    void tearDown() {
        executor.close();
        controller.close();
    }

    private void decide(Command command) throws Exception {
        assertThat(controller.submit(command).get(10, TimeUnit.SECONDS))
                .isInstanceOf(Decision.Accepted.class);
    }

    private void stepAfter(Duration time) {
        nanos += time.toNanos();
        executor.step();
    }

    @Test
    @Tag("PKG-3")
    void aPackageThatANodeRefusedIsNotSentAgainAtOnce() {
        agents.outcome = Optional.of(new CommandOutcome.Failed("signed by nobody", false));
        executor.step();
        assertThat(agents.stagings).hasSize(agents.nodes.size());

        stepAfter(Duration.ofMillis(100));
        stepAfter(Duration.ofSeconds(29));
        assertThat(agents.stagings).hasSize(agents.nodes.size());

        stepAfter(Duration.ofSeconds(1));
        assertThat(agents.stagings).hasSize(2 * agents.nodes.size());
    }

    @Test
    @Tag("PKG-4")
    void aPackageThatFailedAndMayComeIsSentAgainAfterAWhile() {
        agents.outcome = Optional.of(new CommandOutcome.Failed("the disk is full", true));
        executor.step();

        stepAfter(Duration.ofMillis(2900));
        assertThat(agents.stagings).hasSize(agents.nodes.size());

        stepAfter(Duration.ofMillis(200));
        assertThat(agents.stagings).hasSize(2 * agents.nodes.size());
    }

    @Test
    @Tag("PKG-3")
    void filesOfChannelsGoToManyNodesOneAfterTheOther() throws Exception {
        ChannelCopy copy =
                new ChannelCopy(
                        new ChannelVersions("stable", 1, 1, 1, 1),
                        new TreeMap<>(
                                Map.of(
                                        "1.targets.json",
                                        Blob.of(new byte[ChannelCopy.MAX_BYTES]))));
        decide(new Command.SeeChannel(copy.versions()));
        decide(new Command.CopyChannel(copy));
        agents.nodes
                .values()
                .forEach(n -> n.verified.put("stable", new NodeFacts.VerifiedChannel(0, 0)));

        executor.step();
        assertThat(agents.stagings).as("2 MiB, of 8 MiB/s").hasSize(1);
        stepAfter(Duration.ofMillis(200));
        assertThat(agents.stagings).hasSize(1);
        stepAfter(Duration.ofMillis(100));
        assertThat(agents.stagings).hasSize(2);

        for (int i = 0; i < 100; i++) {
            stepAfter(Duration.ofMillis(50));
        }
        assertThat(agents.stagings.stream().map(Sending::node).distinct())
                .hasSize(agents.nodes.size());
        assertThat(agents.stagings)
                .allSatisfy(sent -> assertThat(sent.stage().copies()).containsExactly(copy));
    }

    private record Sending(NodeId node, AgentWork.Stage stage) {}

    private static final class Agents implements AgentGateway {
        private final SortedMap<NodeId, FakeNode> nodes = new TreeMap<>();
        private final List<Sending> stagings = new ArrayList<>();
        private Optional<CommandOutcome> outcome = Optional.empty();

        @Override
        public SortedMap<NodeId, NodeObservation> observe() {
            SortedMap<NodeId, NodeObservation> fleet = new TreeMap<>();
            nodes.forEach((id, node) ->
                    fleet.put(
                            id,
                            new NodeObservation(
                                    id,
                                    1,
                                    true,
                                    BALLOT,
                                    node.facts(),
                                    Duration.ZERO,
                                    "1.0.0",
                                    id + ":7070")));
            return fleet;
        }

        @Override
        public Optional<CommandOutcome> outcome(String commandId) {
            return outcome;
        }

        @Override
        public void send(NodeId node, AgentCommand command) {
            if (command.work() instanceof AgentWork.Stage stage) {
                stagings.add(new Sending(node, stage));
            }
        }

        @Override
        public void keep(NodeId node, Ballot ballot, KeepOrder order) {}

        @Override
        public void renewLease(NodeId node, Ballot ballot, Duration lease) {}

        @Override
        public void lead(Ballot ballot) {}

        @Override
        public void follow() {}
    }

    private static final class Sources implements PackageSources {
        @Override
        public boolean has(PackageRef pkg) {
            return true;
        }

        @Override
        public String address() {
            return "m-a:7443";
        }
    }
}
