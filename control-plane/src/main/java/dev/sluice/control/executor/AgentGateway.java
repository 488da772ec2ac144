package dev.sluice.control.executor;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The way to the agents. Sending is best effort; what counts is what is observed afterwards. Safe
 * for use by many threads.
 */
public interface AgentGateway {

    /** What is known of every node that ever had a session with this master. */
    SortedMap<NodeId, NodeObservation> observe();

    /** The outcome of a command, as long as it is remembered: at least the last 10,000. */
    Optional<CommandOutcome> outcome(String commandId);

    /**
     * Sends a command when the node's session is up and fenced under the command's ballot; else
     * drops it.
     */
    void send(NodeId node, AgentCommand command);

    /** Tells a node what is needed, on the same terms as a command. */
    void keep(NodeId node, Ballot ballot, KeepOrder order);

    /** Extends what the node holds under a lease. */
    void renewLease(NodeId node, Ballot ballot, Duration lease);

    /** From now on fences every agent, connected or yet to come, with this ballot. */
    void lead(Ballot ballot);

    /** From now on commands nobody. */
    void follow();
}
