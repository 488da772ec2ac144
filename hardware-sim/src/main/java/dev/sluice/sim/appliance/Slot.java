package dev.sluice.sim.appliance;

/**
 * One of the two places that hold a base image; the appliance runs one while the other is written.
 */
public enum Slot {
    A,
    B;

    public Slot other() {
        return this == A ? B : A;
    }
}
