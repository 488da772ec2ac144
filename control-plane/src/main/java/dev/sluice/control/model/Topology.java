package dev.sluice.control.model;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The nodes of a cluster, each list sorted by id. */
public record Topology(String name, List<Master> masters, List<TrafficNode> nodes) {

    public Topology {
        masters = masters.stream().sorted(Comparator.comparing(Master::id)).toList();
        nodes = nodes.stream().sorted(Comparator.comparing(TrafficNode::id)).toList();
        Set<NodeId> seen = new HashSet<>();
        masters.forEach(master -> requireNew(seen, master.id()));
        nodes.forEach(node -> requireNew(seen, node.id()));
    }

    private static void requireNew(Set<NodeId> seen, NodeId id) {
        if (!seen.add(id)) {
            throw new IllegalArgumentException("node id %s is used twice".formatted(id));
        }
    }

    public Optional<Master> primary() {
        return masters.stream().filter(m -> m.role() == MasterRole.PRIMARY).findFirst();
    }

    public List<Master> backups() {
        return masters.stream().filter(m -> m.role() == MasterRole.BACKUP).toList();
    }

    /** The nodes that a package suits by their hardware, masters first. */
    public List<NodeId> suitedBy(PackageDescriptor pkg) {
        return Stream.concat(
                        masters.stream().filter(m -> pkg.runsOn(m.hardware())).map(Master::id),
                        nodes.stream().filter(n -> pkg.runsOn(n.hardware())).map(TrafficNode::id))
                .toList();
    }

    public Optional<Master> master(NodeId id) {
        return masters.stream().filter(m -> m.id().equals(id)).findFirst();
    }

    /** The nodes of a region, masters' and others. */
    public Set<NodeId> in(RegionId region) {
        return Stream.concat(
                        masters.stream().filter(m -> m.region().equals(region)).map(Master::id),
                        nodes.stream().filter(n -> n.region().equals(region)).map(TrafficNode::id))
                .collect(Collectors.toSet());
    }
}
