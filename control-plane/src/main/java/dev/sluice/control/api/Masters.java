package dev.sluice.control.api;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ForcedPromotion;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** This master's part in the election, as operators see it and act on it. Never blocks. */
public interface Masters {

    Standing standing();

    /** Asks the witnesses to make this master primary, though no primary's silence was noticed. */
    void promote();

    /**
     * Makes this master primary without those that can't be reached.
     *
     * @param witnesses who decides from now on
     * @param certificate goes into the journal together with the office
     * @return empty: it has begun; else why not
     */
    CompletableFuture<String> force(
            int generation, SortedSet<Witness> witnesses, ForcedPromotion certificate);

    /**
     * Has this master's journal compared with the primary's anew, and repaired, now.
     *
     * @return why not; empty: it has begun
     */
    Optional<String> resync();

    /** What a master is in the election. */
    enum Kind {
        FOLLOWER,
        CANDIDATE,
        PRIMARY,
        SUPERSEDED
    }

    /**
     * Where this master stands.
     *
     * @param words why it is what it is, for people
     * @param register the highest one known, of a primary the one that a quorum accepted; null:
     *     none
     * @param highest the highest ballot known of; null: none
     * @param present the agents with a session here, each with the ledger it speaks from
     * @param store names this master's own journal
     * @param followed the primary whose journal this master follows now; null: none
     * @param contact the last word of a primary; null: none was heard in this process
     * @param resyncs the repairs of journals that go on, this master's own included
     */
    record Standing(
            Kind kind,
            String words,
            @Nullable Register register,
            @Nullable Ballot highest,
            SortedMap<NodeId, StoreId> present,
            StoreId store,
            @Nullable NodeId followed,
            @Nullable Contact contact,
            SortedMap<NodeId, Resync> resyncs) {

        public Standing {
            present = Collections.unmodifiableSortedMap(new TreeMap<>(present));
            resyncs = Collections.unmodifiableSortedMap(new TreeMap<>(resyncs));
        }

        /** Whether an agent is there and speaks from the ledger that the register counts on. */
        boolean isPresent(Witness witness) {
            return witness.store().equals(present.get(witness.node()));
        }
    }

    /**
     * What a follower heard last of a primary.
     *
     * @param index the last entry that the primary had committed by then
     * @param lastSync when this master last had all that the primary had committed; null: never
     */
    record Contact(NodeId primary, Instant at, long index, @Nullable Instant lastSync) {}

    /**
     * How far the repair of a journal is.
     *
     * @param phase one word for people
     * @param bytesTotal 0: not known yet
     */
    record Resync(String phase, long bytesDone, long bytesTotal) {}
}
