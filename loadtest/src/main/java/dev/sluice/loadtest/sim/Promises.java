package dev.sluice.loadtest.sim;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.Requirement;
import java.time.Duration;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What may never happen. Told of what happens at the moment at which it does, by those that do it;
 * {@link #afterEvent} looks at what nobody does.
 */
final class Promises {

    static final String ONE_BALLOT = "one ballot";
    static final String ONCE = "executed once";
    static final String DECISIONS_LAST = "decisions last";
    static final String BUDGET = "budget";
    static final String NOBODY_CUT = "nobody cut";
    static final String ORDER = "packages in order";
    static final String ONE_ADDRESS = "one address";
    static final String SAME_STATE = "same state";
    static final String ENDS = "it ends";

    /** A lease is looked at every 20 ms, by a clock of its own. */
    private static final long LATE_NANOS = Duration.ofMillis(100).toNanos();

    private final World world;
    private final SortedMap<NodeId, Ballot> confirmed = new TreeMap<>();
    private final SortedSet<String> ended = new TreeSet<>();
    private final Commits commits;
    private final Budget budget;

    Promises(World world) {
        this.world = world;
        this.commits = new Commits(world);
        this.budget = new Budget(world);
    }

    Commits commits() {
        return commits;
    }

    Budget budget() {
        return budget;
    }

    // What agents do.

    /** An agent is about to say that it obeys a ballot. */
    void confirms(SimNode node, Ballot ballot) {
        obeys(node, ballot, "confirms");
        confirmed.put(node.id(), ballot);
    }

    /** An agent begins to execute a command. */
    void executes(SimNode node, Ballot ballot, String command) {
        obeys(node, ballot, "executes " + command);
        if (ended.contains(node.id() + " " + command)) {
            throw new Violation(
                    ONCE, "node %s executes %s, which it has ended".formatted(node.id(), command));
        }
    }

    /** An agent has made durable how a command ended. */
    void ended(SimNode node, String command) {
        ended.add(node.id() + " " + command);
    }

    private void obeys(SimNode node, Ballot ballot, String what) {
        Ballot highest = confirmed.get(node.id());
        if (highest != null && ballot.isBelow(highest)) {
            throw new Violation(
                    ONE_BALLOT,
                    "node %s %s under %s, and has confirmed %s"
                            .formatted(node.id(), what, ballot, highest));
        }
    }

    /** A ledger is gone for good: what was confirmed from it binds nobody any more. */
    void ledgerLost(SimNode node) {
        confirmed.remove(node.id());
        ended.removeIf(one -> one.startsWith(node.id() + " "));
        budget.ledgerLost(node);
    }

    void installBegins(SimNode node, boolean cut) {
        if (!(node.service() instanceof SiteUnit site)) {
            return;
        }
        if (site.isAccepting()) {
            throw new Violation(NOBODY_CUT, "node %s accepts at its install".formatted(node.id()));
        }
        if (site.clients() > 0 && !cut) {
            throw new Violation(
                    NOBODY_CUT,
                    "node %s has %d clients at its install".formatted(node.id(), site.clients()));
        }
        if (site.clients() > 0 && !commits.mayCut(node.id())) {
            throw new Violation(
                    NOBODY_CUT,
                    "%d clients of node %s are cut, and neither policy nor operator said so"
                            .formatted(site.clients(), node.id()));
        }
    }

    void activates(SimNode node, Manifest manifest) {
        String before = node.installed().get(manifest.name().value());
        if (before != null && manifest.version().compareTo(new PackageVersion(before)) < 0) {
            throw new Violation(
                    ORDER, "node %s: %s over %s".formatted(node.id(), manifest.title(), before));
        }
        for (Requirement needed : manifest.description().requires()) {
            String found = node.installed().get(needed.name().value());
            if (found == null || !needed.range().contains(new PackageVersion(found))) {
                throw new Violation(
                        ORDER,
                        "node %s: %s needs %s, found %s"
                                .formatted(node.id(), manifest.title(), needed, found));
            }
        }
    }

    // What nobody does.

    void afterEvent() {
        budget.look();
        LeasedAddress holder = world.addresses().holder();
        if (holder == null || holder.life().awakeNanos() <= LATE_NANOS) {
            return;
        }
        if (holder.lateNanos() > LATE_NANOS) {
            throw new Violation(
                    ONE_ADDRESS,
                    "%s holds the shared address %d ms after its lease"
                            .formatted(holder, holder.lateNanos() / 1_000_000));
        }
        String own = holder.life().machine().name();
        Ballot obeyed = obeyed(own);
        if (obeyed != null && !obeyed.master().equals(own)) {
            throw new Violation(
                    ONE_ADDRESS,
                    "%s holds the shared address and obeys %s".formatted(holder, obeyed));
        }
    }

    /** Whether everything is where it should be in the end. */
    boolean isSettled() {
        for (Host host : world.hosts().values()) {
            SimNode node = host.node();
            if (host.agent() == null
                    || (node.service() instanceof SiteUnit site
                            && !site.isAccepting()
                            && !isAside(node))) {
                return false;
            }
        }
        return world.addresses().holder() != null;
    }

    private boolean isAside(SimNode node) {
        return commits.newest()
                .currentUpgrade()
                .filter(u ->
                        u.setAside().containsKey(node.id()) || u.leftClosed().contains(node.id()))
                .isPresent();
    }

    /** Every node has the target, unless the upgrade has set it aside. */
    void atEnd() {
        boolean completed =
                commits.newest()
                        .currentUpgrade()
                        .filter(u -> u.status() == UpgradeStatus.COMPLETED)
                        .isPresent();
        for (Host host : world.hosts().values()) {
            SimNode node = host.node();
            if (completed
                    && !isAside(node)
                    && !node.installed().equals(world.packages().target())) {
                throw new Violation(
                        ENDS,
                        "node %s has %s after the end".formatted(node.id(), node.installed()));
            }
        }
        commits.atEnd();
    }

    private @Nullable Ballot obeyed(String node) {
        SimAgent agent = world.host(node).agent();
        return agent == null ? null : agent.ledger().highestBallot().orElse(null);
    }
}
