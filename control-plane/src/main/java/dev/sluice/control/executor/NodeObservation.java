package dev.sluice.control.executor;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a master knows of a node now.
 *
 * @param session counts the sessions of this agent with this master; a command sent in an earlier
 *     one may be lost
 * @param connected the agent's session with this master is up
 * @param fenced the ballot that the agent has acknowledged to this master; null: none
 * @param facts the last report; null: none yet
 * @param age how old the report is, by the monotonic clock
 * @param packageSource where other agents pull packages from this node, host:port; empty: nowhere
 * @param transferAddress where others pull contents from it by the transfer protocol; empty:
 *     nowhere
 */
public record NodeObservation(
        NodeId node,
        long session,
        boolean connected,
        @Nullable Ballot fenced,
        @Nullable NodeFacts facts,
        Duration age,
        String agentVersion,
        String packageSource,
        String transferAddress) {

    /** One that does not speak the transfer protocol. */
    public NodeObservation(
            NodeId node,
            long session,
            boolean connected,
            @Nullable Ballot fenced,
            @Nullable NodeFacts facts,
            Duration age,
            String agentVersion,
            String packageSource) {
        this(node, session, connected, fenced, facts, age, agentVersion, packageSource, "");
    }
}
