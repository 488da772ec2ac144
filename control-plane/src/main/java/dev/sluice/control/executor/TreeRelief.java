package dev.sluice.control.executor;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.RegionId;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What is done about nodes that send to more than their uplink is for. */
final class TreeRelief {

    private record Edge(ContentHalf half, Member child) {}

    private final TwoTrees trees;
    private final TreeRoots roots;

    TreeRelief(TwoTrees trees, TreeRoots roots) {
        this.trees = trees;
        this.roots = roots;
    }

    /**
     * Children of a region's nodes that send to too many go to where there is room, as far as there
     * is; each that goes makes one stream too many fewer.
     */
    void relieve(RegionId region) {
        boolean hasMoved = true;
        while (hasMoved) {
            hasMoved =
                    trees.sourcesIn(region).stream()
                            .filter(source -> trees.sends(source) > TwoTrees.SLOTS)
                            .anyMatch(this::losesOne);
        }
    }

    private boolean losesOne(Member source) {
        for (Edge edge : movable(source)) {
            Optional<Member> other = roomFor(edge, source.region());
            if (other.isPresent()) {
                HalfTree tree = trees.of(edge.half());
                tree.leave(edge.child().node());
                tree.join(edge.child().node(), new Upstream.Node(other.get().node()));
                return true;
            }
        }
        return false;
    }

    private Optional<Member> roomFor(Edge edge, RegionId region) {
        HalfTree tree = trees.of(edge.half());
        Member child = edge.child();
        return trees.sourcesIn(region).stream()
                .filter(trees::hasFreeSlot)
                .filter(to -> tree.isRooted(to.node()))
                .filter(to ->
                        to.region().equals(child.region()) || roots.isBefore(to, child.region()))
                .filter(to -> !tree.isUnder(to.node(), child.node()))
                .filter(to -> !child.blames().contains(to.node()))
                .filter(to -> !to.isFarBehind(child))
                .min(Comparator.comparingInt(trees.depth(edge.half())));
    }

    /** Those first that do not pull from it yet, then those of the region, the worst first. */
    private List<Edge> movable(Member source) {
        Upstream here = new Upstream.Node(source.node());
        return Stream.of(ContentHalf.values())
                .flatMap(half ->
                        trees.of(half).children(source.node()).stream()
                                .map(child -> new Edge(half, trees.known(child))))
                .sorted(
                        Comparator.<Edge, Boolean>comparing(
                                        edge -> here.equals(edge.child().source(edge.half())))
                                .thenComparing(edge -> roots.isRoot(edge.child()))
                                .thenComparing(Edge::child, trees.rank().reversed()))
                .toList();
    }

    /**
     * Takes a child from one of those that get the half, all of which send to as many as they may:
     * the root of another region, else one that gets the other half and is to be placed anew.
     */
    void makeRoom(List<Member> there, ContentHalf half) {
        there.reversed().stream()
                .flatMap(source -> movable(source).stream())
                .filter(edge -> edge.half() != half || roots.isRoot(edge.child()))
                .min(Comparator.comparing(edge -> !roots.isRoot(edge.child())))
                .ifPresent(edge -> {
                    if (roots.isRoot(edge.child())) {
                        roots.changeSource(edge.child(), edge.half());
                    } else {
                        trees.of(edge.half()).leave(edge.child().node());
                    }
                });
    }
}
