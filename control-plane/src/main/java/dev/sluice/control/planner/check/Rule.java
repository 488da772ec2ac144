package dev.sluice.control.planner.check;

/** A rule that every blueprint has to keep. */
public enum Rule {
    /** Strategy, target, policy and backup are what was asked for. */
    ANSWERS_THE_INPUT,
    /** Step ids are unique and every step stands behind those it waits for. */
    GRAPH_IN_ORDER,
    /** Work names nodes of the topology, and a step stands in its node's region. */
    KNOWN_NODES,
    /** Passes begin at 1, follow each other, and do not overlap. */
    PASSES_IN_ORDER,
    /** Each pass begins with a backup on its primary. */
    BACKUP_FIRST,
    /** A package is distributed to a node, and the cluster staged, before anything is installed. */
    DISTRIBUTED_BEFORE_INSTALL,
    /** Packages on a node are installed one after the other, each with what it requires. */
    PACKAGES_IN_ORDER,
    /** In the end every node runs the target. */
    REACHES_THE_TARGET,
    /** A traffic node's admission is closed before it is drained. */
    CLOSED_BEFORE_DRAIN,
    /** A traffic node is drained before anything is installed on it. */
    DRAINED_BEFORE_INSTALL,
    /** A node is verified behind its last install of a pass, before it opens. */
    VERIFIED_BEFORE_OPEN,
    /** Whatever was closed opens again in the same pass. */
    REOPENED,
    /** What the operator took out of service is neither closed nor opened. */
    OPERATOR_CLOSED_STAYS,
    /** A region never has fewer accepting nodes than the policy allows. */
    ACCEPTING_SHARE,
    /** One promotion per pass where there is a failover to use, none elsewhere. */
    ONE_PROMOTION,
    /** Nothing is installed on a primary before another master took its place. */
    PRIMARY_LAST,
    /** An upgraded node opens only behind the promotion of an upgraded, verified master. */
    OPEN_BEHIND_PROMOTION,
    /** Configuration is frozen before anything changes and released behind the last install. */
    FREEZE_PAIRED,
    /** A soak stands between two SITE packages. */
    SOAK_BETWEEN_SITES,
    /** A broken failover is restored in the same pass. */
    FAILOVER_RESTORED
}
