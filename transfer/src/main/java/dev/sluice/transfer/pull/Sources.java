package dev.sluice.transfer.pull;

import java.util.List;

/**
 * Where the halves of a content may be pulled from, best first. A content of one span has the first
 * only.
 */
public record Sources(List<Source> first, List<Source> second) {

    public Sources {
        first = List.copyOf(first);
        second = List.copyOf(second);
    }

    /** The same for both halves. */
    public static Sources ofAll(List<Source> sources) {
        return new Sources(sources, sources);
    }

    /** Those of a span, by its place in the content. */
    List<Source> of(int span) {
        return span == 0 ? first : second;
    }
}
