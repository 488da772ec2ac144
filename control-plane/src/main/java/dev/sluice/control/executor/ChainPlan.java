package dev.sluice.control.executor;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who pulls a content from whom: the nodes stand in one line, the origin's region first, each pulls
 * from the one before it, and one of each region pulls across the link. Pure: the same view gives
 * the same plan. {@code docs/design/distribution.md} is its contract.
 *
 * <p>Whoever pulls already keeps its parent while that one is of use: a plan that changes its mind
 * in each pass would transfer nothing. A node that holds the whole content is a second origin in
 * its region.
 */
final class ChainPlan {

    /** Nodes that one node is the parent of; two only while the line is mended. */
    static final int MAX_CHILDREN = 2;

    private final SortedMap<NodeId, Member> members = new TreeMap<>();
    private final SortedMap<NodeId, Member> pullers = new TreeMap<>();
    private final RelayView view;
    private final Comparator<Member> rank;
    private final Map<NodeId, Upstream> parents = new HashMap<>();
    private final Map<NodeId, List<NodeId>> children = new HashMap<>();

    /** Whether a node's place in the line is known: others may stand behind it. */
    private final Set<NodeId> placed = new HashSet<>();

    /** The end of the line of the regions that are done. */
    private @Nullable NodeId end;

    private ChainPlan(Collection<NodeId> wanting, RelayView view) {
        this.view = view;
        this.rank = view.rank();
        Set<NodeId> wanted = new HashSet<>(wanting);
        for (Member member : view.members()) {
            members.put(member.node(), member);
            if (wanted.contains(member.node()) && !member.complete()) {
                pullers.put(member.node(), member);
            }
            if (member.complete()) {
                placed.add(member.node());
            }
        }
    }

    /**
     * The plan for the nodes that want a content; those that are no members, or have all of it, are
     * passed over. A node without any source is not in it.
     *
     * @return sources of each node, best first
     */
    static SortedMap<NodeId, List<Upstream>> of(Collection<NodeId> wanting, RelayView view) {
        return new ChainPlan(wanting, view).plan();
    }

    private SortedMap<NodeId, List<Upstream>> plan() {
        Set<RegionId> regions = new TreeSet<>();
        pullers.values().forEach(puller -> regions.add(puller.region()));
        if (regions.remove(view.originRegion())) {
            placeRegion(view.originRegion());
        }
        regions.forEach(this::placeRegion);
        SortedMap<NodeId, List<Upstream>> sources = new TreeMap<>();
        for (NodeId puller : pullers.keySet()) {
            List<Upstream> told = sources(puller);
            if (!told.isEmpty()) {
                sources.put(puller, told);
            }
        }
        return sources;
    }

    private void placeRegion(RegionId region) {
        List<Member> here =
                pullers.values().stream()
                        .filter(puller -> puller.region().equals(region))
                        .sorted(rank)
                        .toList();
        here.forEach(this::keepParentHere);
        List<Member> loose = new ArrayList<>();
        for (Member puller : here) {
            if (!parents.containsKey(puller.node())) {
                loose.add(puller);
            }
        }
        boolean hasHolder =
                members.values().stream().anyMatch(m -> m.complete() && m.region().equals(region));
        if (!hasHolder && !loose.isEmpty()) {
            Member entry =
                    loose.stream().filter(this::crossesNow).findFirst().orElse(loose.getFirst());
            loose.remove(entry);
            upstreamAcross(entry).ifPresent(upstream -> join(entry.node(), upstream));
            placeWithLine(entry.node());
        }
        here.stream().filter(m -> isRooted(m.node())).forEach(m -> placed.add(m.node()));
        for (Member puller : loose) {
            endHere(puller).ifPresent(last -> join(puller.node(), new Upstream.Node(last)));
            placeWithLine(puller.node());
        }
        end = endOf(here);
    }

    /** A parent of the same region stays, with one child each. */
    private void keepParentHere(Member puller) {
        if (puller.source() instanceof Upstream.Node(NodeId id)) {
            Member parent = members.get(id);
            boolean isOfUse =
                    parent != null
                            && !id.equals(puller.node())
                            && parent.region().equals(puller.region())
                            && (parent.complete() || pullers.containsKey(id))
                            && !puller.blames().contains(id)
                            && childrenHere(parent) == 0
                            && !isAbove(puller.node(), id);
            if (isOfUse) {
                join(puller.node(), new Upstream.Node(id));
            }
        }
    }

