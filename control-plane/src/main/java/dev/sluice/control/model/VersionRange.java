package dev.sluice.control.model;

import java.util.regex.Pattern;
import org.semver4j.range.RangeList;
import org.semver4j.range.RangeListFactory;

/**
 * A set of versions in the notation that npm made common: {@code >=6.1.0}, {@code >=6.1.0 <8.0.0},
 * {@code ^7.0.0}, {@code ~24.1.0}, {@code 7.x || 8.x}.
 */
public final class VersionRange {

    private static final int MAX_LENGTH = 256;

    private static final String PART =
            "(?:[<>]=?|=|\\^|~)?\\s*(?:\\*|\\d+(?:\\.(?:\\d+|[xX*])){0,2}(?:-[0-9A-Za-z.-]+)?)";

    /** The library takes out of a text what it can read; what stands beside it would be lost. */
    private static final Pattern NOTATION =
            Pattern.compile(PART + "(?:(?:\\s+-\\s+|\\s*\\|\\|\\s*|\\s+)" + PART + ")*");

    private final String text;
    private final RangeList ranges;

    private VersionRange(String text, RangeList ranges) {
        this.text = text;
        this.ranges = ranges;
    }

    /**
     * Parses a range.
     *
     * @throws IllegalArgumentException naming the text, when it is no range
     */
    public static VersionRange parse(String text) {
        String trimmed = text.trim();
        if (trimmed.length() > MAX_LENGTH || !NOTATION.matcher(trimmed).matches()) {
            throw unreadable(text);
        }
        RangeList ranges;
        try {
            ranges = RangeListFactory.create(trimmed);
        } catch (RuntimeException e) {
            throw unreadable(text);
        }
        if (ranges.get().isEmpty() || ranges.get().stream().anyMatch(java.util.List::isEmpty)) {
            throw unreadable(text);
        }
        return new VersionRange(trimmed, ranges);
    }

    private static IllegalArgumentException unreadable(String text) {
        return new IllegalArgumentException(
                "range \"%s\": expected a range such as >=6.1.0 or >=6.1.0 <8.0.0".formatted(text));
    }

    public boolean contains(Version version) {
        return ranges.isSatisfiedBy(version.semver());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VersionRange that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
