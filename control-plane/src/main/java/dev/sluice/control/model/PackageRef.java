package dev.sluice.control.model;

/** A package of one version, written {@code site 25.1.0}. */
public record PackageRef(PackageName name, Version version) implements Comparable<PackageRef> {

    @Override
    public int compareTo(PackageRef other) {
        int byName = name.compareTo(other.name);
        return byName != 0 ? byName : version.compareTo(other.version);
    }

    @Override
    public String toString() {
        return name + " " + version;
    }
}
