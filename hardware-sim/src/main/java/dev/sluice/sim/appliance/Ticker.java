package dev.sluice.sim.appliance;

/** The monotonic time that an appliance lives in; virtual in tests and simulations. */
@FunctionalInterface
public interface Ticker {

    /** Nanoseconds from an arbitrary origin; never smaller than an earlier answer. */
    long nanos();
}
