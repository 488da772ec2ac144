package dev.sluice.control.executor;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * The trees of both halves over the same nodes, and what each node sends in them: a node sends a
 * half-stream to each child of either tree.
 */
final class TwoTrees {

    /** Half-streams that fill a node's uplink while its downlink is filled by two others. */
    static final int SLOTS = 2;

    /** Half-streams that a node sends at most, while the trees are mended. */
    static final int MAX_STREAMS = 3;

    private final RelayView view;
    private final Comparator<Member> rank;
    private final HalfTree first;
    private final HalfTree second;

    /** By rank: those that have the content, and those that pull it. Nobody else is a source. */
    private final Map<NodeId, Member> sources = new LinkedHashMap<>();

    private final Map<RegionId, List<Member>> byRegion;

    TwoTrees(Collection<NodeId> wanting, RelayView view) {
        this.view = view;
        this.rank = view.rank();
        Set<NodeId> wanted = new HashSet<>(wanting);
        Set<NodeId> holders = new HashSet<>();
        for (Member member : view.members().stream().sorted(rank).toList()) {
            if (member.complete() || wanted.contains(member.node())) {
                sources.put(member.node(), member);
            }
            if (member.complete()) {
                holders.add(member.node());
            }
        }
        byRegion = sources.values().stream().collect(Collectors.groupingBy(Member::region));
        first = new HalfTree(holders);
        second = new HalfTree(holders);
    }

    RelayView view() {
        return view;
    }

    /** Best first. */
    Comparator<Member> rank() {
        return rank;
    }

    HalfTree of(ContentHalf half) {
        return switch (half) {
            case FIRST -> first;
            case SECOND -> second;
        };
    }

    Optional<Member> source(NodeId node) {
        return Optional.ofNullable(sources.get(node));
    }

    Member known(NodeId node) {
        return source(node)
                .orElseThrow(() ->
                        new IllegalStateException("node %s: placed and no source".formatted(node)));
    }

    /** By rank. */
    Collection<Member> sources() {
        return Collections.unmodifiableCollection(sources.values());
    }

    /** By rank. */
    List<Member> pullers() {
        return sources.values().stream().filter(member -> !member.complete()).toList();
    }

    /** By rank. */
    List<Member> pullersIn(RegionId region) {
        return sourcesIn(region).stream().filter(member -> !member.complete()).toList();
    }

    /** By rank. */
    List<Member> sourcesIn(RegionId region) {
        return byRegion.getOrDefault(region, List.of());
    }

    boolean hasHolder(RegionId region) {
        return sourcesIn(region).stream().anyMatch(Member::complete);
    }

    /** Half-streams that a node sends. */
    int sends(Member member) {
        return first.children(member.node()).size() + second.children(member.node()).size();
    }

    boolean hasFreeSlot(Member member) {
        return sends(member) < SLOTS;
    }

    boolean maySend(Member member) {
        return sends(member) < MAX_STREAMS;
    }

    /** Whether a source that a node pulls from can stay its parent. */
    boolean isOfUse(Member source, Member puller) {
        return maySend(source) && !puller.blames().contains(source.node());
    }

    ToIntFunction<Member> depth(ContentHalf half) {
        return member -> of(half).depth(member.node());
    }

    /** Hops to a node in the tree in which it stands higher. */
    int height(Member member) {
        return Math.min(first.depth(member.node()), second.depth(member.node()));
    }

    /** The holder that sends least. */
    Optional<Upstream> anyHolder(Member puller) {
        return sources.values().stream()
                .filter(Member::complete)
                .min(
                        Comparator.<Member, Boolean>comparing(
                                        m -> puller.blames().contains(m.node()))
                                .thenComparingInt(this::sends)
                                .thenComparing(Member::node))
                .map(holder -> new Upstream.Node(holder.node()));
    }
}
