package dev.sluice.loadtest.requirements;

import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/** The text of {@code docs/requirements.md}. Pure. */
final class RequirementsDocument {
    private RequirementsDocument() {}

    /**
     * The document.
     *
     * @param rows id and title, in the order in which they are listed
     * @param tests the tests that show a row
     * @throws IllegalArgumentException when a test shows a row that does not exist
     */
    static String text(Map<String, String> rows, SortedMap<String, SortedSet<String>> tests) {
        SortedSet<String> unknown = new TreeSet<>(tests.keySet());
        unknown.removeAll(rows.keySet());
        if (!unknown.isEmpty()) {
            String first = unknown.getFirst();
            throw new IllegalArgumentException(
                    "tag "
                            + first
                            + " of "
                            + tests.get(first)
                            + ": expected a row of docs/requirements-rows.yaml, found none");
        }
        StringBuilder text = new StringBuilder();
        text.append("# Required behaviour, and the tests that show it\n\n");
        text.append("Generated from the tags of the tests by `./sluice dev requirements`. ");
        text.append(
                "A row is shown when at least one test carries its id; whether the tests show all of"
                        + " it is for the reader to judge.\n\n");
        text.append("Shown: ")
                .append(tests.size())
                .append(" of ")
                .append(rows.size())
                .append(" rows.\n\n");
        text.append("| Row | Behaviour | State | Tests |\n|---|---|---|---|\n");
        rows.forEach((id, title) -> {
            SortedSet<String> shown = tests.getOrDefault(id, new TreeSet<>());
            text.append("| ")
                    .append(id)
                    .append(" | ")
                    .append(title)
                    .append(shown.isEmpty() ? " | not shown | " : " | shown | ")
                    .append(String.join("<br>", shown))
                    .append(" |\n");
        });
        return text.toString();
    }
}
