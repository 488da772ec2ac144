package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.ALICE;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.planned;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.executor.AgentCommand.Location;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Settings;
import dev.sluice.transfer.store.Span;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A package that is large enough to be pulled in two halves. */
@Tag("PKG-4")
final class SplitDistributionTest {

    private static final PackageRef LARGE =
            new PackageRef(new PackageName("site"), Version.parse("24.4.0"));
    private static final Blob MANIFEST = Blob.of("large".getBytes(StandardCharsets.UTF_8));
    private static final String CONTENT = "sha of site 24.4.0";
    private static final String BASE = "sha of site 24.1.0";

    private final UpgradeScenario cluster = planned(cluster());

    private void wanted(long size) {
        wanted(size, "1");
    }

    private void wanted(long size, String treesFrom) {
        cluster.accepted(
                new Command.ChangeSetting(
                        "distribution.treesFrom", Optional.of(treesFrom), false, ALICE));
        cluster.nodes.values().forEach(node -> node.ticksOfWork = 1000);
        cluster.imported(
                new PackageRecord(
                        new PackageDescriptor(
                                LARGE,
                                PackageKind.SITE,
                                List.of(),
                                null,
                                Set.of(),
                                size,
                                false,
                                false,
                                null),
                        MANIFEST,
                        MANIFEST,
                        CONTENT,
                        "CN=Releases"));
        cluster.accepted(new Command.ChooseDistribution(LARGE, true, ALICE));
        cluster.ticks(3);
    }

    /** What each node is told in a pass over what is observed now. */
    private SortedMap<String, AgentWork.Stage> orders() {
        SortedMap<String, AgentWork.Stage> orders = new TreeMap<>();
        for (Directive directive : Pass.over(cluster.situation()).directives()) {
            if (directive instanceof Directive.Send(var node, var command)
                    && command.work() instanceof AgentWork.Stage stage
                    && stage.manifest().equals(MANIFEST)) {
                orders.put(node.value(), stage);
            }
        }
        return orders;
    }

    private static Map<String, List<String>> parents(Map<String, AgentWork.Stage> orders) {
        Map<String, List<String>> parents = new TreeMap<>();
        orders.forEach((node, order) ->
                parents.put(
                        node,
                        List.of(
                                order.pull().sources().getFirst().node(),
                                order.pull().secondHalf().getFirst().node())));
        return parents;
    }

    @Test
    void everyNodeIsToldSourcesOfBothHalvesAndNobodySendsMoreThanTwo() {
        wanted(Span.TWO_FROM_BYTES);

        SortedMap<String, AgentWork.Stage> orders = orders();
        assertThat(orders).hasSameSizeAs(cluster.nodes);
        Map<Location, Integer> streams = new HashMap<>();
        Set<String> halves = new HashSet<>();
        orders.values()
                .forEach(order -> {
                    assertThat(order.sources()).isNotEmpty();
                    assertThat(order.secondHalf()).isNotEmpty();
                    streams.merge(order.sources().getFirst(), 1, Integer::sum);
                    streams.merge(order.secondHalf().getFirst(), 1, Integer::sum);
                    halves.add(
                            order.sources().getFirst().node()
                                    + "/"
                                    + order.secondHalf().getFirst().node());
                });
        // This one stands for the origin, and for the node on the same machine.
        streams.keySet().removeIf(location -> location.node().equals("m-a"));
        assertThat(streams.values()).allMatch(count -> count <= TwoTrees.SLOTS);
        assertThat(halves).as("trees of their own").anyMatch(pair -> !pair.matches("(.*)/\\1"));
    }

    @Test
    void withFewerNodesInEachRegionThanTreesAreMadeForThereIsAChain() {
        wanted(Span.TWO_FROM_BYTES, "100");
        assertThat(orders())
                .hasSameSizeAs(cluster.nodes)
                .allSatisfy((_, order) -> assertThat(order.secondHalf()).isEmpty());

        cluster.accepted(
                new Command.ChangeSetting(
                        "distribution.treesFrom", Optional.of("2"), false, ALICE));

        assertThat(orders())
                .hasSameSizeAs(cluster.nodes)
                .allSatisfy((_, order) -> assertThat(order.secondHalf()).isNotEmpty());
    }

    @Test
    void aSmallerPackageHasOneChainAndNoSecondHalf() {
        wanted(Span.TWO_FROM_BYTES - 1);

        assertThat(orders())
                .hasSameSizeAs(cluster.nodes)
                .allSatisfy((_, order) -> {
                    assertThat(order.sources()).isNotEmpty();
                    assertThat(order.secondHalf()).isEmpty();
                });
    }

