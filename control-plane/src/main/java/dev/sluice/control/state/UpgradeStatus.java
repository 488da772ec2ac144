package dev.sluice.control.state;

/** Where an upgrade stands as a whole. */
public enum UpgradeStatus {
    PLANNED,
    RUNNING,
    PAUSED,
    HALTED,
    ABORTING,
    ABORTED,
    COMPLETED;

    public boolean isOver() {
        return this == ABORTED || this == COMPLETED;
    }
}
