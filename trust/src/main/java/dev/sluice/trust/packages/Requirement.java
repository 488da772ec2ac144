package dev.sluice.trust.packages;

/** Another package that must be installed, in one of these versions, before this one. */
public record Requirement(PackageName name, VersionRange range) {
    @Override
    public String toString() {
        return name + " " + range;
    }
}
