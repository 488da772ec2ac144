package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import java.util.Comparator;

/** A master together with the journal that it has. */
public record Replica(NodeId master, StoreId store) implements Comparable<Replica> {

    private static final Comparator<Replica> ORDER =
            Comparator.comparing(Replica::master).thenComparing(Replica::store);

    @Override
    public int compareTo(Replica other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return master + "/" + store;
    }
}
