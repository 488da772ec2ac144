package dev.sluice.control.depot;

import dev.sluice.control.executor.AgentCommand.Location;
import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Who pulls a content from whom, so that it crosses the link into each region once and no source
 * serves too many at a time. Pure: the same view gives the same decision.
 *
 * <p>The first node of a region pulls from the primary while the others wait for it; then they pull
 * from one another. In the primary's own region the primary is one source among them. A puller that
 * is disconnected counts neither as one to wait for nor against its source, so the next node takes
 * over by itself.
 */
public final class DistributionRules {

    /** Pulls that one source serves at once; more only slow each other down. */
    public static final int MAX_PULLS_PER_SOURCE = 2;

    /** Sources a node is told: one and its fallbacks. */
    public static final int MAX_SOURCES = 4;

    private DistributionRules() {}

    /** What one node is to do about one content. */
    public sealed interface Decision {

        /** Pull it, best source first. */
        record PullFrom(List<Location> sources) implements Decision {
            public PullFrom {
                sources = List.copyOf(sources);
            }
        }

        /** Do nothing until this node's pull has ended. */
        record WaitFor(NodeId puller, String reason) implements Decision {}

        /** Nothing: it is here already. */
        record Complete() implements Decision {}
    }

    /**
     * A pull that was ordered and has not ended.
     *
     * @param source id of the node that was named first, see {@link Location#node}
     */
    public record Pull(NodeId puller, String contentSha256, String source) {}

    /**
     * What a decision rests on.
     *
     * @param regions of every node, masters included
     * @param primary this master's own package service
     * @param running of all contents
     */
    public record View(
            SortedMap<NodeId, NodeObservation> observed,
            SortedMap<NodeId, RegionId> regions,
            RegionId primaryRegion,
            Location primary,
            List<Pull> running) {
        public View {
            observed = Collections.unmodifiableSortedMap(new TreeMap<>(observed));
            regions = Collections.unmodifiableSortedMap(new TreeMap<>(regions));
            running = List.copyOf(running);
        }

        private View with(Pull pull) {
            return new View(
                    observed,
                    regions,
                    primaryRegion,
                    primary,
                    Stream.concat(running.stream(), Stream.of(pull)).toList());
        }

        private boolean connected(NodeId node) {
            NodeObservation seen = observed.get(node);
            return seen != null && seen.connected();
        }

        private boolean holds(NodeId node, String contentSha256) {
            NodeObservation seen = observed.get(node);
            NodeFacts facts = seen == null ? null : seen.facts();
            return facts != null && facts.hasStaged(contentSha256);
        }

        private long bytesPresent(NodeId node, String contentSha256) {
            NodeObservation seen = observed.get(node);
            NodeFacts facts = seen == null ? null : seen.facts();
            return facts == null
                    ? 0
                    : facts.staged().stream()
                            .filter(s -> s.contentSha256().equals(contentSha256))
                            .mapToLong(NodeFacts.Staged::bytesPresent)
                            .max()
                            .orElse(0);
        }

        private RegionId region(NodeId node) {
            RegionId region = regions.get(node);
            if (region == null) {
                throw new IllegalArgumentException(
                        "node %s: its region is unknown".formatted(node));
            }
            return region;
        }
    }

    /**
     * Decides for several nodes at once, each in the knowledge of what the ones before were told.
     * Of those that want the same, the one with most of it goes first: less crosses the link again.
     */
    public static SortedMap<NodeId, Decision> assign(
            Collection<NodeId> wanting, String contentSha256, View view) {
        List<NodeId> order =
                wanting.stream()
                        .distinct()
                        .sorted(
                                Comparator.<NodeId>comparingLong(
                                                node -> -view.bytesPresent(node, contentSha256))
                                        .thenComparing(Comparator.naturalOrder()))
                        .toList();
        SortedMap<NodeId, Decision> decisions = new TreeMap<>();
        View now = view;
        for (NodeId node : order) {
            Decision decision = decide(node, contentSha256, now);
            decisions.put(node, decision);
            if (decision instanceof Decision.PullFrom(List<Location> sources)) {
                now = now.with(new Pull(node, contentSha256, sources.getFirst().node()));
            }
        }
        return decisions;
    }

