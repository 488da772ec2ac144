package dev.sluice.control.model;

import java.util.regex.Pattern;
import org.semver4j.Semver;

/**
 * A semantic version, ordered by precedence. One or two numbers are completed with zeros: {@code
 * 25.2} is {@code 25.2.0}. Build metadata is refused, because two different texts would then be of
 * equal rank.
 */
public final class Version implements Comparable<Version> {

    private static final int MAX_LENGTH = 64;
    private static final Pattern SHORT = Pattern.compile("\\d+(\\.\\d+)?");

    private final Semver semver;

    private Version(Semver semver) {
        this.semver = semver;
    }

    /**
     * Parses a version.
     *
     * @throws IllegalArgumentException naming the text, when it is no semantic version
     */
    public static Version parse(String text) {
        if (text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "version of %d characters: expected at most %d"
                            .formatted(text.length(), MAX_LENGTH));
        }
        String full = text;
        var numbers = SHORT.matcher(text);
        if (numbers.matches()) {
            full = numbers.group(1) == null ? text + ".0.0" : text + ".0";
        }
        Semver semver = Semver.parse(full);
        if (semver == null || !semver.getBuild().isEmpty() || !semver.getVersion().equals(full)) {
            throw new IllegalArgumentException(
                    "version \"%s\": expected a semantic version such as 25.1.0 or 25.1.0-rc.1"
                            .formatted(text));
        }
        return new Version(semver);
    }

    Semver semver() {
        return semver;
    }

    public boolean isAtLeast(Version other) {
        return compareTo(other) >= 0;
    }

    public boolean isOlderThan(Version other) {
        return compareTo(other) < 0;
    }

    @Override
    public int compareTo(Version other) {
        return semver.compareTo(other.semver);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Version that
                && semver.getVersion().equals(that.semver.getVersion());
    }

    @Override
    public int hashCode() {
        return semver.getVersion().hashCode();
    }

    @Override
    public String toString() {
        return semver.getVersion();
    }
}
