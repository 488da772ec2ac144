package dev.sluice.control.model;

/** What a master is in its cluster. */
public enum MasterRole {
    PRIMARY,
    BACKUP
}
