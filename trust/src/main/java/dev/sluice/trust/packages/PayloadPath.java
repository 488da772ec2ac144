package dev.sluice.trust.packages;

import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A file or directory inside a payload: relative, with {@code /} between its parts.
 *
 * <p>Printable ASCII without backslash only: what a name means then depends neither on the locale
 * of the machine that installs it nor on its file system.
 *
 * @param value such as {@code bin/site}; at most {@value #MAX_CHARS} characters, parts of at most
 *     255, none of them {@code .} or {@code ..}
 */
public record PayloadPath(String value) {
    /** The longest path. */
    public static final int MAX_CHARS = 1024;

    private static final Pattern PART = Pattern.compile("[\\x20-\\x7e&&[^/\\\\]]{1,255}");

    public PayloadPath {
        boolean valid = value.length() <= MAX_CHARS;
        for (String part : value.split("/", -1)) {
            valid &= PART.matcher(part).matches() && !part.equals(".") && !part.equals("..");
        }
        if (!valid) {
            throw new IllegalArgumentException(
                    "path "
                            + Printable.quoted(value)
                            + " is not a relative path of printable ASCII parts without '.', '..' or"
                            + " backslash");
        }
    }

    /** This path below a directory of the local file system. */
    public Path below(Path directory) {
        return directory.resolve(value);
    }

    /** Whether this path lies below {@code directory}. */
    boolean isBelow(PayloadPath directory) {
        return value.startsWith(directory.value + "/");
    }

    @Override
    public String toString() {
        return value;
    }
}
