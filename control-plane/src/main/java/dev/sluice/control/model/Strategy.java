package dev.sluice.control.model;

/** How an upgrade passes through the cluster. */
public enum Strategy {
    SINGLE,
    PAIR_SYNC,
    PAIR_ASYNC,
    CLUSTER,
    CLUSTER_SINGLE_MASTER,
    REPLACE_HARDWARE,
    ROLLBACK
}
