package dev.sluice.transfer.pull;

import java.util.Comparator;

/** What makes a source the same one: who it is, and where. */
public record SourceId(String node, String address) implements Comparable<SourceId> {

    private static final Comparator<SourceId> ORDER =
            Comparator.comparing(SourceId::node).thenComparing(SourceId::address);

    @Override
    public int compareTo(SourceId other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return node + " at " + address;
    }
}
