package dev.sluice.sim.appliance;

/** What became of something that was asked of the appliance. */
public sealed interface Outcome {

    record Accepted() implements Outcome {}

    /** Nothing changed; the reason is for the operator. */
    record Rejected(String reason) implements Outcome {}
}
