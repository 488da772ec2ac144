package dev.sluice.loadtest.sim;

import java.util.List;

/**
 * A defect that is put into the simulator's own parts, or into what they hand to the real ones, to
 * see that it is found.
 */
enum Mutation {
    NONE("nothing is broken"),
    AGENT_FORGETS_BALLOT("an agent that restarts does not know whom it obeyed"),
    WITNESS_FORGETS("an agent that restarts does not know what it promised and accepted"),
    NO_DEDUPLICATION("an agent executes a command again that it has executed"),
    LEASE_IGNORED("an agent holds the shared address until it is told otherwise"),
    BALLOT_REUSED(
            "a master's process takes the incarnation of the one before, and remembers as little"),
    UNKNOWN_COUNTS_AS_SERVING("the executor takes silent nodes for what they reported last"),
    COMMIT_ALONE("the writer answers when its own disk has the entry"),
    IN_SYNC_WITHOUT_QUORUM("a follower is left out before the witnesses have accepted that"),
    ACKNOWLEDGES_BEFORE_FORCE("a follower acknowledges what it has not forced"),
    JOURNAL_FORGETS_FORCE("a master's disk does not force what it is told to"),
    AGENT_BELIEVES_ANYBODY("an agent takes any certificate of a forced promotion for signed"),
    FORCE_DENIES_LOSS("a forced master lists less than what may be lost"),
    SNAPSHOT_FORGETS("a primary sends a snapshot with less than what was decided");

    private final String what;

    Mutation(String what) {
        this.what = what;
    }

    String what() {
        return what;
    }

    /**
     * The faults that it takes to show: with all of them it would be found as well, in more seeds.
     * Empty: any.
     */
    List<Fault> shownBy() {
        return switch (this) {
            case NONE -> List.of();
            case AGENT_FORGETS_BALLOT ->
                    List.of(Fault.PRIMARY_SPLIT, Fault.AGENT_ENDS, Fault.CONNECTION_BREAKS);
            case WITNESS_FORGETS ->
                    List.of(
                            Fault.PRIMARY_SPLIT,
                            Fault.MACHINE_ISOLATED,
                            Fault.AGENT_ENDS,
                            Fault.MASTER_ENDS);
            case NO_DEDUPLICATION ->
                    List.of(
                            Fault.CONNECTION_BREAKS,
                            Fault.MASTER_ENDS,
                            Fault.AGENT_ENDS_AT_A_POINT);
            case LEASE_IGNORED -> List.of(Fault.MASTER_FROZEN);
            case BALLOT_REUSED -> List.of(Fault.MASTER_ENDS);
            case AGENT_BELIEVES_ANYBODY -> List.of(Fault.WITNESSES_LOST);
            case SNAPSHOT_FORGETS -> List.of(Fault.JOURNAL_LOST, Fault.POWER_LOST);
            case FORCE_DENIES_LOSS ->
                    List.of(Fault.WITNESSES_LOST, Fault.MASTER_FROZEN, Fault.PRIMARY_SPLIT);
            case UNKNOWN_COUNTS_AS_SERVING, JOURNAL_FORGETS_FORCE -> List.of(Fault.POWER_LOST);
            case COMMIT_ALONE ->
                    List.of(Fault.PRIMARY_SPLIT, Fault.MACHINE_ISOLATED, Fault.MASTER_ENDS);
            case IN_SYNC_WITHOUT_QUORUM ->
                    List.of(Fault.PRIMARY_SPLIT, Fault.MACHINE_ISOLATED, Fault.MASTER_FROZEN);
            case ACKNOWLEDGES_BEFORE_FORCE ->
                    List.of(Fault.DISK_SLOW, Fault.POWER_LOST, Fault.MASTER_FROZEN);
        };
    }
}
