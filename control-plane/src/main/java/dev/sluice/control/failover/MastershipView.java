package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a master knows outside the election when it looks.
 *
 * @param log of the master's own journal
 * @param present the agents with a session here
 * @param inSync the replicas that replication would have in sync, itself included; only a primary's
 *     counts
 * @param witnesses the witnesses that there should be; a founder founds with them, empty: not yet
 * @param automatic whether this master may take over by itself
 */
public record MastershipView(
        Log log,
        SortedMap<NodeId, WitnessLink.Presence> present,
        SortedSet<Replica> inSync,
        SortedSet<Witness> witnesses,
        boolean automatic) {

    public MastershipView {
        present = Collections.unmodifiableSortedMap(new TreeMap<>(present));
        inSync = Collections.unmodifiableSortedSet(new TreeSet<>(inSync));
        witnesses = Collections.unmodifiableSortedSet(new TreeSet<>(witnesses));
    }

    /**
     * What the own journal says, durable entries included that are not known to be committed.
     *
     * @param isEmpty it has no entry
     * @param office the ballot of the last primary in it; null: none
     * @param handedTo whom that primary named as its successor; null: nobody
     */
    public record Log(boolean isEmpty, @Nullable Ballot office, @Nullable NodeId handedTo) {

        public static final Log EMPTY = new Log(true, null, null);

        boolean isHandedTo(NodeId master) {
            return master.equals(handedTo);
        }
    }
}
