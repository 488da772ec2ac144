package dev.sluice.control.executor;

import dev.sluice.control.failover.Electorate;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.state.ClusterState;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one pass of the executor looks at: the durable state, what is observed, and its
 * own notes.
 *
 * @param outcomes how a command ended, by its id
 * @param told where a node was last told to pull from, by command id; no sources: it was not
 * @param notes since when this process has watched each running step, by the monotonic clock
 * @param backups results of backups taken by this process, by command id
 * @param sharedAddress the address that the primary's node holds; null: the cluster has none
 * @param electorate the witnesses, which are not disrupted before another has taken their place
 * @param now for soaks, which outlast a process, and for windows
 */
public record Situation(
        ClusterState state,
        NodeId self,
        Ballot ballot,
        SortedMap<NodeId, NodeObservation> fleet,
        Function<String, Optional<CommandOutcome>> outcomes,
        SortedMap<NodeId, Peers.Peer> peers,
        Function<String, AgentCommand.Pull> told,
        Map<StepId, Note> notes,
        Map<String, BackupResult> backups,
        PackageSources sources,
        @Nullable String sharedAddress,
        Electorate electorate,
        Instant now) {

    /** A report older than this says nothing about now; agents report each second. */
    public static final Duration STALE_AFTER = Duration.ofSeconds(5);

    public Situation {
        fleet = Collections.unmodifiableSortedMap(new TreeMap<>(fleet));
        notes = Map.copyOf(notes);
        backups = Map.copyOf(backups);
    }

    /**
     * What this process remembers of a step's attempt; lost with the process, which only makes
     * deadlines begin anew.
     *
     * @param watched how long this process has seen it run
     * @param indexAtStart the journal's last index when it first saw it
     */
    public record Note(int attempt, Duration watched, long indexAtStart) {}

    /** How a backup ended. */
    public sealed interface BackupResult {

        record Written(String evidence) implements BackupResult {}

        record NotWritten(String reason) implements BackupResult {}
    }

    /** The last report of a node, when it is recent and made under this ballot. */
    public Optional<NodeFacts> facts(NodeId node) {
        NodeObservation observed = fleet.get(node);
        if (observed == null
                || !observed.connected()
                || observed.facts() == null
                || !ballot.equals(observed.fenced())
                || observed.age().compareTo(STALE_AFTER) > 0) {
            return Optional.empty();
        }
        return Optional.of(observed.facts());
    }

    /** Why nothing is known of a node now. */
    public String whyUnknown(NodeId node) {
        NodeObservation observed = fleet.get(node);
        if (observed == null) {
            return "its agent has never connected to this master";
        }
        if (!observed.connected()) {
            return "its agent is not connected";
        }
        if (!ballot.equals(observed.fenced())) {
            return "its agent has not acknowledged ballot %s yet".formatted(ballot);
        }
        return "its last report is %.1f s old".formatted(observed.age().toMillis() / 1000.0);
    }

    /** Traffic nodes that are not known to serve now. */
    public Set<NodeId> notServing() {
        Set<NodeId> out = new TreeSet<>();
        for (TrafficNode node : state.trafficNodes()) {
            boolean serves =
                    facts(node.id())
                            .filter(f -> f.accepting() && f.service().healthy())
                            .isPresent();
            if (!serves) {
                out.add(node.id());
            }
        }
        return out;
    }

    public boolean isMaster(NodeId node) {
        return state.topology() != null && state.topology().master(node).isPresent();
    }
}
