package dev.sluice.control.depot;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Settings;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What a depot may fetch over the link between two regions: no more than the cluster's
 * configuration lets through. Between masters of one region there is no limit.
 */
public final class LinkLimit {

    private final Supplier<ClusterState> state;
    private final NodeId self;

    public LinkLimit(Supplier<ClusterState> state, NodeId self) {
        this.state = state;
        this.self = self;
    }

    /** Bytes per second of what comes from a master now; 0: no limit. */
    public long from(NodeId master) {
        ClusterState now = state.get();
        return region(now, master).equals(region(now, self))
                ? 0
                : Settings.regionBytesPerSecond(now.configuration().settings());
    }

    /** The nodes of this master's region. */
    public Set<NodeId> near() {
        ClusterState now = state.get();
        Topology topology = now.topology();
        return topology == null ? Set.of() : region(now, self).map(topology::in).orElse(Set.of());
    }

    private static Optional<RegionId> region(ClusterState state, NodeId master) {
        Topology topology = state.topology();
        return topology == null
                ? Optional.empty()
                : topology.master(master).map(known -> known.region());
    }
}
