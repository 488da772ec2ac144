package dev.sluice.transfer.pull;

import java.util.List;

/**
 * Where a content may be pulled from, best first.
 *
 * @param first for all of it, or for its first half when there are any for the second
 * @param second for its second half; empty: it is pulled as a whole
 */
public record Sources(List<Source> first, List<Source> second) {

    public Sources {
        first = List.copyOf(first);
        second = List.copyOf(second);
    }

    /** For a content that is pulled as a whole. */
    public static Sources ofWhole(List<Source> sources) {
        return new Sources(sources, List.of());
    }

    /** Whether the content is pulled in two halves. */
    public boolean inHalves() {
        return !second.isEmpty();
    }

    /** Those of a span, by its place in the content. */
    List<Source> of(int span) {
        return span == 0 || !inHalves() ? first : second;
    }
}
