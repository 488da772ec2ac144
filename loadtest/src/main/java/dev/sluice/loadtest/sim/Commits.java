package dev.sluice.loadtest.sim;

import dev.sluice.control.codec.SnapshotCodec;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.Upgrade;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What primaries have made visible. It stays: whoever is primary later has it too, and masters with
 * the same journal have the same state.
 */
final class Commits {

    /** Every so many entries the states are compared as well as the journals. */
    private static final int COMPARE_EVERY = 16;

    private final World world;
    private final List<ChainHash> committed = new ArrayList<>();
    private final SortedMap<String, Integer> states = new TreeMap<>();
    private final SortedMap<Ballot, String> primaries = new TreeMap<>();
    private ClusterState newest = ClusterState.EMPTY;

    Commits(World world) {
        this.world = world;
    }

    /** Looks up entries of the journal whose state is shown. */
    @FunctionalInterface
    interface Journal {
        JournalPosition at(long index);
    }

    /** A process commands under a ballot. */
    void leads(Life life, Ballot ballot) {
        String before = primaries.putIfAbsent(ballot, life.name());
        if (before != null && !before.equals(life.name())) {
            throw new Violation(
                    Promises.ONE_BALLOT,
                    "%s and %s both command under %s".formatted(before, life, ballot));
        }
    }

    /** A primary shows a state, and may answer that what led to it is decided. */
    void shown(Life primary, ClusterState state, Journal journal) {
        long known = committed.size();
        if (known > 0) {
            long common = Math.min(known, state.index());
            ChainHash here = journal.at(common).chainHash();
            ChainHash before = committed.get((int) common - 1);
            if (!here.equals(before)) {
                throw new Violation(
                        Promises.DECISIONS_LAST,
                        "%s has another entry %d than was committed (%d were)"
                                .formatted(primary, common, known));
            }
        }
        for (long index = known + 1; index <= state.index(); index++) {
            committed.add(journal.at(index).chainHash());
        }
        if (state.index() >= newest.index()) {
            newest = state;
        }
    }

    /** A master has a state after this entry. */
    void has(Life master, ClusterState state, JournalPosition position) {
        if (state.index() % COMPARE_EVERY == 0) {
            compare(master, state, position);
        }
    }

    void compare(Life master, ClusterState state, JournalPosition position) {
        int found = Arrays.hashCode(new SnapshotCodec().encode(state));
        Integer before = states.putIfAbsent(position.toString(), found);
        if (before != null && before != found) {
            throw new Violation(
                    Promises.SAME_STATE,
                    "%s has another state after entry %d than a master with the same journal had"
                            .formatted(master, position.index()));
        }
    }

    /** Masters that have the same journal have the same state. */
    void atEnd() {
        for (MasterUnit unit : world.masterUnits().values()) {
            SimMaster master = unit.running();
            if (master != null && master.controller().state().index() > 0) {
                compare(master.life(), master.controller().state(), master.position());
            }
        }
    }

    ClusterState newest() {
        return newest;
    }

    long count() {
        return committed.size();
    }

    boolean isClosedByOperator(NodeId node) {
        return newest.operatorClosed().contains(node);
    }

    /** Whether the policy or an operator has said that a node's clients may be cut. */
    boolean mayCut(NodeId node) {
        Upgrade upgrade = newest.currentUpgrade().orElse(null);
        if (upgrade == null) {
            return false;
        }
        boolean byPolicy =
                upgrade.blueprint().policy().drain().onDeadline() == Policy.OnDeadline.CUT;
        return byPolicy
                || upgrade.graph().stepsOf(node).stream()
                        .filter(step -> step.work() instanceof Work.Drain)
                        .anyMatch(step ->
                                upgrade.record(step.id()).drainDecision() == DrainDecision.CUT);
    }
}
