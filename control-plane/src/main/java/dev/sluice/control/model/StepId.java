package dev.sluice.control.model;

/** The name of a step inside its blueprint. */
public record StepId(String value) implements Comparable<StepId> {

    public StepId {
        Identifiers.check("StepId", value);
    }

    @Override
    public int compareTo(StepId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
