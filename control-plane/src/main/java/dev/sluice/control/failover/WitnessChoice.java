package dev.sluice.control.failover;

import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Chooses the witnesses: the masters' nodes and traffic nodes of different regions, an odd number,
 * and of those that are there already as many as may stay.
 */
public final class WitnessChoice {

    private static final int FEW = 3;
    private static final int MANY = 5;

    /** From so many nodes on there are enough to exchange one of five at any time. */
    private static final int NODES_FOR_MANY = 8;

    private WitnessChoice() {}

    /**
     * The witnesses that there should be; empty when too few nodes are there to choose any.
     *
     * @param stores the agents that may be chosen, with the memory each speaks from
     * @param current those of today; empty: none yet
     * @param unfit nodes that are about to be disrupted, and are chosen only when there are no
     *     others
     */
    public static SortedSet<Witness> choose(
            Topology topology,
            SortedMap<NodeId, StoreId> stores,
            Set<Witness> current,
            Set<NodeId> unfit) {
        SortedMap<NodeId, StoreId> unmoved = new TreeMap<>(stores);
        unmoved.keySet().removeAll(unfit);
        SortedMap<NodeId, StoreId> others = new TreeMap<>(stores);
        others.keySet().retainAll(unfit);
        List<Witness> fit = inOrder(topology, unmoved, current);
        int size = size(topology);
        while (size > FEW && fit.size() < size) {
            size -= 2;
        }
        fit.addAll(inOrder(topology, others, current));
        while (size > fit.size()) {
            size -= 2;
        }
        return size <= 0 ? new TreeSet<>() : new TreeSet<>(fit.subList(0, size));
    }

    /** How many there are when all nodes are there. */
    public static int size(Topology topology) {
        if (topology.masters().size() == 1) {
            return 1;
        }
        int nodes = topology.masters().size() + topology.nodes().size();
        int wanted = nodes >= NODES_FOR_MANY ? MANY : FEW;
        return nodes >= wanted ? wanted : 1;
    }

    /** Those of today first, then masters, then traffic nodes, each from the region with fewest. */
    private static List<Witness> inOrder(
            Topology topology, SortedMap<NodeId, StoreId> stores, Set<Witness> current) {
        List<Witness> masters = new ArrayList<>();
        topology.masters().stream()
                .sorted(Comparator.comparing(m -> m.role() != MasterRole.PRIMARY))
                .forEach(master -> add(masters, master.id(), stores));
        if (topology.masters().size() == 1) {
            return masters;
        }
        Map<NodeId, RegionId> regions = new HashMap<>();
        topology.nodes().forEach(node -> regions.put(node.id(), node.region()));
        List<Witness> traffic = new ArrayList<>();
        topology.nodes().stream()
                .map(TrafficNode::id)
                .sorted()
                .forEach(node -> add(traffic, node, stores));
        List<Witness> ordered = new ArrayList<>();
        take(masters, current, ordered);
        take(traffic, current, ordered);
        ordered.addAll(masters);
        Map<RegionId, Integer> counts = new HashMap<>();
        for (Witness witness : ordered) {
            RegionId region = regions.get(witness.node());
            if (region != null) {
                counts.merge(region, 1, Integer::sum);
            }
        }
        while (!traffic.isEmpty()) {
            Witness next = traffic.getFirst();
            for (Witness candidate : traffic) {
                if (count(counts, regions, candidate) < count(counts, regions, next)) {
                    next = candidate;
                }
            }
            traffic.remove(next);
            ordered.add(next);
            counts.merge(regionOf(regions, next), 1, Integer::sum);
        }
        return ordered;
    }

    private static int count(
            Map<RegionId, Integer> counts, Map<NodeId, RegionId> regions, Witness witness) {
        return counts.getOrDefault(regionOf(regions, witness), 0);
    }

    private static RegionId regionOf(Map<NodeId, RegionId> regions, Witness witness) {
        RegionId region = regions.get(witness.node());
        if (region == null) {
            throw new IllegalStateException("witness %s: no traffic node".formatted(witness));
        }
        return region;
    }

    private static void take(List<Witness> from, Set<Witness> current, List<Witness> to) {
        from.stream().filter(current::contains).forEach(to::add);
        from.removeAll(current);
    }

    private static void add(List<Witness> to, NodeId node, SortedMap<NodeId, StoreId> stores) {
        StoreId store = stores.get(node);
        if (store != null) {
            to.add(new Witness(node, store));
        }
    }
}
