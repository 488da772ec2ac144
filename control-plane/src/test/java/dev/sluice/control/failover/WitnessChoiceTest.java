package dev.sluice.control.failover;

import static dev.sluice.control.planner.Fixture.plain;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class WitnessChoiceTest {

    /** Backup m-a, primary m-b, and as many traffic nodes in each region. */
    private static Topology cluster(int masters, int eu, int us, int ap) {
        List<Master> all = new ArrayList<>();
        for (int i = 0; i < masters; i++) {
            all.add(
                    new Master(
                            new NodeId("m-" + (char) ('a' + i)),
                            i == masters - 1 ? MasterRole.PRIMARY : MasterRole.BACKUP,
                            new RegionId("eu"),
                            new HardwareModel("sx-200"),
                            plain()));
        }
        List<TrafficNode> nodes = new ArrayList<>();
        add(nodes, "eu", eu);
        add(nodes, "us", us);
        add(nodes, "ap", ap);
        return new Topology("test", all, nodes);
    }

    private static void add(List<TrafficNode> nodes, String region, int count) {
        for (int i = 1; i <= count; i++) {
            nodes.add(
                    new TrafficNode(
                            new NodeId(region + "-" + i),
                            new RegionId(region),
                            null,
                            new HardwareModel("sx-100"),
                            500,
                            10,
                            true,
                            true,
                            plain()));
        }
    }

    private static SortedMap<NodeId, StoreId> all(Topology of) {
        SortedMap<NodeId, StoreId> stores = new TreeMap<>();
        of.masters().forEach(master -> stores.put(master.id(), new StoreId("a")));
        of.nodes().forEach(node -> stores.put(node.id(), new StoreId("a")));
        return stores;
    }

    private static SortedMap<NodeId, StoreId> without(Topology of, String... nodes) {
        SortedMap<NodeId, StoreId> stores = all(of);
        for (String node : nodes) {
            stores.remove(new NodeId(node));
        }
        return stores;
    }

    private static Set<Witness> set(String... nodes) {
        Set<Witness> set = new TreeSet<>();
        Arrays.stream(nodes).forEach(n -> set.add(new Witness(new NodeId(n), new StoreId("a"))));
        return set;
    }

    @Test
    void aSingleMasterIsItsOnlyWitness() {
        Topology one = cluster(1, 9, 9, 9);

        assertThat(WitnessChoice.choose(one, all(one), Set.of(), Set.of())).isEqualTo(set("m-a"));
    }

    @Test
    void threeAreTheMastersAndATrafficNode() {
        Topology small = cluster(2, 1, 1, 1);

        assertThat(WitnessChoice.choose(small, all(small), Set.of(), Set.of()))
                .isEqualTo(set("m-a", "m-b", "ap-1"));
    }

    @Test
    @Tag("REL-1")
    void fiveAreTheMastersAndTrafficNodesOfDifferentRegions() {
        Topology large = cluster(2, 3, 3, 3);

        assertThat(WitnessChoice.choose(large, all(large), Set.of(), Set.of()))
                .isEqualTo(set("m-a", "m-b", "ap-1", "eu-1", "us-1"));
    }

    @Test
    void twoMastersAloneHaveThePrimarysNode() {
        Topology alone = cluster(2, 0, 0, 0);

        assertThat(WitnessChoice.choose(alone, all(alone), Set.of(), Set.of()))
                .isEqualTo(set("m-b"));
    }

    @Test
    void thoseOfTodayStay() {
        Topology large = cluster(2, 3, 3, 3);
        Set<Witness> today = set("m-a", "ap-3", "eu-2", "us-2", "us-3");

        assertThat(WitnessChoice.choose(large, all(large), today, Set.of())).isEqualTo(today);
    }

    @Test
    @Tag("REL-1")
    void whoLostItsLedgerIsNoneOfTodayAndMayBeChosenAnew() {
        Topology small = cluster(2, 1, 0, 0);
        SortedMap<NodeId, StoreId> stores = all(small);
        stores.put(new NodeId("eu-1"), new StoreId("b"));

        assertThat(WitnessChoice.choose(small, stores, set("m-a", "m-b", "eu-1"), Set.of()))
                .containsExactlyInAnyOrder(
                        new Witness(new NodeId("m-a"), new StoreId("a")),
                        new Witness(new NodeId("m-b"), new StoreId("a")),
                        new Witness(new NodeId("eu-1"), new StoreId("b")));
    }

    @Test
    void whoIsAboutToBeDisruptedIsReplaced() {
        Topology large = cluster(2, 3, 3, 3);
        Set<Witness> today = set("m-a", "m-b", "ap-1", "eu-1", "us-1");

        assertThat(WitnessChoice.choose(large, all(large), today, Set.of(new NodeId("us-1"))))
                .isEqualTo(set("m-a", "m-b", "ap-1", "eu-1", "us-2"));
    }

    @Test
    void whoIsAboutToBeDisruptedStaysWhenThereIsNoOther() {
        Topology small = cluster(2, 1, 0, 0);
        Set<Witness> today = set("m-a", "m-b", "eu-1");

        assertThat(WitnessChoice.choose(small, all(small), today, Set.of(new NodeId("eu-1"))))
                .isEqualTo(today);
    }

    @Test
    void whoIsNotThereIsNotChosen() {
        Topology large = cluster(2, 3, 3, 3);

        assertThat(WitnessChoice.choose(large, without(large, "m-a", "us-1"), Set.of(), Set.of()))
                .isEqualTo(set("m-b", "ap-1", "eu-1", "us-2", "ap-2"));
    }

    @Test
    void thereAreAlwaysAnOddNumber() {
        Topology large = cluster(2, 2, 2, 2);

        assertThat(
                        WitnessChoice.choose(
                                large,
                                without(large, "eu-1", "eu-2", "us-1", "us-2"),
                                Set.of(),
                                Set.of()))
                .hasSize(3);
        assertThat(WitnessChoice.choose(large, new TreeMap<>(), Set.of(), Set.of())).isEmpty();
    }
}
