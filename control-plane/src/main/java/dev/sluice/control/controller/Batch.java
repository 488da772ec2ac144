package dev.sluice.control.controller;

import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Recorded;
import java.util.List;

/**
 * Events that are in the journal and not yet in the visible state.
 *
 * @param decisions on the commands that they came of; none for a follower's
 * @param payloads the events in the journal's form
 * @param after the state with them
 * @param last the position after them
 */
public record Batch(
        List<Decision> decisions,
        List<Recorded> recorded,
        List<byte[]> payloads,
        ClusterState after,
        JournalPosition last) {

    public Batch {
        decisions = List.copyOf(decisions);
        recorded = List.copyOf(recorded);
        payloads = List.copyOf(payloads);
    }

    long firstIndex() {
        return last.index() - payloads.size() + 1;
    }

    /** Whether nothing was appended, so that there is nothing to wait for. */
    boolean isEmpty() {
        return payloads.isEmpty();
    }
}
