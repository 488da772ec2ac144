package dev.sluice.control.model;

import java.util.regex.Pattern;

/**
 * The one rule for names: what may stand in a path, a certificate and a terminal without quoting.
 */
final class Identifiers {

    private static final Pattern ALLOWED =
            Pattern.compile("[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?");

    private Identifiers() {}

    static void check(String type, String value) {
        if (!ALLOWED.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "%s \"%s\": expected 1 to 63 letters, digits, '.', '_' or '-', beginning and ending with a letter or digit"
                            .formatted(
                                    type,
                                    value.length() > 80 ? value.substring(0, 80) + "..." : value));
        }
    }
}
