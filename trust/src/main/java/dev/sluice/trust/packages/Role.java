package dev.sluice.trust.packages;

import java.util.Locale;

/** What a node does in the cluster, and so which part of a package it installs. */
public enum Role {
    MASTER,
    TRAFFIC;

    /** As the manifest writes it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
