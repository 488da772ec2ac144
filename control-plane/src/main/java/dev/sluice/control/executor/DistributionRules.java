package dev.sluice.control.executor;

import dev.sluice.control.executor.AgentCommand.Location;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
        Picture picture = new Picture(contentSha256, view);
        for (NodeId node : order) {
            Decision decision = picture.decide(node);
            decisions.put(node, decision);
            if (decision instanceof Decision.PullFrom(List<Location> sources)) {
                picture.begin(new Pull(node, contentSha256, sources.getFirst().node()));
            }
        }
        return decisions;
    }

    /**
     * Decides for one node. For many at once {@link #assign} is far cheaper.
     *
     * @throws IllegalArgumentException when the node's region is unknown
     */
    public static Decision decide(NodeId node, String contentSha256, View view) {
        return new Picture(contentSha256, view).decide(node);
    }

    /**
     * A view sorted for one content: who holds it, who is bringing it into which region, and whom
     * each source serves. It lives inside one call, and costs one walk over the view.
     */
    private static final class Picture {
        private final String contentSha256;
        private final View view;
        private final SortedMap<RegionId, List<Location>> holders = new TreeMap<>();
        private final SortedMap<RegionId, SortedSet<NodeId>> pullersInto = new TreeMap<>();
        private final SortedMap<String, SortedSet<NodeId>> pullersFrom = new TreeMap<>();

        Picture(String contentSha256, View view) {
            this.contentSha256 = contentSha256;
            this.view = view;
            view.observed().values().forEach(this::addIfHolder);
            view.running().stream()
                    .filter(pull -> view.connected(pull.puller()))
                    .forEach(this::begin);
        }

        /** The primary's own node is left out: the primary itself stands for it. */
        private void addIfHolder(NodeObservation seen) {
            RegionId region = view.regions().get(seen.node());
            if (region != null
                    && seen.connected()
                    && !seen.packageSource().isEmpty()
                    && !seen.node().value().equals(view.primary().node())
                    && view.holds(seen.node(), contentSha256)) {
                holders.computeIfAbsent(region, _ -> new ArrayList<>())
                        .add(new Location(seen.node().value(), seen.packageSource()));
            }
        }

        void begin(Pull pull) {
            pullersFrom.computeIfAbsent(pull.source(), _ -> new TreeSet<>()).add(pull.puller());
            RegionId region = view.regions().get(pull.puller());
            if (region != null && pull.contentSha256().equals(contentSha256)) {
                pullersInto.computeIfAbsent(region, _ -> new TreeSet<>()).add(pull.puller());
            }
        }

        Decision decide(NodeId node) {
            if (view.holds(node, contentSha256)) {
                return new Decision.Complete();
            }
            RegionId home = view.region(node);
            List<Location> here = holders.getOrDefault(home, List.of());
            List<Location> primary = List.of(view.primary());
            if (home.equals(view.primaryRegion())) {
                List<Location> free =
                        append(withRoom(node, here), withRoom(node, primary)).stream()
                                .sorted(Comparator.comparingInt(source -> load(source, node)))
                                .toList();
                return pull(node, free, append(here, primary), elsewhere(home));
            }
            List<Location> atOrigin = holders.getOrDefault(view.primaryRegion(), List.of());
            if (!here.isEmpty()) {
                return pull(node, withRoom(node, here), here, append(primary, elsewhere(home)));
            }
            Optional<NodeId> first = others(pullersInto.get(home), node).findFirst();
            if (first.isPresent()) {
                return new Decision.WaitFor(
                        first.get(),
                        "%s is pulling it into region %s".formatted(first.get(), home));
            }
            List<Location> remote = elsewhere(home);
            List<Location> free =
                    append(
                            append(withRoom(node, primary), withRoom(node, atOrigin)),
                            withRoom(node, remote));
            return pull(node, free, append(primary, remote), List.of());
        }

        private List<Location> elsewhere(RegionId home) {
            return holders.entrySet().stream()
                    .filter(region -> !region.getKey().equals(home))
                    .flatMap(region -> region.getValue().stream())
                    .toList();
        }

        /** Pull from one that has room, else wait until one of the candidates has. */
        private Decision pull(
                NodeId node,
                List<Location> free,
                List<Location> candidates,
                List<Location> fallbacks) {
            if (free.isEmpty()) {
                NodeId next =
                        candidates.stream()
                                .flatMap(source -> others(pullersFrom.get(source.node()), node))
                                .min(Comparator.naturalOrder())
                                .orElseThrow();
                return new Decision.WaitFor(
                        next,
                        "every source serves %d already; %s is one of them"
                                .formatted(MAX_PULLS_PER_SOURCE, next));
            }
            List<Location> told =
                    Stream.of(free, candidates, fallbacks)
                            .flatMap(List::stream)
                            .distinct()
                            .limit(MAX_SOURCES)
                            .toList();
            return new Decision.PullFrom(
                    told.contains(view.primary())
                            ? told
                            : append(
                                    told.subList(0, Math.min(told.size(), MAX_SOURCES - 1)),
                                    List.of(view.primary())));
        }

        /**
         * Sources with room, least loaded first, a few of each load. Each node begins looking at
         * another one, so that equals share the work.
         */
        private List<Location> withRoom(NodeId node, List<Location> sources) {
            List<List<Location>> byLoad = new ArrayList<>();
            for (int load = 0; load < MAX_PULLS_PER_SOURCE; load++) {
                byLoad.add(new ArrayList<>());
            }
            int count = sources.size();
            for (int i = 0; i < count && byLoad.getFirst().size() < MAX_SOURCES; i++) {
                Location source = sources.get(Math.floorMod(node.hashCode() + i, count));
                int load = load(source, node);
                if (load < MAX_PULLS_PER_SOURCE && byLoad.get(load).size() < MAX_SOURCES) {
                    byLoad.get(load).add(source);
                }
            }
            return byLoad.stream().flatMap(List::stream).toList();
        }

        private int load(Location source, NodeId except) {
            return (int) others(pullersFrom.get(source.node()), except).count();
        }

        private static Stream<NodeId> others(@Nullable SortedSet<NodeId> nodes, NodeId except) {
            return nodes == null
                    ? Stream.empty()
                    : nodes.stream().filter(node -> !node.equals(except));
        }

        private static List<Location> append(List<Location> first, List<Location> second) {
            return Stream.concat(first.stream(), second.stream()).toList();
        }
    }
}
