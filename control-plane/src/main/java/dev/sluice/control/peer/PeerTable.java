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

    private final ConcurrentSkipListMap<NodeId, Entry> entries = new ConcurrentSkipListMap<>();
    private final ConcurrentSkipListMap<NodeId, ResyncProgress> resyncs =
            new ConcurrentSkipListMap<>();

    /**
     * Another master, as each side of replication knows it; while the office moves both do, and one
     * that ends must not take away what the other knows.
     *
     * @param followerVersion what it said as a follower; empty: it does not follow
     * @param primaryVersion what it said as the primary; empty: this master does not follow it
     */
    private record Entry(
            boolean following,
            long durableIndex,
            String followerVersion,
            String primaryVersion,
            Optional<Instant> lastSync) {

        Peer as(NodeId id) {
            return new Peer(
                    id,
                    following,
                    durableIndex,
                    following ? followerVersion : primaryVersion,
                    lastSync);
        }
    }

    /** A table of these masters, of which nothing is known yet. */
    public PeerTable(Iterable<NodeId> masters) {
        masters.forEach(id -> entries.put(id, new Entry(false, 0, "", "", Optional.empty())));
    }

    public boolean knows(NodeId master) {
        return entries.containsKey(master);
    }

    @Override
    public SortedMap<NodeId, Peer> observe() {
        SortedMap<NodeId, Peer> peers = new TreeMap<>();
        entries.forEach((id, entry) -> peers.put(id, entry.as(id)));
        return Collections.unmodifiableSortedMap(peers);
    }

    /**
     * The repairs of journals that go on: this master's own under its name, and those of others as
     * far as this master serves them.
     */
    public SortedMap<NodeId, ResyncProgress> resyncs() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(resyncs));
    }

    void resyncs(NodeId id, ResyncProgress progress) {
        resyncs.put(id, progress);
    }

    void resyncsNoMore(NodeId id) {
        resyncs.remove(id);
    }

    /** It follows from here on. */
    public void follows(NodeId id, long durableIndex, String version) {
        change(id, e -> new Entry(true, durableIndex, version, e.primaryVersion(), e.lastSync()));
    }

    /** It has acknowledged entries; without effect when it follows no more. */
    public void acknowledged(NodeId id, long durableIndex, boolean everything, Instant at) {
        change(
                id,
                e ->
                        e.following()
                                ? new Entry(
                                        true,
                                        durableIndex,
                                        e.followerVersion(),
                                        e.primaryVersion(),
                                        everything ? Optional.of(at) : e.lastSync())
                                : e);
    }

    /** Its stream as a follower has ended: what it runs is not known any more. */
    public void followsNoMore(NodeId id) {
        change(id, e -> new Entry(false, e.durableIndex(), "", e.primaryVersion(), e.lastSync()));
    }

    /** This master follows it from here on. */
    public void leads(NodeId id, String version) {
        change(id, e -> withPrimaryVersion(e, version));
    }

    /** The stream to it has ended: what it runs is not known any more. */
    public void leadsNoMore(NodeId id) {
        change(id, e -> withPrimaryVersion(e, ""));
    }

    private static Entry withPrimaryVersion(Entry e, String version) {
        return new Entry(
                e.following(), e.durableIndex(), e.followerVersion(), version, e.lastSync());
    }

    private void change(NodeId id, UnaryOperator<Entry> how) {
        entries.computeIfPresent(id, (_, entry) -> how.apply(entry));
    }
}
