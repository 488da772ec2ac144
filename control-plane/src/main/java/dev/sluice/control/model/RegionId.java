package dev.sluice.control.model;

/** The name of a region: the unit inside which capacity is kept and links are shared. */
public record RegionId(String value) implements Comparable<RegionId> {

    public RegionId {
        Identifiers.check("RegionId", value);
    }

    @Override
    public int compareTo(RegionId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
