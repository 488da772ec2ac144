package dev.sluice.control.model;

/** The name of a failure zone inside a region: what fails together. */
public record ZoneId(String value) implements Comparable<ZoneId> {

    public ZoneId {
        Identifiers.check("ZoneId", value);
    }

    @Override
    public int compareTo(ZoneId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
