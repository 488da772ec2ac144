package dev.sluice.trust.packages;

/** Foreign text as it may stand in an error message: printable ASCII, and not long. */
final class Printable {
    private static final int MAX_CHARS = 100;

    private Printable() {}

    static String quoted(String text) {
        String head = text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "...";
        return "'" + head.replaceAll("[^\\x20-\\x7e]", "?") + "'";
    }
}
