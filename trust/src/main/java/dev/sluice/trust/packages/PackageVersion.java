package dev.sluice.trust.packages;

import org.semver4j.Semver;

/**
 * A version by semver.org 2.0.0, ordered by its rules. Build metadata ({@code +...}) is refused:
 * two packages that differ in nothing else would be equal in order, and neither an upgrade of the
 * other.
 *
 * @param value at most {@value #MAX_CHARS} characters, such as {@code 25.1.0} or {@code
 *     25.1.0-rc.2}
 */
public record PackageVersion(String value) implements Comparable<PackageVersion> {
    /** The longest version. */
    public static final int MAX_CHARS = 64;

    public PackageVersion {
        Semver parsed = value.length() <= MAX_CHARS ? Semver.parse(value) : null;
        if (parsed == null || !parsed.getVersion().equals(value) || !parsed.getBuild().isEmpty()) {
            throw new IllegalArgumentException(
                    "version "
                            + Printable.quoted(value)
                            + " is not MAJOR.MINOR.PATCH or MAJOR.MINOR.PATCH-PRERELEASE of at most "
                            + MAX_CHARS
                            + " characters (semver.org 2.0.0)");
        }
    }

    Semver semver() {
        return new Semver(value);
    }

    @Override
    public int compareTo(PackageVersion other) {
        return semver().compareTo(other.semver());
    }

    @Override
    public String toString() {
        return value;
    }
}
