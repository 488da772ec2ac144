package dev.sluice.control.model;

/** The model of a node's hardware, which a package may be restricted to. */
public record HardwareModel(String value) implements Comparable<HardwareModel> {

    public HardwareModel {
        Identifiers.check("HardwareModel", value);
    }

    @Override
    public int compareTo(HardwareModel other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
