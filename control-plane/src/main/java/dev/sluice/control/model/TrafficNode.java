package dev.sluice.control.model;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A traffic node as the inventory describes it.
 *
 * @param zone failure zone; null: a zone of its own
 * @param capacity sessions it can carry, 0 or more
 * @param connected clients connected now, 0 or more
 * @param accepting admission; false: the operator took it out, and no plan puts it in
 */
public record TrafficNode(
        NodeId id,
        RegionId region,
        @Nullable ZoneId zone,
        HardwareModel hardware,
        int capacity,
        int connected,
        boolean accepting,
        boolean healthy,
        SortedMap<PackageName, Version> installed) {

    public TrafficNode {
        installed = Collections.unmodifiableSortedMap(new TreeMap<>(installed));
        if (capacity < 0 || connected < 0) {
            throw new IllegalArgumentException(
                    "node %s: capacity %d and connected %d must not be negative"
                            .formatted(id, capacity, connected));
        }
    }

    public boolean serves() {
        return accepting && healthy;
    }
}
