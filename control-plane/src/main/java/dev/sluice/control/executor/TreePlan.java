package dev.sluice.control.executor;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Who pulls the halves of a large content from whom: each half runs down a tree of its own, in
 * which about every other node has two children, and these are leaves in the other tree. So each
 * node receives both halves and sends two, as in a chain, and is reached in a logarithm of hops.
 * Pure: the same view gives the same plan. {@code docs/design/distribution.md} is its contract; the
 * two trees are those of Sanders, Speck and Träff, Two-tree algorithms for full bandwidth
 * broadcast, reduction and scan (2009).
 *
 * <p>Whoever pulls already keeps its parent while that one is of use: a plan that changes its mind
 * in each pass would transfer nothing. A node that holds the whole content is a root in its region.
 */
final class TreePlan {

    /**
     * Sources of a node for both halves, best first.
     *
     * @param second empty when the content has one part only
     */
    record Sources(List<Upstream> first, List<Upstream> second) {
        Sources {
            first = List.copyOf(first);
            second = List.copyOf(second);
        }
    }

    /** A node that lacks a parent in a half's tree. */
    private record Loose(ContentHalf half, Member puller) {}

    private final RelayView view;
    private final TwoTrees trees;
    private final TreeRoots roots;
    private final TreeRelief relief;

    /** Of the nodes that are no root: in which tree a node is to have children. */
    private final Map<NodeId, ContentHalf> interior = new HashMap<>();

    private TreePlan(Collection<NodeId> wanting, RelayView view) {
        this.view = view;
        this.trees = new TwoTrees(wanting, view);
        this.roots = new TreeRoots(trees);
        this.relief = new TreeRelief(trees, roots);
    }

    /**
     * The plan for the nodes that want a content; those that are no members, or have all of it, are
     * passed over. Empty when nobody has it.
     */
    static SortedMap<NodeId, Sources> of(Collection<NodeId> wanting, RelayView view) {
        return new TreePlan(wanting, view).plan();
    }

    private SortedMap<NodeId, Sources> plan() {
        SortedMap<NodeId, Sources> plan = new TreeMap<>();
        if (!view.originHas() && view.members().stream().noneMatch(Member::complete)) {
            return plan;
        }
        for (ContentHalf half : ContentHalf.values()) {
            trees.pullers().forEach(puller -> keepParentHere(puller, half));
        }
        roots.regions().forEach(roots::keep);
        roots.regions().forEach(this::placeRegion);
        roots.regions().forEach(relief::relieve);
        TreeSources sources = new TreeSources(trees);
        for (Member puller : trees.pullers()) {
            plan.put(
                    puller.node(),
                    new Sources(
                            sources.of(puller, ContentHalf.FIRST),
                            sources.of(puller, ContentHalf.SECOND)));
        }
        return plan;
    }

    /** A parent of the same region stays. */
    private void keepParentHere(Member puller, ContentHalf half) {
        if (puller.source(half) instanceof Upstream.Node parent
                && trees.source(parent.id())
                        .filter(source -> source.region().equals(puller.region()))
                        .filter(source -> trees.isOfUse(source, puller))
                        .filter(source -> !trees.of(half).isUnder(source.node(), puller.node()))
                        .isPresent()) {
            trees.of(half).join(puller.node(), parent);
        }
    }

    private void placeRegion(RegionId region) {
        roots.enter(region);
        List<Member> here = trees.pullersIn(region);
        designate(here);
        // Each cut leaves one more to be placed: without a bound two nodes might take turns.
        int cuts = 2 * trees.pullers().size();
        for (Optional<Loose> next = loose(here); next.isPresent(); next = loose(here)) {
            ContentHalf half = next.get().half();
            Member puller = next.get().puller();
            List<Member> there =
                    trees.sourcesIn(region).stream()
                            .filter(source -> trees.of(half).isRooted(source.node()))
                            .toList();
            if (cuts > 0 && there.stream().noneMatch(trees::maySend)) {
                cuts--;
                relief.makeRoom(there, half);
            }
            trees.of(half).join(puller.node(), parentFor(puller, there, half));
        }
        relief.relieve(region);
    }

    private boolean isTop(Member member) {
        return member.complete() || roots.isRoot(member);
    }

    /** Who has children in a tree goes on with it; the others even out how many each tree has. */
    private void designate(List<Member> here) {
        int firstMore = 0;
        for (boolean hasChildren : List.of(true, false)) {
            for (Member puller : here) {
                if (isTop(puller) || trees.sends(puller) > 0 != hasChildren) {
                    continue;
                }
                int first = trees.of(ContentHalf.FIRST).children(puller.node()).size();
                int second = trees.of(ContentHalf.SECOND).children(puller.node()).size();
                boolean isSecond = hasChildren ? second > first : firstMore > 0;
                interior.put(puller.node(), isSecond ? ContentHalf.SECOND : ContentHalf.FIRST);
                firstMore += isSecond ? -1 : 1;
            }
        }
    }

    /** The next to be placed: in each tree those first that are to have children there. */
    private Optional<Loose> loose(List<Member> here) {
        return Stream.of(ContentHalf.values())
                .flatMap(half ->
                        here.stream()
                                .filter(puller -> trees.of(half).parent(puller.node()) == null)
                                .sorted(
                                        Comparator.comparing(
                                                puller -> interior.get(puller.node()) != half))
                                .map(puller -> new Loose(half, puller)))
                .findFirst();
    }

    /**
     * One of those that get the half, which are never below the node that lacks a parent. With a
     * limit on cuts there may be none that may send to one more; it sends all the same then.
     */
    private Upstream parentFor(Member puller, List<Member> there, ContentHalf half) {
        List<Member> trusted =
                there.stream().filter(m -> !puller.blames().contains(m.node())).toList();
        return slot(trusted, puller, half)
                .or(() -> slot(there, puller, half))
                .or(() -> there.stream().min(Comparator.comparingInt(trees::sends)))
                .map(source -> new Upstream.Node(source.node()))
                .orElseThrow(() ->
                        new IllegalStateException(
                                "node %s: nobody in region %s gets the half, expected its root"
                                        .formatted(puller.node(), puller.region())));
    }

    private Optional<Member> slot(List<Member> there, Member puller, ContentHalf half) {
        Comparator<Member> nearest =
                Comparator.<Member, Boolean>comparing(source -> source.isFarBehind(puller))
                        .thenComparingInt(trees.depth(half));
        return there.stream()
                .filter(source -> isMeantFor(source, half))
                .min(nearest)
                .or(() -> there.stream().filter(trees::hasFreeSlot).min(nearest))
                .or(() -> third(there));
    }

    /** Whether it has a slot that nodes which are loose in this tree take first. */
    private boolean isMeantFor(Member source, ContentHalf half) {
        return trees.hasFreeSlot(source)
                && (isTop(source)
                        ? trees.of(half).children(source.node()).isEmpty()
                        : interior.get(source.node()) == half);
    }

    /**
     * Where one stream too many harms least: the lower a node, the fewer get less because of it.
     */
    private Optional<Member> third(List<Member> there) {
        return there.stream()
                .filter(trees::maySend)
                .min(
                        Comparator.comparingInt(trees::sends)
                                .thenComparing(
                                        source -> trees.height(source), Comparator.reverseOrder()));
    }
}
