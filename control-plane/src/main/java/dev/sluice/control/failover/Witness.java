package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import java.util.Comparator;

/** A node together with the ledger in which it keeps its promises. */
public record Witness(NodeId node, StoreId store) implements Comparable<Witness> {

    private static final Comparator<Witness> ORDER =
            Comparator.comparing(Witness::node).thenComparing(Witness::store);

    @Override
    public int compareTo(Witness other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return node + "/" + store;
    }
}
