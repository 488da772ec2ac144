package dev.sluice.control.executor;

import dev.sluice.control.model.NodeId;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;

/** What this master knows of the other masters. Safe for use by many threads. */
public interface Peers {

    SortedMap<NodeId, Peer> observe();

    /**
     * Another master.
     *
     * @param following its session as a follower of this master is up
     * @param durableIndex the last entry of this master's journal that it has acknowledged as
     *     durable
     * @param controlPlaneVersion what it runs, by its own word; empty: unknown
     * @param lastSync when it last had everything
     */
    record Peer(
            NodeId id,
            boolean following,
            long durableIndex,
            String controlPlaneVersion,
            Optional<Instant> lastSync) {}
}
