package dev.sluice.trust.packages;

import java.util.regex.Pattern;

/**
 * The name of a package, the same in all its versions.
 *
 * @param value 1 to 63 of {@code a-z 0-9 -}, beginning with a letter
 */
public record PackageName(String value) implements Comparable<PackageName> {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

    public PackageName {
        if (!NAME.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "package name "
                            + Printable.quoted(value)
                            + " is not 1 to 63 of a-z, 0-9 and '-', beginning with a letter");
        }
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
