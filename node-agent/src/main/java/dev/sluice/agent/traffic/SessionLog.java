package dev.sluice.agent.traffic;

import java.util.List;

/**
 * Begins and ends of sessions that a site tells, in their order.
 *
 * @param run names this run of the site; another one counts from 1 again
 * @param first the number of the first entry here; above the one that was asked for, the site has
 *     forgotten those between
 * @param more whether there are more already
 */
public record SessionLog(String run, long first, boolean more, List<Entry> entries) {

    /** The run to ask for when none is known. */
    public static final String NO_RUN = "-";

    public SessionLog {
        entries = List.copyOf(entries);
    }

    /** One begin or end. */
    public sealed interface Entry {

        /** The number of the session within the run. */
        long session();

        record Began(long session, String kind, long millis) implements Entry {}

        /**
         * An end, with what its begin said.
         *
         * @param how as the site names it
         */
        record Ended(long session, String kind, long beganMillis, long millis, String how)
                implements Entry {}
    }
}
