package dev.sluice.control.records;

import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import java.util.Comparator;

/** Where records were numbered: a node, and the spool that its agent had then. */
public record SpoolId(NodeId node, StoreId store) implements Comparable<SpoolId> {

    private static final Comparator<SpoolId> ORDER =
            Comparator.comparing(SpoolId::node).thenComparing(SpoolId::store);

    @Override
    public int compareTo(SpoolId other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return node + "/" + store;
    }
}
