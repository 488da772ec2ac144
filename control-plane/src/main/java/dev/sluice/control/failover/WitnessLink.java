package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * The way to the agents as witnesses. Asking is best effort: what counts is the reply. Safe for use
 * by many threads.
 */
public interface WitnessLink {

    /** The agents whose session with this master is up. */
    SortedMap<NodeId, Presence> present();

    /** Asks an agent if its session is up; else drops the request. */
    void ask(NodeId node, long requestId, WitnessRequest request);

    /**
     * An agent that is there.
     *
     * @param store the memory it speaks from
     * @param obeyed the highest ballot that it said it obeys; null: none
     */
    record Presence(StoreId store, @Nullable Ballot obeyed) {}

    /** Hears the replies, on the link's threads: must not block. */
    @FunctionalInterface
    interface Listener {
        void replied(NodeId node, long requestId, WitnessReply reply);
    }
}
