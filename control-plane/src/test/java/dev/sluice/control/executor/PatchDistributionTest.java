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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A package that nodes can make of the version that they have. */
@Tag("PKG-4")
final class PatchDistributionTest {

    private static final PackageRef OLD =
            new PackageRef(new PackageName("site"), Version.parse("24.1.0"));
    private static final PackageRef NEW =
            new PackageRef(new PackageName("site"), Version.parse("24.3.0"));
    private static final String BASE = "sha of " + OLD;
    private static final String CONTENT = "sha of " + NEW;
    private static final ContentPatch PATCH = new ContentPatch(OLD, BASE, "patch", 1, "root");

    private final UpgradeScenario cluster = planned(cluster());

    @BeforeEach
    void everyNodeHasTheOldOne() {
        cluster.patched = NEW;
        cluster.patches = List.of(PATCH);
        cluster.nodes
                .values()
                .forEach(node -> {
                    node.staged.add(BASE);
                    node.takesPatches = true;
                });
    }

    private void distributed() {
        cluster.accepted(new Command.ChooseDistribution(NEW, true, ALICE));
        cluster.ticks(60);
        assertThat(cluster.nodes.values()).allMatch(node -> node.staged.contains(CONTENT));
    }

    private static List<AgentWork.Stage> orders(FakeNode node) {
        return node.received.stream()
                .filter(AgentWork.Stage.class::isInstance)
                .map(AgentWork.Stage.class::cast)
                .toList();
    }

    /** The parents that nodes were told first, by node; those of the patch's chain or the other. */
    private Map<String, String> parents(boolean byPatch) {
        return cluster.nodes.values().stream()
                .filter(node -> orders(node).getFirst().patch().isPresent() == byPatch)
                .collect(
                        Collectors.toMap(
                                node -> node.id.value(),
                                node -> orders(node).getFirst().pull().sources().getFirst().node(),
                                (one, _) -> one,
                                TreeMap::new));
    }

    /** Parents that are certainly nodes: m-a is also what the origin is called. */
    private static List<String> nodes(Map<String, String> parents) {
        return parents.values().stream().filter(parent -> !parent.equals("m-a")).toList();
    }

    @Test
    void thePatchGoesDownOneChainAndNothingIsPulledWhole() {
        distributed();

        assertThat(cluster.nodes.values())
                .allSatisfy(node ->
                        assertThat(orders(node))
                                .isNotEmpty()
                                .allSatisfy(order -> {
                                    assertThat(order.patch().orElseThrow().patch())
                                            .isEqualTo(PATCH);
                                    assertThat(order.sources()).isEmpty();
                                }));
        assertThat(nodes(parents(true))).doesNotHaveDuplicates().hasSizeGreaterThan(5);
    }

    @Test
    void whoLacksTheOldOneOrKnowsNoPatchesStandsInTheChainOfTheWholeContent() {
        List<FakeNode> traffic = cluster.traffic();
        traffic.getFirst().staged.clear();
        traffic.getLast().takesPatches = false;

        distributed();

        Map<String, String> whole = parents(false);
        assertThat(whole)
                .containsOnlyKeys(traffic.getFirst().id.value(), traffic.getLast().id.value());
        Map<String, String> patched = parents(true);
        assertThat(nodes(patched)).doesNotContainAnyElementsOf(whole.keySet());
        assertThat(nodes(whole)).doesNotContainAnyElementsOf(patched.keySet());
    }

    @Test
    void whoHasThePatchAndNotYetThePackageIsToldToMakeItAndGivesThePatchToOthers() {
        FakeNode has = cluster.traffic().getLast();
        has.hasPatchOf = CONTENT;

        distributed();

        assertThat(orders(has)).allMatch(order -> order.patch().isPresent());
        assertThat(nodes(parents(true))).contains(has.id.value());
    }

    @Test
    void whoSaysThatThePatchFailedPullsTheWholeAndTheOthersGoOn() {
        FakeNode failing = cluster.traffic().getFirst();
        failing.patchesFail = true;

        distributed();

        assertThat(orders(failing).getFirst().patch()).isPresent();
        assertThat(orders(failing).getLast().patch()).isEmpty();
        assertThat(orders(failing).getLast().sources()).isNotEmpty();
        assertThat(parents(true)).hasSize(cluster.nodes.size());
    }

    @Test
    void nodesWaitForAPatchThatIsBeingMadeAndGoOnWithoutItWhenThereIsNone() {
        cluster.patches = List.of();
        cluster.patchesInMaking = Set.of(BASE);
        cluster.accepted(new Command.ChooseDistribution(NEW, true, ALICE));
        cluster.ticks(10);
        assertThat(cluster.nodes.values()).allMatch(node -> orders(node).isEmpty());

        cluster.patchesInMaking = Set.of();
        cluster.ticks(60);

        assertThat(cluster.nodes.values())
                .allSatisfy(node -> {
                    assertThat(node.staged).contains(CONTENT);
                    assertThat(orders(node)).allMatch(order -> order.patch().isEmpty());
                });
    }
}