    @Test
    void bothHalvesOfALinkHaveItsLimitAndOneNodeCrossesIt() {
        cluster.accepted(
                new Command.ChangeSetting(
                        Settings.REGION_BYTES_PER_SECOND, Optional.of("1000000"), false, ALICE));
        wanted(Span.TWO_FROM_BYTES);

        Map<String, List<Long>> limits = new TreeMap<>();
        orders().forEach((node, order) ->
                limits.put(
                        node,
                        List.of(
                                order.sources().getFirst().linkBytesPerSecond(),
                                order.secondHalf().getFirst().linkBytesPerSecond())));
        assertThat(limits.values()).containsOnlyOnce(List.of(1_000_000L, 1_000_000L));
        assertThat(limits.values()).containsOnly(List.of(1_000_000L, 1_000_000L), List.of(0L, 0L));
    }

    /** Two other nodes of its region, and the same two the other way round. */
    private FakeNode[][] pairsNear(FakeNode some) {
        List<FakeNode> near =
                cluster.traffic().stream()
                        .filter(node -> node != some && node.region.equals(some.region))
                        .toList();
        return new FakeNode[][] {{near.get(0), near.get(1)}, {near.get(1), near.get(0)}};
    }

    @Test
    void whoReportsFromWhomItPullsTheHalvesKeepsBoth() {
        wanted(Span.TWO_FROM_BYTES);
        FakeNode some = cluster.traffic().getFirst();
        for (FakeNode[] pair : pairsNear(some)) {
            some.source = pair[0].id + ":7070";
            some.secondHalfSource = pair[1].id + ":7070";

            assertThat(parents(orders()))
                    .containsEntry(
                            some.id.value(), List.of(pair[0].id.value(), pair[1].id.value()));
        }
    }

    @Test
    void whoHasNotReportedYetKeepsTheParentsOfBothHalvesThatItWasTold() {
        wanted(Span.TWO_FROM_BYTES);
        FakeNode some = cluster.traffic().getFirst();
        for (FakeNode[] pair : pairsNear(some)) {
            cluster.told =
                    command ->
                            command.contains("/" + some.id + "/")
                                    ? new AgentCommand.Pull(
                                            "",
                                            List.of(new Location("", pair[0].id + ":7070")),
                                            List.of(new Location("", pair[1].id + ":7070")))
                                    : AgentCommand.Pull.NOTHING;

            assertThat(parents(orders()))
                    .containsEntry(
                            some.id.value(), List.of(pair[0].id.value(), pair[1].id.value()));
        }
    }

    @Test
    void aLargePatchIsPulledInHalvesAndASmallOneOfALargePackageIsNot() {
        ContentPatch patch =
                new ContentPatch(
                        new PackageRef(new PackageName("site"), Version.parse("24.1.0")),
                        BASE,
                        "patch",
                        Span.TWO_FROM_BYTES,
                        "root");
        cluster.patched = LARGE;
        cluster.patches = List.of(patch);
        cluster.nodes
                .values()
                .forEach(node -> {
                    node.staged.add(BASE);
                    node.takesPatches = true;
                });
        wanted(4 * Span.TWO_FROM_BYTES);

        assertThat(orders())
                .hasSameSizeAs(cluster.nodes)
                .allSatisfy((_, order) -> {
                    AgentWork.ByPatch by = order.patch().orElseThrow();
                    assertThat(by.patch()).isEqualTo(patch);
                    assertThat(by.sources()).isNotEmpty();
                    assertThat(by.secondHalf()).isNotEmpty();
                    assertThat(order.sources()).isEmpty();
                    assertThat(order.secondHalf()).isEmpty();
                });
        cluster.patches =
                List.of(
                        new ContentPatch(
                                patch.base(),
                                BASE,
                                "patch",
                                Span.TWO_FROM_BYTES - 1,
                                patch.merkleRoot()));
        assertThat(orders())
                .allSatisfy((_, order) ->
                        assertThat(order.patch().orElseThrow().secondHalf()).isEmpty());
    }

    @Test
    void whoHasAllOfALargePatchIsToldTheOriginForBothHalves() {
        cluster.patched = LARGE;
        cluster.patches =
                List.of(
                        new ContentPatch(
                                new PackageRef(new PackageName("site"), Version.parse("24.1.0")),
                                BASE,
                                "patch",
                                Span.TWO_FROM_BYTES,
                                "root"));
        FakeNode has = cluster.traffic().getFirst();
        has.staged.add(BASE);
        has.takesPatches = true;
        has.hasPatchOf = CONTENT;
        has.patchBytes = Span.TWO_FROM_BYTES;
        wanted(4 * Span.TWO_FROM_BYTES);

        AgentWork.ByPatch by =
                Objects.requireNonNull(orders().get(has.id.value())).patch().orElseThrow();
        assertThat(by.sources()).singleElement().extracting(Location::node).isEqualTo("m-a");
        assertThat(by.secondHalf()).isEqualTo(by.sources());
    }
}