    /**
     * Decides for one node.
     *
     * @throws IllegalArgumentException when the node's region is unknown
     */
    public static Decision decide(NodeId node, String contentSha256, View view) {
        if (view.holds(node, contentSha256)) {
            return new Decision.Complete();
        }
        RegionId home = view.region(node);
        List<Location> inRegion = holders(node, contentSha256, view, home::equals);
        boolean origin = home.equals(view.primaryRegion());
        if (origin) {
            inRegion =
                    append(inRegion, List.of(view.primary())).stream()
                            .sorted(byLoad(node, view))
                            .toList();
        }
        List<Location> fromOrigin =
                append(
                        List.of(view.primary()),
                        holders(node, contentSha256, view, view.primaryRegion()::equals));
        List<Location> elsewhere =
                holders(
                        node,
                        contentSha256,
                        view,
                        region -> !region.equals(home) && !region.equals(view.primaryRegion()));
        if (!inRegion.isEmpty()) {
            return pull(node, view, inRegion, origin ? elsewhere : append(fromOrigin, elsewhere));
        }
        return firstIn(home, node, contentSha256, view)
                .<Decision>map(puller ->
                        new Decision.WaitFor(
                                puller, "%s is pulling it into region %s".formatted(puller, home)))
                .orElseGet(() -> pull(node, view, append(fromOrigin, elsewhere), List.of()));
    }

    /** The node that is bringing the content into a region. */
    private static Optional<NodeId> firstIn(
            RegionId region, NodeId except, String contentSha256, View view) {
        return view.running().stream()
                .filter(pull -> pull.contentSha256().equals(contentSha256))
                .map(Pull::puller)
                .filter(puller -> !puller.equals(except) && view.connected(puller))
                .filter(puller -> region.equals(view.regions().get(puller)))
                .min(Comparator.naturalOrder());
    }

    /** Pull from the least loaded of the candidates that has room, else wait for room. */
    private static Decision pull(
            NodeId node, View view, List<Location> candidates, List<Location> fallbacks) {
        List<Location> free =
                candidates.stream()
                        .filter(source -> pullers(source, node, view).size() < MAX_PULLS_PER_SOURCE)
                        .toList();
        if (free.isEmpty()) {
            NodeId next =
                    candidates.stream()
                            .flatMap(source -> pullers(source, node, view).stream())
                            .min(Comparator.naturalOrder())
                            .orElseThrow();
            return new Decision.WaitFor(
                    next,
                    "every source serves %d already; %s is one of them"
                            .formatted(MAX_PULLS_PER_SOURCE, next));
        }
        List<Location> ranked = append(free, append(candidates, fallbacks));
        return new Decision.PullFrom(
                ranked.stream().limit(MAX_SOURCES).anyMatch(view.primary()::equals)
                        ? ranked.stream().limit(MAX_SOURCES).toList()
                        : append(
                                ranked.stream().limit(MAX_SOURCES - 1).toList(),
                                List.of(view.primary())));
    }

    /**
     * Who can serve the content, least loaded first; of equals, each node begins with another one.
     * The primary's own node is left out: the primary itself stands for it.
     */
    private static List<Location> holders(
            NodeId node, String contentSha256, View view, Predicate<RegionId> where) {
        return view.observed().values().stream()
                .filter(seen ->
                        seen.connected()
                                && !seen.packageSource().isEmpty()
                                && !seen.node().equals(node)
                                && !seen.node().value().equals(view.primary().node())
                                && view.holds(seen.node(), contentSha256))
                .filter(seen -> {
                    RegionId region = view.regions().get(seen.node());
                    return region != null && where.test(region);
                })
                .map(seen -> new Location(seen.node().value(), seen.packageSource()))
                .sorted(
                        byLoad(node, view)
                                .thenComparingInt(source -> (node + " " + source.node()).hashCode())
                                .thenComparing(Location::node))
                .toList();
    }

    private static Comparator<Location> byLoad(NodeId node, View view) {
        return Comparator.comparingInt(source -> pullers(source, node, view).size());
    }

    private static List<Location> append(List<Location> first, List<Location> second) {
        return Stream.concat(first.stream(), second.stream()).distinct().toList();
    }

    private static List<NodeId> pullers(Location source, NodeId except, View view) {
        return view.running().stream()
                .filter(pull -> pull.source().equals(source.node()))
                .map(Pull::puller)
                .filter(puller -> !puller.equals(except) && view.connected(puller))
                .toList();
    }
}
