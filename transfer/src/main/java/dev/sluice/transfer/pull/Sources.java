package dev.sluice.transfer.pull;

import java.util.List;

/**
 * Where a content may be pulled from, best first.
 *
 * @param first for all of it, or for its first half
 * @param second for its second half, when it is pulled in two
 */
public record Sources(List<Source> first, List<Source> second, boolean inHalves) {

    public Sources {
        first = List.copyOf(first);
        second = List.copyOf(second);
        if (!inHalves && !second.isEmpty()) {
            throw new IllegalArgumentException(
                    "%d sources for the second half of a content that is pulled whole"
                            .formatted(second.size()));
        }
    }

    /** For a content that is pulled as a whole. */
    public static Sources ofWhole(List<Source> sources) {
        return new Sources(sources, List.of(), false);
    }

    /** For the halves of a content, each. */
    public static Sources ofHalves(List<Source> first, List<Source> second) {
        return new Sources(first, second, true);
    }

    /** Those of a span, by its place in the content. */
    List<Source> of(int span) {
        return span == 0 || !inHalves ? first : second;
    }
}
