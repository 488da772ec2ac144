package dev.sluice.loadtest.sim;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.time.Duration;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The disruption budget over all primaries together.
 *
 * <p>Two rules, for each region with N traffic nodes that no operator has closed and R of them
 * required ({@code floor(share * N)}): at most N - R nodes are closed by a command at any time,
 * whoever sent it; and no decision to close a node leaves fewer than R of them, where also those
 * count as out that really had not served for {@link #KNOWN_AFTER} when the decider last looked.
 * What a fault takes down later than that the decider could not know.
 */
final class Budget {

    /** A report may be 5 s old, and is made each second. */
    static final Duration KNOWN_AFTER = Duration.ofSeconds(7);

    private final World world;
    private final SortedSet<NodeId> closedByCommand = new TreeSet<>();
    private final SortedSet<NodeId> lostLedgers = new TreeSet<>();
    private final SortedMap<NodeId, Long> downSince = new TreeMap<>();

    Budget(World world) {
        this.world = world;
    }

    /** An agent has made durable what it was told about admission. */
    void told(SimNode node, boolean accepting) {
        lostLedgers.remove(node.id());
        if (accepting) {
            closedByCommand.remove(node.id());
        } else {
            closedByCommand.add(node.id());
            check(node.region());
        }
    }

    /** Nobody can tell any more what a node was told: it counts as killed by the fault. */
    void ledgerLost(SimNode node) {
        lostLedgers.add(node.id());
        closedByCommand.remove(node.id());
    }

    private void check(RegionId region) {
        SortedSet<NodeId> baseline = baseline(region);
        SortedSet<NodeId> out = new TreeSet<>(closedByCommand);
        out.retainAll(baseline);
        int allowed = baseline.size() - required(baseline.size());
        if (out.size() > allowed) {
            throw new Violation(
                    Promises.BUDGET,
                    "region %s: %s are closed by commands, %d of %d may be"
                            .formatted(region, out, allowed, baseline.size()));
        }
    }

    /**
     * A primary has decided to close a node.
     *
     * @param lookedAt when it last looked at its nodes
     */
    void closes(NodeId node, long lookedAt) {
        RegionId region = world.node(node).region();
        SortedSet<NodeId> baseline = baseline(region);
        if (!baseline.contains(node)) {
            return;
        }
        SortedSet<NodeId> out = new TreeSet<>();
        for (NodeId one : baseline) {
            Long since = downSince.get(one);
            boolean known = since != null && since <= lookedAt - KNOWN_AFTER.toNanos();
            if (known || closedByCommand.contains(one)) {
                out.add(one);
            }
        }
        if (out.contains(node)) {
            return;
        }
        int left = baseline.size() - out.size() - 1;
        if (left < required(baseline.size())) {
            throw new Violation(
                    Promises.BUDGET,
                    "region %s: closing %s leaves %d of %d, %d are required; out: %s"
                            .formatted(
                                    region,
                                    node,
                                    left,
                                    baseline.size(),
                                    required(baseline.size()),
                                    out));
        }
    }

    private SortedSet<NodeId> baseline(RegionId region) {
        SortedSet<NodeId> baseline = new TreeSet<>();
        for (Host host : world.hosts().values()) {
            SimNode node = host.node();
            if (!node.isMaster()
                    && node.region().equals(region)
                    && !world.promises().commits().isClosedByOperator(node.id())) {
                baseline.add(node.id());
            }
        }
        return baseline;
    }

    private int required(int baseline) {
        return (int) Math.floor(world.shape().policy().minAcceptingShare() * baseline);
    }

    /** Notes who serves. */
    void look() {
        for (Host host : world.hosts().values()) {
            if (host.node().service() instanceof SiteUnit site) {
                if (site.isAccepting()) {
                    downSince.remove(host.node().id());
                } else {
                    downSince.putIfAbsent(host.node().id(), world.schedule().now());
                }
            }
        }
    }

    SortedSet<NodeId> closedByCommand() {
        return closedByCommand;
    }
}
