package dev.sluice.sim.appliance;

/** How the latest boot ended. */
public enum BootOutcome {
    /** The slot that was to boot runs. */
    BOOTED,
    /** It did not boot, and the watchdog started the slot that ran before. */
    FELL_BACK,
    /** Nothing boots: the appliance has power but no operating software runs. */
    FAILED
}
