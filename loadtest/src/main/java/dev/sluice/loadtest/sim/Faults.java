package dev.sluice.loadtest.sim;

import java.util.SortedMap;
import java.util.TreeMap;

/** None yet. */
final class Faults {
    private final World world;

    Faults(World world) {
        this.world = world;
    }

    void start() {}

    boolean areOver() {
        return world.schedule().now() > 1_000_000_000L;
    }

    SortedMap<String, Integer> counts() {
        return new TreeMap<>();
    }
}
