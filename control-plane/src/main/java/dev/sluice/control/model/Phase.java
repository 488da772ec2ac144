package dev.sluice.control.model;

/** The parts of an upgrade that an operator knows from the manual, in order. */
public enum Phase {
    PREPARE,
    FIRST_HALF,
    BACKUP_MASTER,
    PROMOTION,
    SECOND_HALF,
    OLD_PRIMARY,
    RESTORE
}
