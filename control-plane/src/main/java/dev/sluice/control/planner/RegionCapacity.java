package dev.sluice.control.planner;

import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Policy.SingleNodeRegion;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a region serves with, and what has to remain.
 *
 * @param nodes sorted by id
 * @param required nodes that must accept at any time: the policy's share of all nodes whose
 *     admission is on, healthy or not, rounded down
 * @param serving nodes that really serve now: healthy and accepting. Only these count as capacity
 */
record RegionCapacity(
        RegionId region, List<TrafficNode> nodes, int accepting, int required, int serving) {

    static SortedMap<RegionId, RegionCapacity> of(Topology topology, Policy policy) {
        SortedMap<RegionId, List<TrafficNode>> byRegion = new TreeMap<>();
        topology.nodes()
                .forEach(n -> byRegion.computeIfAbsent(n.region(), _ -> new ArrayList<>()).add(n));
        SortedMap<RegionId, RegionCapacity> capacities = new TreeMap<>();
        byRegion.forEach((region, nodes) -> capacities.put(region, of(region, nodes, policy)));
        return capacities;
    }

    private static RegionCapacity of(RegionId region, List<TrafficNode> nodes, Policy policy) {
        int accepting = (int) nodes.stream().filter(TrafficNode::accepting).count();
        int serving = (int) nodes.stream().filter(TrafficNode::serves).count();
        return new RegionCapacity(
                region,
                List.copyOf(nodes),
                accepting,
                share(policy.minAcceptingShare(), accepting),
                serving);
    }

    /** Exact in decimal: 0.29 of 100 is 29, which binary arithmetic would round down to 28. */
    private static int share(double share, int of) {
        return BigDecimal.valueOf(share)
                .multiply(BigDecimal.valueOf(of))
                .setScale(0, RoundingMode.FLOOR)
                .intValueExact();
    }

    /** Whether only one node really serves: no order of steps can keep such a region in service. */
    boolean isSingleNode() {
        return serving == 1;
    }

    boolean mayBeInterrupted(Policy policy) {
        return isSingleNode() && policy.singleNodeRegion() == SingleNodeRegion.INTERRUPT;
    }
}
