package dev.sluice.control.fleet;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a node at one instant; a change makes a new one.
 *
 * @param session number of the latest session
 * @param live that session while it is up
 * @param fencedTerm the tenure whose ballot the agent acknowledged in this session, or {@link
 *     #UNFENCED}
 * @param facts the last report of any session
 * @param sequence of the last report of this session, or {@link #NO_REPORT}
 * @param reportedNanos when {@code facts} arrived
 * @param heardNanos when this session began or last reported
 */
record Known(
        NodeId node,
        long session,
        @Nullable AgentSession live,
        long fencedTerm,
        @Nullable NodeFacts facts,
        List<String> remarks,
        long sequence,
        long reportedNanos,
        long heardNanos,
        String agentVersion,
        String packageSource) {

    static final long UNFENCED = -1;
    static final long NO_REPORT = -1;

    Known disconnected() {
        return new Known(
                node,
                session,
                null,
                UNFENCED,
                facts,
                remarks,
                sequence,
                reportedNanos,
                heardNanos,
                agentVersion,
                packageSource);
    }

    /** Null: it was already. */
    @Nullable Known fenced(long term) {
        if (term == fencedTerm) {
            return null;
        }
        return new Known(
                node,
                session,
                live,
                term,
                facts,
                remarks,
                sequence,
                reportedNanos,
                heardNanos,
                agentVersion,
                packageSource);
    }

    /** Whether a later report of the same session was here first. */
    boolean overtakes(Report report) {
        return sequence != NO_REPORT && Long.compareUnsigned(report.sequence(), sequence) < 0;
    }

    Known reported(Report report, long nanos) {
        return new Known(
                node,
                session,
                live,
                fencedTerm,
                report.facts(),
                report.remarks(),
                report.sequence(),
                nanos,
                nanos,
                agentVersion,
                packageSource);
    }

    NodeObservation observation(Tenure tenure, long nanos) {
        return new NodeObservation(
                node,
                session,
                live != null,
                fencedIn(tenure) ? tenure.ballot() : null,
                facts,
                Duration.ofNanos(Math.max(0, nanos - reportedNanos)),
                agentVersion,
                packageSource);
    }

    boolean fencedIn(Tenure tenure) {
        return live != null && fencedTerm == tenure.term();
    }
}
