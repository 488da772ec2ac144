package dev.sluice.control.executor;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What each node is told of both trees: its parent, and where it goes until there is another plan
 * when that one fails. Of the children of one node only one goes to the grandparent, whose slot is
 * free then; the others go to a node with a slot to spare, so that nobody sends to more than it
 * can. Which of them does not depend on how much anyone has: each change is told to the nodes.
 */
final class TreeSources {

    private final TwoTrees trees;

    /** Those that can send to one more, by region; few of many. */
    private final Map<RegionId, List<Member>> withRoom;

    /**
     * @param trees which do not change any more
     */
    TreeSources(TwoTrees trees) {
        this.trees = trees;
        this.withRoom =
                trees.sources().stream()
                        .filter(trees::hasFreeSlot)
                        .collect(Collectors.groupingBy(Member::region));
    }

    /** Best first. */
    List<Upstream> of(Member puller, ContentHalf half) {
        HalfTree tree = trees.of(half);
        List<Upstream> sources = new ArrayList<>();
        if (tree.parent(puller.node()) instanceof Upstream.Node parent) {
            sources.add(parent);
            if (!isHeir(puller, parent.id(), half)) {
                spare(puller, parent.id(), half)
                        .ifPresent(spare -> sources.add(new Upstream.Node(spare.node())));
            }
            NodeId at = parent.id();
            while (sources.size() < RelayView.MAX_SOURCES - 1
                    && tree.parent(at) instanceof Upstream.Node above) {
                if (!sources.contains(above)) {
                    sources.add(above);
                }
                at = above.id();
            }
        }
        Optional<Upstream> last =
                trees.view().originHas() ? Optional.of(RelayView.ORIGIN) : trees.anyHolder(puller);
        last.filter(source -> !sources.contains(source)).ifPresent(sources::add);
        return sources;
    }

    /** Whether it is the one of its parent's children that goes to the grandparent. */
    private boolean isHeir(Member puller, NodeId parent, ContentHalf half) {
        List<Member> siblings =
                trees.of(half).children(parent).stream()
                        .map(trees::known)
                        .sorted(Comparator.comparing(Member::node))
                        .toList();
        return siblings.stream()
                .min(
                        Comparator.comparingLong(heir ->
                                siblings.stream()
                                        .filter(other -> !other.equals(heir))
                                        .filter(other -> spare(other, parent, half).isEmpty())
                                        .count()))
                .filter(heir -> heir.equals(puller))
                .isPresent();
    }

    /** A node of the parent's region that could send to one more and gets nothing from this one. */
    private Optional<Member> spare(Member puller, NodeId parent, ContentHalf half) {
        HalfTree tree = trees.of(half);
        return withRoom.getOrDefault(trees.known(parent).region(), List.of()).stream()
                .filter(spare -> !spare.node().equals(parent))
                .filter(spare -> !new Upstream.Node(spare.node()).equals(tree.parent(parent)))
                .filter(spare -> !puller.blames().contains(spare.node()))
                .filter(spare -> !tree.isUnder(spare.node(), puller.node()))
                .min(
                        Comparator.comparingInt(trees.depth(half))
                                .thenComparing(Member::goesLast)
                                .thenComparing(Member::node));
    }
}
