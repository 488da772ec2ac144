package dev.sluice.control.peer;

import dev.sluice.control.executor.Peers;
import dev.sluice.control.model.NodeId;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.UnaryOperator;

/** What is known of the other masters, kept by the two sides of replication. */
public final class PeerTable implements Peers {

    private final ConcurrentSkipListMap<NodeId, Peer> peers = new ConcurrentSkipListMap<>();

    /** A table of these masters, of which nothing is known yet. */
    public PeerTable(Iterable<NodeId> masters) {
        masters.forEach(id -> peers.put(id, new Peer(id, false, 0, "", Optional.empty())));
    }

    public boolean knows(NodeId master) {
        return peers.containsKey(master);
    }

    @Override
    public SortedMap<NodeId, Peer> observe() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(peers));
    }

    void follows(NodeId id, long durableIndex, String version) {
        change(id, p -> new Peer(id, true, durableIndex, version, p.lastSync()));
    }

    void acknowledged(NodeId id, long durableIndex, boolean everything, Instant at) {
        change(
                id,
                p ->
                        new Peer(
                                id,
                                true,
                                durableIndex,
                                p.controlPlaneVersion(),
                                everything ? Optional.of(at) : p.lastSync()));
    }

    void followsNoMore(NodeId id) {
        change(
                id,
                p -> new Peer(id, false, p.durableIndex(), p.controlPlaneVersion(), p.lastSync()));
    }

    void runs(NodeId id, String version) {
        change(id, p -> new Peer(id, p.following(), p.durableIndex(), version, p.lastSync()));
    }

    private void change(NodeId id, UnaryOperator<Peer> how) {
        peers.computeIfPresent(id, (_, peer) -> how.apply(peer));
    }
}
