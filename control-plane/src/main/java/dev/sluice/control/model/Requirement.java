package dev.sluice.control.model;

/** What must be installed before: a package in one of the versions of a range. */
public record Requirement(PackageName name, VersionRange range) {

    @Override
    public String toString() {
        return name + " " + range;
    }
}
