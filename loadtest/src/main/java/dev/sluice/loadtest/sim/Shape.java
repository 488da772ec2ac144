package dev.sluice.loadtest.sim;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a history's cluster is like.
 *
 * @param nodes traffic nodes of each region
 * @param twoPasses whether the upgrade passes the cluster twice
 * @param stay how long clients stay on average
 */
record Shape(
        int masters,
        List<Integer> nodes,
        boolean twoPasses,
        Duration stay,
        Policy.OnDeadline onDeadline,
        Duration drainDeadline) {

    private static final List<String> REGIONS = List.of("eu", "us");

    Shape {
        nodes = List.copyOf(nodes);
    }

    static Shape of(Dice dice) {
        int kind = dice.below(20);
        int masters = kind < 14 ? 2 : kind < 18 ? 3 : 1;
        List<Integer> nodes = new ArrayList<>();
        int regions = dice.chance(0.85) ? 2 : 1;
        for (int i = 0; i < regions; i++) {
            nodes.add(2 + dice.below(2));
        }
        return new Shape(
                masters,
                nodes,
                dice.chance(0.2),
                Duration.ofNanos(dice.between(Duration.ofSeconds(5), Duration.ofSeconds(30))),
                dice.pick(List.of(Policy.OnDeadline.values())),
                Duration.ofNanos(dice.between(Duration.ofSeconds(20), Duration.ofMinutes(3))));
    }

    List<String> masterNames() {
        return List.of("m-a", "m-b", "m-c").subList(0, masters);
    }

    Topology topology() {
        SortedMap<PackageName, Version> installed = new TreeMap<>();
        Packages.before()
                .forEach((name, version) ->
                        installed.put(new PackageName(name), Version.parse(version)));
        List<Master> all = new ArrayList<>();
        for (String name : masterNames()) {
            all.add(
                    new Master(
                            new NodeId(name),
                            all.isEmpty() ? MasterRole.PRIMARY : MasterRole.BACKUP,
                            new RegionId("eu"),
                            new HardwareModel("sx-200"),
                            installed));
        }
        List<TrafficNode> traffic = new ArrayList<>();
        for (int region = 0; region < nodes.size(); region++) {
            String name = REGIONS.get(region);
            for (int i = 1; i <= nodes.get(region); i++) {
                traffic.add(
                        new TrafficNode(
                                new NodeId(name + "-" + i),
                                new RegionId(name),
                                null,
                                new HardwareModel("sx-100"),
                                500,
                                0,
                                true,
                                true,
                                installed));
            }
        }
        return new Topology("simulated", all, traffic);
    }

    Policy policy() {
        Policy usual = Policy.DEFAULT;
        return new Policy(
                usual.waves(),
                usual.canaries(),
                usual.minAcceptingShare(),
                usual.failureBudget(),
                usual.singleNodeRegion(),
                new Policy.DrainPolicy(drainDeadline, onDeadline),
                Duration.ofMinutes(1),
                usual.verify());
    }
}
