package dev.sluice.control.depot;

import dev.sluice.control.model.NodeId;
import dev.sluice.transfer.pull.Source;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The depots of the other masters. */
@FunctionalInterface
public interface OtherDepots {

    /** Asks them all for a content. May take seconds. */
    Found find(ContentId id);

    /**
     * What they said.
     *
     * @param sources those that have it
     * @param others why the others are not among them
     */
    record Found(List<Source> sources, SortedMap<NodeId, String> others) {
        public Found {
            sources = List.copyOf(sources);
            others = new TreeMap<>(others);
        }

        String reasons() {
            return others.isEmpty()
                    ? "there is no other master"
                    : others.entrySet().stream()
                            .map(other -> "master " + other.getKey() + ": " + other.getValue())
                            .collect(Collectors.joining("; "));
        }
    }
}
