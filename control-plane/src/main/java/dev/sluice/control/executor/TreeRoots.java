package dev.sluice.control.executor;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.RegionId;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Who pulls across the link into each region: one node, both halves, so that the link carries each
 * half once. A region with a holder needs none.
 */
final class TreeRoots {

    private final TwoTrees trees;
    private final RelayView view;

    /** Each may pull from the ones before it, and so never from itself. */
    private final List<RegionId> regions;

    private final Map<RegionId, Member> roots = new HashMap<>();
    private final Set<RegionId> entered = new HashSet<>();

    TreeRoots(TwoTrees trees) {
        this.trees = trees;
        this.view = trees.view();
        this.regions =
                trees.pullers().stream().map(Member::region).distinct().sorted(order()).toList();
    }

    /** In the order in which they are placed. */
    List<RegionId> regions() {
        return regions;
    }

    /**
     * The origin's region first. Without an origin those with a holder stand before the others,
     * which can pull from them then.
     */
    private Comparator<RegionId> order() {
        return Comparator.<RegionId, Boolean>comparing(
                        region -> !view.originHas() && !trees.hasHolder(region))
                .thenComparing(region -> !region.equals(view.originRegion()))
                .thenComparing(Comparator.naturalOrder());
    }

    boolean isRoot(Member member) {
        return member.equals(roots.get(member.region()));
    }

    /** Who crosses the link into a region now goes on with it, one of them, with both halves. */
    void keep(RegionId region) {
        if (trees.hasHolder(region)) {
            return;
        }
        trees.pullersIn(region).stream()
                .filter(puller -> crossings(puller) > 0)
                .max(
                        Comparator.comparingInt(this::crossings)
                                .thenComparingInt(trees::sends)
                                .thenComparing(trees.rank().reversed()))
                .ifPresent(root -> {
                    roots.put(region, root);
                    for (ContentHalf half : ContentHalf.values()) {
                        trees.of(half).leave(root.node());
                        Upstream now = root.source(half);
                        if (now != null && crossesNow(root, half)) {
                            trees.of(half).join(root.node(), now);
                        }
                    }
                });
    }

    private int crossings(Member puller) {
        return (int)
                Stream.of(ContentHalf.values()).filter(half -> crossesNow(puller, half)).count();
    }

    private boolean crossesNow(Member puller, ContentHalf half) {
        return switch (puller.source(half)) {
            case Upstream.Origin _ -> view.originHas();
            case Upstream.Node(var id) ->
                    trees.source(id)
                            .filter(source -> isBefore(source, puller.region()))
                            .filter(source -> trees.isOfUse(source, puller))
                            .isPresent();
            case null -> false;
        };
    }

    /** Whether a node of another region never pulls from this region, in any way. */
    boolean isBefore(Member source, RegionId region) {
        return !source.region().equals(region)
                && (source.complete()
                        || regions.indexOf(source.region()) < regions.indexOf(region));
    }

    /**
     * A region's root pulls from outside what it does not pull from there now. All of the regions
     * before it are placed.
     */
    void enter(RegionId region) {
        entered.add(region);
        if (trees.hasHolder(region)) {
            return;
        }
        Member root = roots.computeIfAbsent(region, this::newRoot);
        for (ContentHalf half : ContentHalf.values()) {
            if (trees.of(half).parent(root.node()) instanceof Upstream.Node(var id)
                    && trees.known(id).region().equals(region)) {
                trees.of(half).leave(root.node());
            }
        }
        for (ContentHalf half : ContentHalf.values()) {
            if (trees.of(half).parent(root.node()) == null) {
                trees.of(half).join(root.node(), outside(root, half));
            }
        }
    }

    /** A root pulls a half from another source, which it gets in its turn, or at once after it. */
    void changeSource(Member root, ContentHalf half) {
        trees.of(half).leave(root.node());
        if (entered.contains(root.region())) {
            trees.of(half).join(root.node(), outside(root, half));
        }
    }

    /** The best of those that lack a parent. */
    private Member newRoot(RegionId region) {
        return trees.pullersIn(region).stream()
                .filter(puller ->
                        Stream.of(ContentHalf.values())
                                .anyMatch(half -> trees.of(half).parent(puller.node()) == null))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalStateException(
                                "region %s: every node has both parents, expected a head of each tree"
                                        .formatted(region)));
    }

    private Upstream outside(Member root, ContentHalf half) {
        if (root.region().equals(view.originRegion()) && view.originHas()) {
            return RelayView.ORIGIN;
        }
        return withRoom(root, half)
                .<Upstream>map(source -> new Upstream.Node(source.node()))
                .or(() -> view.originHas() ? Optional.of(RelayView.ORIGIN) : Optional.empty())
                .or(() -> leastBusy(root, half).map(source -> new Upstream.Node(source.node())))
                .orElseThrow(() ->
                        new IllegalStateException(
                                "node %s: nobody has the content, expected a holder"
                                        .formatted(root.node())));
    }

    /** Both halves come from one node when there is one with room for both. */
    private Optional<Member> withRoom(Member root, ContentHalf half) {
        int place = regions.indexOf(root.region());
        List<Upstream> now =
                Stream.of(ContentHalf.values())
                        .map(each -> trees.of(each).parent(root.node()))
                        .flatMap(Stream::ofNullable)
                        .toList();
        return regions.subList(0, place).stream()
                .flatMap(region -> trees.sourcesIn(region).stream())
                .filter(trees::hasFreeSlot)
                .filter(source -> !root.blames().contains(source.node()))
                .min(
                        Comparator.<Member, Boolean>comparing(
                                        source -> !now.contains(new Upstream.Node(source.node())))
                                .thenComparing(source -> now.isEmpty() && trees.sends(source) > 0)
                                .thenComparing(
                                        source -> !source.region().equals(regions.get(place - 1)))
                                .thenComparingInt(trees.depth(half)));
    }

    /** Where there is neither an origin nor room; it may send to more than it should then. */
    private Optional<Member> leastBusy(Member root, ContentHalf half) {
        return trees.sources().stream()
                .filter(source -> isBefore(source, root.region()))
                .min(
                        Comparator.<Member, Boolean>comparing(
                                        source -> root.blames().contains(source.node()))
                                .thenComparingInt(trees::sends)
                                .thenComparingInt(trees.depth(half)));
    }
}
