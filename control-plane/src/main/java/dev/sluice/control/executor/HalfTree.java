package dev.sluice.control.executor;

import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who pulls one half of a content from whom, as far as it is decided. */
final class HalfTree {

    /** The depth of a node that does not get the half yet. */
    static final int UNROOTED = Integer.MAX_VALUE;

    private final Set<NodeId> holders;
    private final Map<NodeId, Upstream> parents = new HashMap<>();
    private final Map<NodeId, List<NodeId>> children = new HashMap<>();

    /**
     * @param holders those that have the whole content: trees begin at them
     */
    HalfTree(Set<NodeId> holders) {
        this.holders = Set.copyOf(holders);
    }

    @Nullable Upstream parent(NodeId node) {
        return parents.get(node);
    }

    List<NodeId> children(NodeId node) {
        return children.getOrDefault(node, List.of());
    }

    void join(NodeId child, Upstream parent) {
        parents.put(child, parent);
        if (parent instanceof Upstream.Node(NodeId id)) {
            children.computeIfAbsent(id, _ -> new ArrayList<>()).add(child);
        }
    }

    /** Has no effect on a node without a parent. */
    void leave(NodeId child) {
        if (parents.remove(child) instanceof Upstream.Node(NodeId id)) {
            children.getOrDefault(id, new ArrayList<>()).remove(child);
        }
    }

    /** Whether a node is {@code top}, or gets the half by way of it. */
    boolean isUnder(NodeId node, NodeId top) {
        NodeId at = node;
        while (true) {
            if (at.equals(top)) {
                return true;
            }
            if (parents.get(at) instanceof Upstream.Node(NodeId above)) {
                at = above;
            } else {
                return false;
            }
        }
    }

    /** Hops from the origin or from a holder. */
    int depth(NodeId node) {
        int hops = 0;
        NodeId at = node;
        while (!holders.contains(at)) {
            hops++;
            switch (parents.get(at)) {
                case Upstream.Node(NodeId above) -> at = above;
                case Upstream.Origin _ -> {
                    return hops;
                }
                case null -> {
                    return UNROOTED;
                }
            }
        }
        return hops;
    }

    boolean isRooted(NodeId node) {
        return depth(node) != UNROOTED;
    }
}
