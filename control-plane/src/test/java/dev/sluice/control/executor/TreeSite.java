package dev.sluice.control.executor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Nodes that pull both halves of a content from whom they are told, as far as a test lets them. */
final class TreeSite {

    static final long SIZE = 1000;
    static final RegionId EU = new RegionId("eu");

    final SortedMap<NodeId, Member> members = new TreeMap<>();

    /** Members that want nothing. */
    final SortedSet<NodeId> idle = new TreeSet<>();

    boolean originHas = true;

    /** Regions are the first two letters, masters have an m after the hyphen. */
    TreeSite with(String... ids) {
        for (String id : ids) {
            put(new NodeId(id), 0, null, null, Set.of(), false);
        }
        return this;
    }

    TreeSite with(String region, int count) {
        for (int i = 1; i <= count; i++) {
            with("%s-%02d".formatted(region, i));
        }
        return this;
    }

    void put(
            NodeId id,
            long present,
            @Nullable Upstream first,
            @Nullable Upstream second,
            Set<NodeId> blames,
            boolean last) {
        members.put(
                id,
                new Member(
                        id,
                        new RegionId(id.value().substring(0, 2)),
                        present,
                        present == SIZE,
                        id.value().contains("-m"),
                        last,
                        0,
                        first,
                        second,
                        blames));
    }

    void has(String id, long present) {
        NodeId node = new NodeId(id);
        Member now = members.get(node);
        put(
                node,
                present,
                now == null ? null : now.source(),
                now == null ? null : now.secondSource(),
                Set.of(),
                false);
    }

    void last(String id) {
        put(new NodeId(id), 0, null, null, Set.of(), true);
    }

    void blames(String id, String other) {
        Member now = member(new NodeId(id));
        put(
                now.node(),
                now.present(),
                now.source(),
                now.secondSource(),
                Set.of(new NodeId(other)),
                false);
    }

    Member member(NodeId id) {
        return Objects.requireNonNull(members.get(id), id.value());
    }

    /** Who pulled from it pulls from nobody now. */
    void dies(NodeId id) {
        members.remove(id);
        Upstream gone = new Upstream.Node(id);
        for (Member now : List.copyOf(members.values())) {
            put(
                    now.node(),
                    now.present(),
                    gone.equals(now.source()) ? null : now.source(),
                    gone.equals(now.secondSource()) ? null : now.secondSource(),
                    now.blames(),
                    now.goesLast());
        }
    }

    SortedMap<NodeId, TreePlan.Sources> plan() {
        Set<NodeId> wanting = new HashSet<>(members.keySet());
        wanting.removeAll(idle);
        return TreePlan.of(wanting, new RelayView(members.values(), EU, originHas));
    }

    /** Everybody pulls from whom the plan says. */
    SortedMap<NodeId, TreePlan.Sources> follow() {
        SortedMap<NodeId, TreePlan.Sources> plan = plan();
        plan.forEach((id, sources) -> {
            Member now = member(id);
            put(
                    id,
                    now.present(),
                    sources.first().getFirst(),
                    sources.second().getFirst(),
                    Set.of(),
                    now.goesLast());
        });
        return plan;
    }

    /** Parents in both halves in words: {@code eu-01<origin,origin eu-02<eu-01,eu-03}. */
    String trees() {
        return follow().entrySet().stream()
                .map(entry ->
                        "%s<%s,%s"
                                .formatted(
                                        entry.getKey(),
                                        name(entry.getValue().first().getFirst()),
                                        name(entry.getValue().second().getFirst())))
                .collect(Collectors.joining(" "));
    }

    List<String> sourcesOf(String id, ContentHalf half) {
        TreePlan.Sources sources = plan().get(new NodeId(id));
        return sources == null
                ? List.of()
                : of(sources, half).stream().map(TreeSite::name).toList();
    }

    static List<Upstream> of(TreePlan.Sources sources, ContentHalf half) {
        return switch (half) {
            case FIRST -> sources.first();
            case SECOND -> sources.second();
        };
    }

