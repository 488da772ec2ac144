package dev.sluice.control.planner;

import dev.sluice.control.model.Halves;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Predicate;

/**
 * The nodes of one region that one pass moves, in the order in which they go.
 *
 * @param canaries one after another, ahead of the rest of the first half
 * @param first the rest of the first half
 * @param later the waves behind the promotion; none is empty
 */
record TrafficWaves(
        List<TrafficNode> canaries, List<TrafficNode> first, List<List<TrafficNode>> later) {

    TrafficWaves {
        canaries = List.copyOf(canaries);
        first = List.copyOf(first);
        later = later.stream().map(List::copyOf).toList();
    }

    List<TrafficNode> firstHalf() {
        List<TrafficNode> half = new ArrayList<>(canaries);
        half.addAll(first);
        return half;
    }

    static List<TrafficWaves> of(
            Topology topology,
            SortedMap<RegionId, Halves> halves,
            Policy policy,
            Predicate<NodeId> moves) {
        Map<NodeId, TrafficNode> byId = new HashMap<>();
        topology.nodes().forEach(n -> byId.put(n.id(), n));
        return halves.values().stream().map(h -> of(h, policy, moves, byId)).toList();
    }

    private static TrafficWaves of(
            Halves halves, Policy policy, Predicate<NodeId> moves, Map<NodeId, TrafficNode> byId) {
        Set<NodeId> before = new HashSet<>(halves.first());
        List<TrafficNode> canaries = new ArrayList<>();
        List<TrafficNode> first = new ArrayList<>();
        List<List<TrafficNode>> later = new ArrayList<>();
        boolean leads = policy.canaries() > 0;
        for (List<NodeId> wave : halves.waves()) {
            List<TrafficNode> moving = new ArrayList<>();
            wave.stream()
                    .filter(moves)
                    .forEach(id -> moving.add(Objects.requireNonNull(byId.get(id))));
            if (!before.contains(wave.getFirst())) {
                if (!moving.isEmpty()) {
                    later.add(moving);
                }
            } else if (leads && wave.size() <= policy.canaries()) {
                canaries.addAll(moving);
            } else {
                first.addAll(moving);
            }
            leads = false;
        }
        return new TrafficWaves(canaries, first, later);
    }
}
