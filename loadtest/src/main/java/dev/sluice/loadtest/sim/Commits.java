package dev.sluice.loadtest.sim;

import dev.sluice.control.codec.SnapshotCodec;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
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
import org.jspecify.annotations.Nullable;

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
    private final SortedMap<Integer, Signed> signed = new TreeMap<>();
    private @Nullable Register written;
    private final List<ClusterState> givenUp = new ArrayList<>();
    private ClusterState newest = ClusterState.EMPTY;
    private int generation;

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

    /**
     * An operator has signed that a master may begin a generation.
     *
     * @param lastIndex what was decided after this entry may be lost
     * @param replica the master and its journal: while it is in sync, nothing may be
     */
    void signed(int forGeneration, long lastIndex, Replica replica) {
        boolean inSync = written != null && written.inSync().contains(replica);
        signed.put(forGeneration, new Signed(inSync ? Long.MAX_VALUE : lastIndex));
    }

    private record Signed(long lastIndex) {}

    /** A quorum of witnesses has accepted a register. */
    void wrote(Register register) {
        if (written == null || register.compareTo(written) > 0) {
            written = register;
        }
    }

    /** The generation of the last primary that has shown anything. */
    int generation() {
        return generation;
    }

    /**
     * A forced promotion: what was committed goes on from the forced master's journal, and what it
     * has not must have been listed as possibly lost.
     */
    private void begins(
            Life primary, Ballot ballot, ClusterState state, long lowest, Journal journal) {
        Signed certificate = signed.get(ballot.generation());
        if (certificate == null) {
            throw new Violation(
                    Promises.ONE_BALLOT,
                    "%s commands under %s, a generation that no operator has signed"
                            .formatted(primary, ballot));
        }
        int common = (int) Math.min(committed.size(), state.index());
        while (common > lowest
                && !journal.at(common).chainHash().equals(committed.get(common - 1))) {
            common--;
        }
        if (common > 0 && !journal.at(common).chainHash().equals(committed.get(common - 1))) {
            throw new Violation(
                    Promises.DECISIONS_LAST,
                    "%s has compacted entries up to %d that were never committed"
                            .formatted(primary, lowest));
        }
        int lost = committed.size() - common;
        if (lost > 0 && common < certificate.lastIndex()) {
            throw new Violation(
                    Promises.DECISIONS_LAST,
                    "%s has lost the entries %d to %d, and no more than those after %d were listed"
                            .formatted(
                                    primary,
                                    common + 1,
                                    committed.size(),
                                    certificate.lastIndex()));
        }
        committed.subList(common, committed.size()).clear();
        givenUp.add(newest);
        newest = ClusterState.EMPTY;
        generation = ballot.generation();
        world.covered("forced promotions");
        if (lost > 0) {
            world.covered("forced promotions with a loss, listed");
        }
    }

    /**
     * A primary shows a state, and may answer that what led to it is decided.
     *
     * @param lowest the lowest entry whose position its journal knows
     */
    void shown(Life primary, Ballot ballot, ClusterState state, long lowest, Journal journal) {
        if (ballot.generation() < generation) {
            return;
        }
        if (ballot.generation() > generation) {
            begins(primary, ballot, state, lowest, journal);
        }
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

    /**
     * Whether the policy or an operator has said that a node's clients may be cut; also in a
     * decision that a forced promotion has given up since.
     */
    boolean mayCut(NodeId node) {
        return mayCut(newest, node) || givenUp.stream().anyMatch(state -> mayCut(state, node));
    }

    private static boolean mayCut(ClusterState newest, NodeId node) {
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
