package dev.sluice.control.state;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Version;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What nodes have installed, as far as they have told; a node that is not in it never told. */
public record Installations(SortedMap<NodeId, Installation> byNode) {

    public Installations {
        byNode = Collections.unmodifiableSortedMap(new TreeMap<>(byNode));
    }

    /**
     * What one node has installed.
     *
     * @param current what its active slots hold
     * @param previous what they held before: what the node itself could go back to
     */
    public record Installation(
            SortedMap<PackageName, Version> current, SortedMap<PackageName, Version> previous) {
        public Installation {
            current = Collections.unmodifiableSortedMap(new TreeMap<>(current));
            previous = Collections.unmodifiableSortedMap(new TreeMap<>(previous));
        }
    }

    /** The oldest version of a package that any node runs; empty when none runs any. */
    Optional<Version> oldest(PackageName name) {
        return byNode.values().stream()
                .flatMap(node -> Optional.ofNullable(node.current().get(name)).stream())
                .min(Version::compareTo);
    }
}
