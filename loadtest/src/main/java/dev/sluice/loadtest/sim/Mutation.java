package dev.sluice.loadtest.sim;

import static dev.sluice.loadtest.sim.Fault.AGENT_ENDS;
import static dev.sluice.loadtest.sim.Fault.AGENT_ENDS_AT_A_POINT;
import static dev.sluice.loadtest.sim.Fault.CONNECTION_BREAKS;
import static dev.sluice.loadtest.sim.Fault.DISK_SLOW;
import static dev.sluice.loadtest.sim.Fault.MACHINE_ISOLATED;
import static dev.sluice.loadtest.sim.Fault.MASTER_ENDS;
import static dev.sluice.loadtest.sim.Fault.MASTER_ENDS_AT_A_POINT;
import static dev.sluice.loadtest.sim.Fault.MASTER_FROZEN;
import static dev.sluice.loadtest.sim.Fault.POWER_LOST;
import static dev.sluice.loadtest.sim.Fault.PRIMARY_SPLIT;

import java.util.List;

/**
 * A defect that is put into the simulator's own parts, or into what they hand to the real ones, to
 * see that it is found. Each comes with the faults that it takes to show: with all of them it would
 * be found as well, in more seeds.
 */
enum Mutation {
    NONE("nothing is broken"),
    AGENT_FORGETS_BALLOT(
            "an agent that restarts does not know whom it obeyed",
            PRIMARY_SPLIT,
            AGENT_ENDS,
            CONNECTION_BREAKS),
    WITNESS_FORGETS(
            "an agent that restarts does not know what it promised and accepted",
            PRIMARY_SPLIT,
            MACHINE_ISOLATED,
            AGENT_ENDS,
            MASTER_ENDS),
    NO_DEDUPLICATION(
            "an agent executes a command again that it has executed",
            CONNECTION_BREAKS,
            MASTER_ENDS,
            AGENT_ENDS_AT_A_POINT),
    LEASE_IGNORED("an agent holds the shared address until it is told otherwise", MASTER_FROZEN),
    BALLOT_REUSED(
            "a master's process takes the incarnation of the one before, and remembers as little",
            MASTER_ENDS),
    UNKNOWN_COUNTS_AS_SERVING(
            "the executor takes silent nodes for what they reported last", POWER_LOST),
    COMMIT_ALONE(
            "the writer answers when its own disk has the entry",
            PRIMARY_SPLIT,
            MACHINE_ISOLATED,
            MASTER_ENDS),
    IN_SYNC_WITHOUT_QUORUM(
            "a follower is left out before the witnesses have accepted that",
            PRIMARY_SPLIT,
            MACHINE_ISOLATED,
            MASTER_FROZEN),
    ACKNOWLEDGES_BEFORE_FORCE(
            "a follower acknowledges what it has not forced",
            DISK_SLOW,
            POWER_LOST,
            MASTER_ENDS_AT_A_POINT),
    JOURNAL_FORGETS_FORCE("a master's disk does not force what it is told to", POWER_LOST);

    private final String what;
    private final List<Fault> shownBy;

    Mutation(String what, Fault... shownBy) {
        this.what = what;
        this.shownBy = List.of(shownBy);
    }

    String what() {
        return what;
    }

    /** The faults to use; empty: any. */
    List<Fault> shownBy() {
        return shownBy;
    }
}
