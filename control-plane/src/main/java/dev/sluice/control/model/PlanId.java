package dev.sluice.control.model;

/** The name of an accepted plan, unique in the life of a cluster. */
public record PlanId(String value) implements Comparable<PlanId> {

    public PlanId {
        Identifiers.check("PlanId", value);
    }

    @Override
    public int compareTo(PlanId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
