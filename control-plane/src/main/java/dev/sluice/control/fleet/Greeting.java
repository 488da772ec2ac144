package dev.sluice.control.fleet;

import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * An agent's Hello, once it was understood and its peer was found to be that node.
 *
 * @param highest the highest ballot it has persisted; null: none
 * @param store names its ledger; null: an agent of a release that had no names for them
 * @param report null: it made none yet
 */
record Greeting(
        NodeId node,
        String agentVersion,
        long incarnation,
        @Nullable Ballot highest,
        String packageSource,
        String transferAddress,
        @Nullable StoreId store,
        @Nullable Report report) {}
