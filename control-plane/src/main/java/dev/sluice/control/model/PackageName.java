package dev.sluice.control.model;

/** The name of a package, such as {@code base} or {@code site}, without its version. */
public record PackageName(String value) implements Comparable<PackageName> {

    public PackageName {
        Identifiers.check("PackageName", value);
    }

    @Override
    public int compareTo(PackageName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
