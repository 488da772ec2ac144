package dev.sluice.control.planner;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * The nodes that are alike for installing: same hardware, same packages. Paths are searched over
 * classes, so that the search does not grow with the cluster.
 *
 * @param nodes sorted: masters first, then traffic nodes
 */
record NodeClass(
        HardwareModel hardware, SortedMap<PackageName, Version> installed, List<NodeId> nodes) {

    private record Key(HardwareModel hardware, SortedMap<PackageName, Version> installed) {}

    NodeClass {
        nodes = List.copyOf(nodes);
    }

    /** The node that a message names for the whole class. */
    NodeId example() {
        return nodes.getFirst();
    }

    static List<NodeClass> of(Topology topology) {
        Map<Key, List<NodeId>> members = new LinkedHashMap<>();
        topology.masters().forEach(m -> add(members, new Key(m.hardware(), m.installed()), m.id()));
        topology.nodes().forEach(n -> add(members, new Key(n.hardware(), n.installed()), n.id()));
        return members.entrySet().stream()
                .map(e ->
                        new NodeClass(e.getKey().hardware(), e.getKey().installed(), e.getValue()))
                .toList();
    }

    private static void add(Map<Key, List<NodeId>> members, Key key, NodeId id) {
        members.computeIfAbsent(key, _ -> new ArrayList<>()).add(id);
    }
}
