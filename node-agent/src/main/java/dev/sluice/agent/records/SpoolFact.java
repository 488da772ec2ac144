package dev.sluice.agent.records;

import dev.sluice.agent.traffic.SessionLog;
import java.util.List;

/** One durable fact of the spool; the facts in their order add up to a {@link SpoolState}. */
sealed interface SpoolFact {

    /** The spool has a name, and is empty. */
    record Named(String store) implements SpoolFact {}

    /**
     * Entries of a site's run were read; the next question begins behind them.
     *
     * @param missed begins and ends before them that the site had forgotten
     */
    record Read(String run, long next, long missed, List<SessionLog.Entry> entries)
            implements SpoolFact {
        public Read {
            entries = List.copyOf(entries);
        }
    }

    /** The site's process has ended; its open sessions are lost with it. */
    record SiteEnded(long millis) implements SpoolFact {}

    /** Masters have everything up to a sequence. */
    record Released(long sequence) implements SpoolFact {}

    /** All of a state, which replaces the facts before. */
    record Everything(SpoolState state) implements SpoolFact {}
}
