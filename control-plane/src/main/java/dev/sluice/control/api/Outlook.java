package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.executor.Situation;
import dev.sluice.control.executor.Waiting;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Office;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one master knows at one moment, and how it may speak of it.
 *
 * <p>A traffic node counts as accepting only when its agent has acknowledged this master's own
 * ballot: in the configuration of a backup, and of a primary just promoted, every other node does
 * not accept. Otherwise an operator would take an old report for a node that this master commands.
 *
 * @param version of this master's control plane
 * @param ballot the ballot this master commands under; null: it does not
 * @param waits what its executor does or waits for; empty on a backup
 * @param sharedAddress null: the cluster has none
 */
record Outlook(
        ClusterState state,
        NodeId self,
        String version,
        @Nullable Ballot ballot,
        SortedMap<NodeId, NodeObservation> fleet,
        SortedMap<NodeId, Peers.Peer> peers,
        List<Waiting> waits,
        @Nullable String sharedAddress) {

    Outlook {
        fleet = Collections.unmodifiableSortedMap(new TreeMap<>(fleet));
        peers = Collections.unmodifiableSortedMap(new TreeMap<>(peers));
        waits = List.copyOf(waits);
    }

    boolean isInOffice() {
        return ballot != null;
    }

    /** The master that commands, by this master's journal; empty while none does. */
    Optional<NodeId> primary() {
        Office office = state.office();
        if (office == null || office.handedTo() != null) {
            return Optional.empty();
        }
        NodeId primary = office.primary();
        return primary.equals(self) && ballot == null ? Optional.empty() : Optional.of(primary);
    }

    boolean isConnected(NodeId node) {
        NodeObservation observed = fleet.get(node);
        return observed != null && observed.connected();
    }

    boolean isFenced(NodeId node) {
        NodeObservation observed = fleet.get(node);
        return ballot != null && observed != null && ballot.equals(observed.fenced());
    }

    /** A node's own recent report, whomever it obeys. */
    Optional<NodeFacts> reported(NodeId node) {
        NodeObservation observed = fleet.get(node);
        return observed == null
                        || !observed.connected()
                        || observed.age().compareTo(Situation.STALE_AFTER) > 0
                ? Optional.empty()
                : Optional.ofNullable(observed.facts());
    }

    /** A node's recent report under this master's ballot: what may be decided on. */
    Optional<NodeFacts> known(NodeId node) {
        return isFenced(node) ? reported(node) : Optional.empty();
    }

    boolean accepts(NodeId node) {
        return known(node).filter(NodeFacts::accepting).isPresent();
    }

    boolean isHealthy(NodeId node) {
        return reported(node).filter(Outlook::isHealthy).isPresent();
    }

    static boolean isHealthy(NodeFacts facts) {
        return facts.service().running()
                && facts.service().healthy()
                && facts.hardwareFault().isEmpty();
    }

    /** Why nothing is known of a node that could be decided on; empty: it is known. */
    Optional<String> whyUnknown(NodeId node) {
        NodeObservation observed = fleet.get(node);
        if (observed == null || !observed.connected()) {
            return Optional.of("its agent is not connected");
        }
        if (ballot == null) {
            return Optional.of(whyNotInOffice());
        }
        if (!ballot.equals(observed.fenced())) {
            return Optional.of("its agent has not acknowledged ballot %s yet".formatted(ballot));
        }
        if (observed.facts() == null) {
            return Optional.of("its agent has reported nothing yet");
        }
        return observed.age().compareTo(Situation.STALE_AFTER) > 0
                ? Optional.of("its last report is %d s old".formatted(observed.age().toSeconds()))
                : Optional.empty();
    }

    private String whyNotInOffice() {
        Office office = state.office();
        boolean ownTurn = office != null && office.entitled().equals(self);
        return ownTurn ? self + " is not in office yet" : self + " is a backup";
    }

    /** What an operator should know of a node beyond its figures; empty: all is well. */
    String remark(NodeId node) {
        List<String> remarks = new ArrayList<>();
        state.currentUpgrade()
                .map(u -> u.setAside().get(node))
                .ifPresent(reason -> remarks.add("set aside: " + reason));
        Optional<String> unknown = whyUnknown(node);
        if (unknown.isPresent()) {
            boolean only = isConnected(node) && !isFenced(node) && isTraffic(node);
            remarks.add(
                    (only ? "not accepting in this master's configuration: " : "") + unknown.get());
        }
        reported(node).ifPresent(facts -> complaints(facts, remarks));
        return String.join("; ", remarks);
    }

    private static void complaints(NodeFacts facts, List<String> remarks) {
        NodeFacts.Service service = facts.service();
        if (!service.running()) {
            remarks.add("its service does not run");
        } else if (!service.healthy()) {
            remarks.add(
                    service.detail().isEmpty() ? "its service is not healthy" : service.detail());
        }
        if (!facts.hardwareFault().isEmpty()) {
            remarks.add(facts.hardwareFault());
        }
        if (!facts.interlock().isEmpty()) {
            remarks.add("power actions are interlocked: " + facts.interlock());
        }
    }

    boolean isTraffic(NodeId node) {
        return state.trafficNodes().stream().anyMatch(n -> n.id().equals(node));
    }
}
