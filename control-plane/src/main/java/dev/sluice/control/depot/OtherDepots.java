package dev.sluice.control.depot;

import dev.sluice.control.model.NodeId;
import dev.sluice.transfer.pull.Source;
import dev.sluice.trust.packages.PackageContent;
import java.util.List;
import java.util.Set;
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
     * @param patches that make it of other contents
     * @param basesInMaking contents, by their SHA-256, from which a patch is being made
     * @param others why the others are not among them
     */
    record Found(
            List<Source> sources,
            List<Patch> patches,
            Set<String> basesInMaking,
            SortedMap<NodeId, String> others) {
        public Found {
            sources = List.copyOf(sources);
            patches = List.copyOf(patches);
            basesInMaking = Set.copyOf(basesInMaking);
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

    /**
     * What makes the content of another one.
     *
     * @param content what the patch is, as a content
     * @param sources those that have it
     */
    record Patch(String baseSha256, PackageContent content, List<Source> sources) {
        public Patch {
            sources = List.copyOf(sources);
        }
    }
}
