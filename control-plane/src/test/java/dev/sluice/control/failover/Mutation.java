package dev.sluice.control.failover;

/** One rule broken on purpose around the master, to show that the exploration would notice. */
enum Mutation {
    NONE,
    /** A restarted witness has its register, but not its promise. */
    WITNESS_FORGETS_ITS_PROMISE,
    /** A restarted witness has its promise, but not its register. */
    WITNESS_FORGETS_ITS_REGISTER,
    /** A lost ledger is replaced by an empty one of the same name. */
    LOST_LEDGER_KEEPS_ITS_NAME,
    /** What one witness grants counts as if all had granted it. */
    ONE_WITNESS_IS_A_QUORUM,
    /** What a witness grants counts as if those that leave had granted it too. */
    LEAVING_WITNESSES_ARE_NOT_ASKED,
    /** A master comes back without its memory, and under the incarnation that it had. */
    INCARNATION_IS_USED_AGAIN,
    /** A master comes back with its journal, but without its memory. */
    MEMORY_IS_LOST,
    /** A lost journal is replaced by an empty one of the same name. */
    LOST_JOURNAL_KEEPS_ITS_NAME,
    /**
     * Commits wait for the in-sync set that a quorum has accepted, not for the one being written.
     */
    COMMIT_COUNTS_ONLY_WHAT_IS_WRITTEN,
    /** Commits stop waiting for a follower when the smaller set begins to be written. */
    IN_SYNC_SHRINKS_BEFORE_A_QUORUM_ACCEPTED,
    /** A follower copies from whoever ships, under whatever ballot. */
    FOLLOWER_OBEYS_ANY_BALLOT,
    /**
     * A follower takes entries, and remembers only somewhat later whose they are: in sync, it may
     * come back without knowing a register, and nobody can be elected.
     */
    FOLLOWER_REMEMBERS_LATE,
    /** A follower that is behind is proposed to be in sync. */
    FOLLOWER_BEHIND_IS_TAKEN_IN,
    /** A witness that declined to keep a register is counted as if it had. */
    REFUSALS_COUNT_AS_ACCEPTANCE
}
