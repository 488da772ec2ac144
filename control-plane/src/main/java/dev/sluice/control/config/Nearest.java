package dev.sluice.control.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody meant to write. */
final class Nearest {

    /** More changes than this, and a suggestion is a guess. */
    private static final int MAX_CHANGES = 3;

    /** Longer words are not compared: the cost is the product of the lengths. */
    private static final int MAX_LENGTH = 64;

    private Nearest() {}

    static Optional<String> to(String word, Collection<String> known) {
        if (word.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        int allowed = Math.min(MAX_CHANGES, Math.max(1, word.length() / 2));
        return known.stream()
                .filter(k -> changes(word, k) <= allowed)
                .min(
                        Comparator.comparingInt((String k) -> changes(word, k))
                                .thenComparing(Comparator.naturalOrder()));
    }

    /** The Levenshtein distance, without regard to upper and lower case. */
    private static int changes(String left, String right) {
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                boolean same =
                        Character.toLowerCase(left.charAt(i - 1))
                                == Character.toLowerCase(right.charAt(j - 1));
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[right.length()];
    }
}
