package dev.sluice.control.model;

import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a step does. {@link #node()} is the node it is done to, or the master that does it. */
public sealed interface Work {

    NodeId node();

    record Backup(NodeId node) implements Work {}

    /** Waits until the backup master {@code to} has everything that {@code node} has committed. */
    record Sync(NodeId node, NodeId to) implements Work {}

    record BreakFailover(NodeId node) implements Work {}

    record Distribute(NodeId node, PackageRef pkg) implements Work {}

    record AwaitWindow(NodeId node) implements Work {}

    record CloseAdmission(NodeId node) implements Work {}

    record Drain(NodeId node) implements Work {}

    record Install(NodeId node, PackageRef pkg) implements Work {}

    /** Checks that {@code node} really runs {@code expected}, is healthy and serves. */
    record Verify(NodeId node, SortedMap<PackageName, Version> expected) implements Work {
        public Verify {
            expected = Collections.unmodifiableSortedMap(new TreeMap<>(expected));
        }
    }

    /** Checks the whole cluster at a gate, on the primary {@code node}. */
    record VerifyCluster(NodeId node, Gate gate) implements Work {}

    record Soak(NodeId node, PackageRef after, Duration duration) implements Work {}

    record AwaitClients(NodeId node, PackageRef after) implements Work {}

    /** Makes {@code node}, a backup, the primary in the place of {@code from}. */
    record Promote(NodeId node, NodeId from) implements Work {}

    record SwitchAddress(NodeId node, NodeId from) implements Work {}

    record OpenAdmission(NodeId node) implements Work {}

    /**
     * Pushes the data of the primary {@code node} to all other nodes and waits until they have it.
     */
    record Resync(NodeId node) implements Work {}

    record RestoreFailover(NodeId node, NodeId backup) implements Work {}

    record Freeze(NodeId node) implements Work {}

    record Unfreeze(NodeId node) implements Work {}

    /** Waits for an operator's confirmation that {@code node} is right. */
    record Confirm(NodeId node) implements Work {}

    record Finalise(NodeId node) implements Work {}

    /** What has to be true of the whole cluster before the plan goes on. */
    enum Gate {
        /** Every node has every package it will install. */
        PACKAGES_STAGED,
        /** Primary and second half run the old versions, backup and first half the new ones. */
        HALF_UPGRADED,
        /**
         * Every node runs the versions of this pass and accepts, unless its operator took it out.
         */
        ALL_UPGRADED
    }
}
