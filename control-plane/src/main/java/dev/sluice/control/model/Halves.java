package dev.sluice.control.model;

import java.util.List;

/**
 * How a region's traffic nodes are divided.
 *
 * @param waves the nodes of each wave, canaries first where there are any; wave after wave in this
 *     order
 * @param first the nodes upgraded before the promotion
 * @param second the nodes upgraded after it
 */
public record Halves(List<NodeId> first, List<NodeId> second, List<List<NodeId>> waves) {

    public Halves {
        first = List.copyOf(first);
        second = List.copyOf(second);
        waves = waves.stream().map(List::copyOf).toList();
    }
}