    private boolean crossesNow(Member puller) {
        return switch (puller.source()) {
            case Upstream.Origin _ -> view.originHas();
            case Upstream.Node(NodeId id) -> mayCross(puller, id);
            case null -> false;
        };
    }

    /** Whether a node of another region, whose place is known, can be the parent. */
    private boolean mayCross(Member puller, NodeId from) {
        Member parent = members.get(from);
        return parent != null
                && !parent.region().equals(puller.region())
                && placed.contains(from)
                && !puller.blames().contains(from)
                && childrenOf(from).size() < MAX_CHILDREN;
    }

    private Optional<Upstream> upstreamAcross(Member entry) {
        Upstream now = entry.source();
        if (now != null && crossesNow(entry)) {
            return Optional.of(now);
        }
        if (end != null && mayCross(entry, end)) {
            return Optional.of(new Upstream.Node(end));
        }
        return view.originHas() ? Optional.of(RelayView.ORIGIN) : anyHolder(entry);
    }

    private Optional<Upstream> anyHolder(Member puller) {
        return members.values().stream()
                .filter(Member::complete)
                .filter(holder -> !holder.node().equals(puller.node()))
                .min(
                        Comparator.<Member>comparingInt(holder -> childrenOf(holder.node()).size())
                                .thenComparing(Member::node))
                .map(holder -> new Upstream.Node(holder.node()));
    }

    /** The end of a line in the region: a holder that serves nobody, or the last of the pullers. */
    private Optional<NodeId> endHere(Member puller) {
        return placed.stream()
                .map(id -> members.get(id))
                .filter(m -> m != null && m.region().equals(puller.region()))
                .filter(m -> childrenOf(m.node()).size() < MAX_CHILDREN)
                .filter(m -> !isAbove(puller.node(), m.node()))
                .min(
                        Comparator.<Member>comparingInt(this::childrenHere)
                                .thenComparing(m -> puller.blames().contains(m.node()))
                                .thenComparing(m -> !m.complete())
                                .thenComparingInt(m -> childrenOf(m.node()).size())
                                .thenComparing(Member::node))
                .map(Member::node);
    }

    /** The last puller of a region, behind which the next region stands. */
    private @Nullable NodeId endOf(List<Member> here) {
        return here.stream()
                .filter(m -> placed.contains(m.node()) && childrenHere(m) == 0)
                .max(rank.thenComparing(Member::node))
                .map(Member::node)
                .orElse(end);
    }

    private void join(NodeId child, Upstream parent) {
        parents.put(child, parent);
        if (parent instanceof Upstream.Node(NodeId id)) {
            children.computeIfAbsent(id, _ -> new ArrayList<>()).add(child);
        }
    }

    /** A node and all that stand behind it have their place now. */
    private void placeWithLine(NodeId node) {
        List<NodeId> open = new ArrayList<>(List.of(node));
        while (!open.isEmpty()) {
            NodeId next = open.removeLast();
            placed.add(next);
            open.addAll(childrenOf(next));
        }
    }

    private List<NodeId> childrenOf(NodeId node) {
        return children.getOrDefault(node, List.of());
    }

    private int childrenHere(Member member) {
        return (int)
                childrenOf(member.node()).stream()
                        .map(id -> members.get(id))
                        .filter(m -> m != null && m.region().equals(member.region()))
                        .count();
    }

    /** Whether {@code node} is {@code other}, or stands before it in its line. */
    private boolean isAbove(NodeId node, NodeId other) {
        NodeId at = other;
        while (true) {
            if (at.equals(node)) {
                return true;
            }
            if (parents.get(at) instanceof Upstream.Node(NodeId above)) {
                at = above;
            } else {
                return false;
            }
        }
    }

    /** Whether the line above a node begins at one whose place is known. */
    private boolean isRooted(NodeId node) {
        NodeId at = node;
        while (!placed.contains(at)) {
            if (parents.get(at) instanceof Upstream.Node(NodeId above)) {
                at = above;
            } else {
                return false;
            }
        }
        return true;
    }

    private List<Upstream> sources(NodeId puller) {
        List<Upstream> sources = new ArrayList<>();
        NodeId at = puller;
        while (sources.size() < RelayView.MAX_SOURCES - 1
                && parents.get(at) instanceof Upstream.Node node) {
            sources.add(node);
            at = node.id();
        }
        Member member = members.get(puller);
        if (view.originHas()) {
            sources.add(RelayView.ORIGIN);
        } else if (member != null) {
            anyHolder(member).filter(holder -> !sources.contains(holder)).ifPresent(sources::add);
        }
        return sources;
    }
}
