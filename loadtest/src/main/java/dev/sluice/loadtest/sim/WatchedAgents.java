package dev.sluice.loadtest.sim;

import dev.sluice.control.executor.AgentCommand;
import dev.sluice.control.executor.AgentGateway;
import dev.sluice.control.executor.CommandOutcome;
import dev.sluice.control.executor.KeepOrder;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The way to the agents, which remembers when it was last looked at. */
final class WatchedAgents implements AgentGateway {

    private final AgentGateway agents;
    private final Schedule schedule;
    private final boolean trustsSilence;
    private @Nullable Ballot leading;
    private long lookedAt;

    /**
     * @param trustsSilence a mutation: a node that is not known counts as being what it was
     */
    WatchedAgents(AgentGateway agents, Schedule schedule, boolean trustsSilence) {
        this.agents = agents;
        this.schedule = schedule;
        this.trustsSilence = trustsSilence;
    }

    long lookedAt() {
        return lookedAt;
    }

    @Override
    public SortedMap<NodeId, NodeObservation> observe() {
        lookedAt = schedule.now();
        SortedMap<NodeId, NodeObservation> seen = agents.observe();
        if (!trustsSilence) {
            return seen;
        }
        SortedMap<NodeId, NodeObservation> trusted = new TreeMap<>();
        seen.forEach((node, one) ->
                trusted.put(
                        node,
                        new NodeObservation(
                                node,
                                one.session(),
                                true,
                                leading,
                                one.facts(),
                                Duration.ZERO,
                                one.agentVersion(),
                                one.packageSource())));
        return trusted;
    }

    @Override
    public Optional<CommandOutcome> outcome(String commandId) {
        return agents.outcome(commandId);
    }

    @Override
    public void send(NodeId node, AgentCommand command) {
        agents.send(node, command);
    }

    @Override
    public void keep(NodeId node, Ballot ballot, KeepOrder order) {
        agents.keep(node, ballot, order);
    }

    @Override
    public void renewLease(NodeId node, Ballot ballot, Duration lease) {
        agents.renewLease(node, ballot, lease);
    }

    @Override
    public void lead(Ballot ballot) {
        leading = ballot;
        agents.lead(ballot);
    }

    @Override
    public void follow() {
        leading = null;
        agents.follow();
    }
}
