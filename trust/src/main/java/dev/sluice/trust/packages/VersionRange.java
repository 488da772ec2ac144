package dev.sluice.trust.packages;

import java.util.Arrays;
import java.util.regex.Pattern;
import org.semver4j.Semver;

/**
 * A set of versions: comparators joined by spaces (all must hold), and such groups joined by {@code
 * ||} (one must hold), as in {@code >=6.1.0 <8.0.0 || 9.0.1}. A comparator is one of {@code >= > <
 * <= = ^ ~} or nothing, and a full version; {@code *} is any version.
 *
 * @param value at most {@value #MAX_CHARS} characters
 */
public record VersionRange(String value) {
    /** The longest range. */
    public static final int MAX_CHARS = 256;

    private static final Pattern OPERATOR = Pattern.compile("^(>=|<=|>|<|=|\\^|~)?");

    public VersionRange {
        if (value.length() > MAX_CHARS || !isRange(value)) {
            throw new IllegalArgumentException(
                    "range "
                            + Printable.quoted(value)
                            + " is not comparators such as '>=6.1.0 <8.0.0', alternatives joined by"
                            + " '||', or '*'");
        }
    }

    /**
     * Checked here because the library drops what it does not understand, and so widens the range.
     */
    private static boolean isRange(String value) {
        if (value.equals("*")) {
            return true;
        }
        return Arrays.stream(value.split("\\|\\|", -1))
                .allMatch(group ->
                        !group.isBlank()
                                && Arrays.stream(group.strip().split(" +"))
                                        .allMatch(VersionRange::isComparator));
    }

    private static boolean isComparator(String comparator) {
        String version = OPERATOR.matcher(comparator).replaceFirst("");
        Semver parsed = Semver.parse(version);
        return parsed != null && parsed.getVersion().equals(version) && parsed.getBuild().isEmpty();
    }

    public boolean contains(PackageVersion version) {
        return version.semver().satisfies(value);
    }

    @Override
    public String toString() {
        return value;
    }
}
