package dev.sluice.loadtest.sim;

/** A defect that is put into the simulator's own parts, to see that it is found. */
enum Mutation {
    NONE("nothing is broken"),
    AGENT_FORGETS_BALLOT("an agent that restarts does not know whom it obeyed"),
    WITNESS_FORGETS("an agent that restarts does not know what it promised and accepted"),
    NO_DEDUPLICATION("an agent executes a command again that it has executed"),
    LEASE_IGNORED("an agent holds the shared address until it is told otherwise"),
    BALLOT_REUSED("a master's process takes the incarnation of the one before"),
    UNKNOWN_COUNTS_AS_SERVING("the executor takes silent nodes for what they reported last"),
    COMMIT_ALONE("the writer answers when its own disk has the entry"),
    IN_SYNC_WITHOUT_QUORUM("a follower is left out before the witnesses have accepted that"),
    ACKNOWLEDGES_BEFORE_FORCE("a follower acknowledges what it has not forced"),
    JOURNAL_FORGETS_FORCE("a master's disk does not force what it is told to");

    private final String what;

    Mutation(String what) {
        this.what = what;
    }

    String what() {
        return what;
    }
}
