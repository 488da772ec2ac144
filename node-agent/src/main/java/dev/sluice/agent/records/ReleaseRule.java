package dev.sluice.agent.records;

import java.util.Collection;
import java.util.OptionalLong;

/**
 * Which records may leave the spool: those that every master with a session has, so that each has
 * them from the agent itself; and those that one has, when the spool is half full.
 */
final class ReleaseRule {

    private ReleaseRule() {}

    /**
     * The sequence up to which the spool may be emptied; below its oldest: nothing may go.
     *
     * @param acknowledged of each master that has a session, 0 when it acknowledged nothing in it
     */
    static long releasable(SpoolState spool, Collection<Long> acknowledged) {
        OptionalLong all = acknowledged.stream().mapToLong(Long::longValue).min();
        if (all.isEmpty()) {
            return 0;
        }
        boolean halfFull = spool.records().size() > SpoolState.MAX_RECORDS / 2;
        return halfFull
                ? acknowledged.stream().mapToLong(Long::longValue).max().orElse(0)
                : all.getAsLong();
    }
}