    static String name(Upstream upstream) {
        return switch (upstream) {
            case Upstream.Origin _ -> "origin";
            case Upstream.Node(NodeId id) -> id.value();
        };
    }

    /** Parents of a half, by node. */
    static SortedMap<NodeId, Upstream> parents(
            SortedMap<NodeId, TreePlan.Sources> plan, ContentHalf half) {
        SortedMap<NodeId, Upstream> parents = new TreeMap<>();
        plan.forEach((id, sources) -> parents.put(id, of(sources, half).getFirst()));
        return parents;
    }

    /** Half-streams that each node sends. */
    static Map<NodeId, Integer> streams(SortedMap<NodeId, TreePlan.Sources> plan) {
        Map<NodeId, Integer> streams = new HashMap<>();
        for (ContentHalf half : ContentHalf.values()) {
            parents(plan, half)
                    .values()
                    .forEach(parent -> {
                        if (parent instanceof Upstream.Node(NodeId id)) {
                            streams.merge(id, 1, Integer::sum);
                        }
                    });
        }
        return streams;
    }

    /** From a node up to the origin, or to one that has everything; fails on a circle. */
    List<NodeId> path(SortedMap<NodeId, Upstream> parents, NodeId node) {
        List<NodeId> path = new ArrayList<>();
        NodeId at = node;
        while (true) {
            assertThat(path).as("%s stands in a circle", at).doesNotContain(at);
            path.add(at);
            if (member(at).complete()
                    || !(Objects.requireNonNull(parents.get(at), at + " is cut off")
                            instanceof Upstream.Node(NodeId above))) {
                return path;
            }
            at = above;
        }
    }

    /** Who pulls a half from outside of its region. */
    SortedSet<NodeId> crossing(SortedMap<NodeId, Upstream> parents) {
        SortedSet<NodeId> crossing = new TreeSet<>();
        parents.forEach((id, parent) -> {
            if (!(parent instanceof Upstream.Node(NodeId from))
                    || !member(from).region().equals(member(id).region())) {
                crossing.add(id);
            }
        });
        return crossing;
    }

    /** What is true of every plan, and at most how many half-streams a node sends in this one. */
    void check(SortedMap<NodeId, TreePlan.Sources> plan, int streams) {
        assertThat(plan.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        members.values().stream()
                                .filter(m -> !m.complete() && !idle.contains(m.node()))
                                .map(Member::node)
                                .toList());
        SortedMap<NodeId, Upstream> first = parents(plan, ContentHalf.FIRST);
        SortedMap<NodeId, Upstream> second = parents(plan, ContentHalf.SECOND);
        plan.forEach((id, sources) -> {
            path(first, id);
            path(second, id);
            for (ContentHalf half : ContentHalf.values()) {
                assertThat(of(sources, half))
                        .as("%s, %s", id, half)
                        .hasSizeBetween(1, RelayView.MAX_SOURCES)
                        .doesNotHaveDuplicates()
                        .doesNotContain(new Upstream.Node(id));
                if (originHas) {
                    assertThat(of(sources, half)).contains(RelayView.ORIGIN);
                }
            }
        });
        assertThat(crossing(second)).as("roots").isEqualTo(crossing(first));
        assertThat(crossing(first).stream().map(id -> member(id).region()))
                .as("regions with a root")
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(
                        plan.keySet().stream()
                                .map(id -> member(id).region())
                                .filter(region -> !hasHolder(region))
                                .collect(Collectors.toSet()));
        streams(plan)
                .forEach((id, count) -> {
                    if (originHas || !member(id).complete()) {
                        assertThat(count)
                                .as("half-streams of %s in %s of %s", id, plan, members)
                                .isLessThanOrEqualTo(streams);
                    }
                });
    }

    private boolean hasHolder(RegionId region) {
        return members.values().stream().anyMatch(m -> m.complete() && m.region().equals(region));
    }
}
