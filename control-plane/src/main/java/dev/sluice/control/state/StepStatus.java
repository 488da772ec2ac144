package dev.sluice.control.state;

/** How far a step is. */
public enum StepStatus {
    PENDING,
    RUNNING,
    SUCCEEDED,
    SKIPPED;

    /** What waits for the step may go on. */
    public boolean isOver() {
        return this == SUCCEEDED || this == SKIPPED;
    }
}
