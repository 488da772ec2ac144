package dev.sluice.control.model;

/**
 * The one rule for names: what may stand in a path, a certificate and a terminal without quoting.
 */
final class Identifiers {

    private static final int MAX_LENGTH = 63;

    private Identifiers() {}

    static void check(String type, String value) {
        if (!isAllowed(value)) {
            throw new IllegalArgumentException(
                    "%s \"%s\": expected 1 to 63 letters, digits, '.', '_' or '-', beginning and ending with a letter or digit"
                            .formatted(
                                    type,
                                    value.length() > 80 ? value.substring(0, 80) + "..." : value));
        }
    }

    /** Without a regular expression: a large plan makes hundreds of thousands of identifiers. */
    private static boolean isAllowed(String value) {
        int length = value.length();
        if (length == 0 || length > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            boolean inside = i > 0 && i < length - 1;
            if (!isLetterOrDigit(c) && !(inside && (c == '.' || c == '_' || c == '-'))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetterOrDigit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
