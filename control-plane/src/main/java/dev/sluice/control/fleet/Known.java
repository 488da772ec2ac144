package dev.sluice.control.fleet;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
 * @param agent what it said of itself in this session
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
        Agent agent) {

    static final long UNFENCED = -1;
    static final long NO_REPORT = -1;

    /**
     * An agent by its own words.
     *
     * @param store names its ledger; null: it has no name for it, and is no witness
     * @param obeyed the highest ballot that it said it obeys; null: none
     */
    record Agent(
            String version,
            String packageSource,
            String transferAddress,
            @Nullable StoreId store,
            @Nullable Ballot obeyed) {

        Agent obeying(Ballot ballot) {
            return obeyed != null && !ballot.isAbove(obeyed)
                    ? this
                    : new Agent(version, packageSource, transferAddress, store, ballot);
        }
    }

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
                agent);
    }

    /** Null: it was already. */
    @Nullable Known fenced(long term, Ballot ballot) {
        return term == fencedTerm ? null : with(term, agent.obeying(ballot));
    }

    /** Null: that was known. */
    @Nullable Known obeying(Ballot ballot) {
        Agent now = agent.obeying(ballot);
        return now.equals(agent) ? null : with(fencedTerm, now);
    }

    private Known with(long term, Agent said) {
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
                said);
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
                agent);
    }

    NodeObservation observation(Tenure tenure, long nanos) {
        return new NodeObservation(
                node,
                session,
                live != null,
                fencedIn(tenure) ? tenure.ballot() : null,
                facts,
                Duration.ofNanos(Math.max(0, nanos - reportedNanos)),
                agent.version(),
                agent.packageSource(),
                agent.transferAddress());
    }

    /** Empty while the node is not connected, or has no ledger with a name. */
    Optional<WitnessLink.Presence> presence() {
        StoreId store = agent.store();
        return live == null || store == null
                ? Optional.empty()
                : Optional.of(new WitnessLink.Presence(store, agent.obeyed()));
    }

    /** Whether it has not said that it obeys a ballot of this one's generation. */
    boolean missesGeneration(Ballot ballot) {
        Ballot obeyed = agent.obeyed();
        return obeyed == null || obeyed.generation() < ballot.generation();
    }

    boolean fencedIn(Tenure tenure) {
        return live != null && fencedTerm == tenure.term();
    }
}
