package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.ClusterState;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who may become primary and who decides it: the masters in sync, the witnesses of now, and the
 * agents that could be.
 *
 * @param inSync the masters that have every committed entry
 * @param onDuty the witnesses, with one that is leaving or coming
 * @param stores the agents that are there, with the memory each speaks from
 */
public record Electorate(
        SortedSet<Replica> inSync, SortedSet<Witness> onDuty, SortedMap<NodeId, StoreId> stores) {

    /** Nobody votes: a master that was made primary by its journal alone. */
    public static final Electorate NONE =
            new Electorate(new TreeSet<>(), new TreeSet<>(), new TreeMap<>());

    public Electorate {
        inSync = Collections.unmodifiableSortedSet(new TreeSet<>(inSync));
        onDuty = Collections.unmodifiableSortedSet(new TreeSet<>(onDuty));
        stores = Collections.unmodifiableSortedMap(new TreeMap<>(stores));
    }

    /** Whether the office can be handed to a master: the witnesses take no other. */
    public boolean mayTakeOffice(NodeId master) {
        return inSync.isEmpty() || inSync.stream().anyMatch(r -> r.master().equals(master));
    }

    /**
     * Why a node may not be disrupted now: it is a witness, and either another can take its place,
     * or without it too few are left to elect a primary. Empty: it may.
     */
    public Optional<String> refusesToDisrupt(ClusterState state, NodeId node) {
        Topology topology = state.topology();
        if (topology == null || onDuty.stream().noneMatch(w -> w.node().equals(node))) {
            return Optional.empty();
        }
        SortedSet<Witness> wanted =
                WitnessChoice.choose(topology, stores, onDuty, WitnessDuty.unfit(state));
        if (wanted.stream().noneMatch(w -> w.node().equals(node))) {
            return Optional.of("it is a witness until another node has taken its place");
        }
        if (topology.masters().size() == 1) {
            return Optional.empty();
        }
        long others =
                onDuty.stream()
                        .filter(w -> !w.node().equals(node))
                        .filter(w -> w.store().equals(stores.get(w.node())))
                        .count();
        return others > onDuty.size() / 2 || onDuty.size() == 1
                ? Optional.empty()
                : Optional.of(
                        "it is a witness that no other node can replace, and without it %d of %d are left"
                                .formatted(others, onDuty.size()));
    }
}
