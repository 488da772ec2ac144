package dev.sluice.control.planner;

import dev.sluice.control.model.Halves;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Divides a region's traffic nodes into waves.
 *
 * <p>In this order of importance: the waves differ by one serving node at most, since the policy
 * counts nodes; a failure zone stays in one wave where that allows it, so that the nodes in service
 * do not depend on the zone being worked on; capacity is spread evenly; the wave with the fewest
 * connected clients goes first, since it drains soonest. Nodes that serve nobody go in the first
 * wave: they cost no capacity, and what goes wrong is seen early.
 */
final class HalvesChooser {

    private static final Comparator<TrafficNode> LARGEST =
            Comparator.comparingInt(TrafficNode::capacity)
                    .reversed()
                    .thenComparingInt(TrafficNode::connected)
                    .thenComparing(TrafficNode::id);

    private static final Comparator<TrafficNode> QUIETEST =
            Comparator.comparingInt(TrafficNode::connected).thenComparing(TrafficNode::id);

    /** Nodes that should stay in one wave: a failure zone, or a node of its own. */
    private record Group(List<TrafficNode> nodes) {
        long capacity() {
            return nodes.stream().mapToLong(TrafficNode::capacity).sum();
        }

        static final Comparator<Group> LARGEST_GROUP =
                Comparator.comparingInt((Group g) -> g.nodes().size())
                        .thenComparingLong(Group::capacity)
                        .reversed()
                        .thenComparing(g -> g.nodes().getFirst(), LARGEST);
    }

    /** A wave while it is being filled. Mutable, and used by one choice only. */
    private static final class Wave {
        private final List<TrafficNode> nodes = new ArrayList<>();
        private long capacity;
        private long connected;

        void add(TrafficNode node) {
            nodes.add(node);
            capacity += node.capacity();
            connected += node.connected();
        }

        NodeId smallestId() {
            return nodes.stream().map(TrafficNode::id).min(Comparator.naturalOrder()).orElseThrow();
        }
    }

    private HalvesChooser() {}

    /** Divides those nodes of a region for which {@code moves} holds. */
    static Halves choose(RegionCapacity region, Predicate<NodeId> moves, Policy policy) {
        List<TrafficNode> moving = region.nodes().stream().filter(n -> moves.test(n.id())).toList();
        List<TrafficNode> serving = moving.stream().filter(TrafficNode::serves).toList();
        List<List<TrafficNode>> waves = divide(serving, policy.waves());
        List<TrafficNode> first =
                new ArrayList<>(waves.isEmpty() ? List.of() : waves.removeFirst());
        first.sort(QUIETEST);
        List<TrafficNode> canaries =
                List.copyOf(first.subList(0, Math.min(policy.canaries(), first.size())));
        first.subList(0, canaries.size()).clear();
        moving.stream().filter(n -> !n.serves()).forEach(first::add);
        List<List<NodeId>> all = new ArrayList<>();
        addWave(all, canaries);
        addWave(all, first);
        waves.forEach(wave -> addWave(all, wave));
        List<NodeId> before = new ArrayList<>(ids(canaries));
        before.addAll(ids(first));
        return new Halves(
                before.stream().sorted().toList(),
                waves.stream().flatMap(List::stream).map(TrafficNode::id).sorted().toList(),
                all);
    }

    private static void addWave(List<List<NodeId>> waves, List<TrafficNode> nodes) {
        if (!nodes.isEmpty()) {
            waves.add(ids(nodes));
        }
    }

    private static List<NodeId> ids(List<TrafficNode> nodes) {
        return nodes.stream().map(TrafficNode::id).sorted().toList();
    }

    /** Waves in the order in which they go; none is empty. */
    private static List<List<TrafficNode>> divide(List<TrafficNode> nodes, int parts) {
        int count = Math.min(parts, nodes.size());
        List<Wave> waves = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            waves.add(new Wave());
        }
        if (count > 0) {
            fill(waves, nodes);
        }
        waves.sort(
                Comparator.comparingLong((Wave w) -> w.connected).thenComparing(Wave::smallestId));
        return quietestFirst(waves);
    }

    private static void fill(List<Wave> waves, List<TrafficNode> nodes) {
        List<TrafficNode> single = new ArrayList<>();
        for (Group zone : zones(nodes, single)) {
            int most = largestSize(waves, nodes.size()) - zone.nodes().size();
            Wave room = emptiest(waves, w -> w.nodes.size() <= most);
            if (room == null) {
                single.addAll(zone.nodes());
            } else {
                zone.nodes().forEach(room::add);
            }
        }
        single.sort(LARGEST);
        for (TrafficNode node : single) {
            int most = largestSize(waves, nodes.size());
            Wave room = emptiest(waves, w -> w.nodes.size() < most);
            if (room == null) {
                throw new IllegalStateException("no wave has room for " + node.id());
            }
            room.add(node);
        }
    }

    /** What a wave may hold now, so that in the end the sizes are within one of another. */
    private static int largestSize(List<Wave> waves, int nodes) {
        int small = nodes / waves.size();
        long larger = waves.stream().filter(w -> w.nodes.size() > small).count();
        return larger < nodes % waves.size() ? small + 1 : small;
    }

    private static List<Group> zones(List<TrafficNode> nodes, List<TrafficNode> single) {
        TreeMap<ZoneId, List<TrafficNode>> byZone = new TreeMap<>();
        for (TrafficNode node : nodes) {
            ZoneId zone = node.zone();
            if (zone == null) {
                single.add(node);
            } else {
                byZone.computeIfAbsent(zone, _ -> new ArrayList<>()).add(node);
            }
        }
        return byZone.values().stream().map(Group::new).sorted(Group.LARGEST_GROUP).toList();
    }

    private static @Nullable Wave emptiest(List<Wave> waves, Predicate<Wave> hasRoom) {
        Wave best = null;
        for (Wave wave : waves) {
            if (hasRoom.test(wave) && (best == null || wave.capacity < best.capacity)) {
                best = wave;
            }
        }
        return best;
    }

    /**
     * Exchanges nodes of equal capacity between the waves, the quietest to the first. Neither
     * counts nor capacities change by it.
     */
    private static List<List<TrafficNode>> quietestFirst(List<Wave> waves) {
        List<List<TrafficNode>> ordered = new ArrayList<>();
        waves.forEach(w -> ordered.add(new ArrayList<>(w.nodes)));
        TreeMap<Integer, List<TrafficNode>> alike = new TreeMap<>();
        waves.stream()
                .flatMap(w -> w.nodes.stream())
                .filter(n -> n.zone() == null)
                .forEach(n -> alike.computeIfAbsent(n.capacity(), _ -> new ArrayList<>()).add(n));
        alike.values().forEach(nodes -> nodes.sort(QUIETEST));
        for (List<TrafficNode> wave : ordered) {
            wave.replaceAll(n -> {
                List<TrafficNode> same = n.zone() == null ? alike.get(n.capacity()) : null;
                return same == null ? n : same.removeFirst();
            });
        }
        return ordered;
    }
}
