package dev.sluice.control.depot;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Settings;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a depot may fetch over the link between two regions: no more than the cluster's
 * configuration lets through. Between masters of one region there is no limit.
 */
public final class LinkPace implements DepotFill.Pace {

    private final Supplier<ClusterState> state;
    private final NodeId self;
    private final RateLimit limit;

    public LinkPace(Supplier<ClusterState> state, NodeId self, Ticker ticker) {
        this.state = state;
        this.self = self;
        this.limit = new RateLimit(0, ticker);
    }

    @Override
    public long took(NodeId master, int bytes) {
        ClusterState now = state.get();
        limit.set(
                region(now, master).equals(region(now, self))
                        ? 0
                        : Settings.regionBytesPerSecond(now.configuration().settings()));
        limit.take(bytes);
        return limit.debt();
    }

    private static Optional<RegionId> region(ClusterState state, NodeId master) {
        Topology topology = state.topology();
        return topology == null
                ? Optional.empty()
                : topology.master(master).map(known -> known.region());
    }
}
