package dev.sluice.control.executor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("PKG-4")
final class TreePlanTest {

    private final TreeSite site = new TreeSite();

    @Test
    void aloneANodePullsBothHalvesFromTheOrigin() {
        assertThat(site.with("eu-1").trees()).isEqualTo("eu-1<origin,origin");
        assertThat(site.sourcesOf("eu-1", ContentHalf.FIRST)).containsExactly("origin");
    }

    @Test
    void ofTwoOneFeedsTheOther() {
        assertThat(site.with("eu-1", "eu-2").trees())
                .isEqualTo("eu-1<origin,origin eu-2<eu-1,eu-1");
        assertThat(site.sourcesOf("eu-2", ContentHalf.SECOND)).containsExactly("eu-1", "origin");
    }

    /** In the first tree those with even numbers have children, in the second the others. */
    @Test
    void everyNodeHasChildrenInOneTreeAndIsALeafInTheOther() {
        assertThat(site.with("eu", 7).trees())
                .isEqualTo(
                        "eu-01<origin,origin eu-02<eu-01,eu-05 eu-03<eu-04,eu-01 eu-04<eu-02,eu-05 eu-05<eu-04,eu-03 eu-06<eu-02,eu-07 eu-07<eu-06,eu-03");
    }

    @Test
    void theRootOfTheNextRegionPullsBothHalvesFromOneNodeThatHasRoom() {
        assertThat(site.with("eu", 4).with("us", 2).with("ap", 1).trees())
                .isEqualTo(
                        "ap-01<eu-04,eu-04 eu-01<origin,origin eu-02<eu-01,eu-03 eu-03<eu-02,eu-01 eu-04<eu-02,eu-03 us-01<ap-01,ap-01 us-02<us-01,us-01");
    }

    @Test
    void theRootOfTheNextRegionPullsFromTwoNodesWhenNoneHasRoomForBothHalves() {
        assertThat(site.with("eu", 3).with("us", 1).trees())
                .isEqualTo(
                        "eu-01<origin,origin eu-02<eu-01,eu-03 eu-03<eu-02,eu-01 us-01<eu-02,eu-03");
    }

    @Test
    void mastersStandFirstAndThoseThatDrainAreLeaves() {
        site.with("eu-1", "eu-2", "eu-3", "eu-m", "eu-5", "eu-6");
        site.last("eu-1");

        assertThat(site.trees())
                .startsWith("eu-1<")
                .endsWith("eu-m<origin,origin")
                .doesNotContain("<eu-1", ",eu-1");
    }

    @Test
    void ofTwoSiblingsOneFallsBackToTheGrandparentAndTheOtherToANodeWithRoom() {
        site.with("eu", 9);

        assertThat(site.sourcesOf("eu-04", ContentHalf.FIRST))
                .as("of eu-02, whose parent is eu-01")
                .containsExactly("eu-02", "eu-01", "origin");
        assertThat(site.sourcesOf("eu-06", ContentHalf.FIRST))
                .as("its sibling; eu-08 has room, and gets nothing from it")
                .containsExactly("eu-02", "eu-08", "eu-01", "origin");
        assertThat(site.sourcesOf("eu-09", ContentHalf.FIRST))
                .as("deeper, with more ancestors")
                .containsExactly("eu-08", "eu-04", "eu-02", "origin");
        assertThat(site.sourcesOf("eu-02", ContentHalf.FIRST))
                .as("the only child of the root")
                .containsExactly("eu-01", "origin");
    }

    @Test
    void whereNoNodeHasRoomBothSiblingsFallBackToTheGrandparent() {
        site.with("eu", 5).with("us", 1);

        assertThat(site.sourcesOf("eu-04", ContentHalf.FIRST).get(1)).isEqualTo("eu-01");
        assertThat(site.sourcesOf("eu-03", ContentHalf.FIRST).get(1)).isEqualTo("eu-01");
    }

    @Test
    void aHolderIsTheRootOfItsRegionAndNobodyCrossesTheLink() {
        site.with("eu", 2).with("us", 3);
        site.has("us-02", TreeSite.SIZE);

        assertThat(site.trees())
                .isEqualTo(
                        "eu-01<origin,origin eu-02<eu-01,eu-01 us-01<us-02,us-03 us-03<us-01,us-02");
    }

    @Test
    void severalHoldersShareTheirRegion() {
        site.with("eu", 4);
        site.has("eu-01", TreeSite.SIZE);
        site.has("eu-02", TreeSite.SIZE);

        assertThat(site.trees()).isEqualTo("eu-03<eu-01,eu-02 eu-04<eu-02,eu-01");
    }

    @Test
    void whereAllHaveItNobodyIsToldAnything() {
        site.has("eu-1", TreeSite.SIZE);
        site.has("us-1", TreeSite.SIZE);

        assertThat(site.plan()).isEmpty();
    }

    @Test
    void whereNobodyHasItNobodyIsToldAnything() {
        site.with("eu", 3);
        site.originHas = false;

        assertThat(site.plan()).isEmpty();
    }

    @Test
    void withoutAnOriginThoseThatHaveItServe() {
        site.with("eu", 2).with("us", 2);
        site.has("us-01", TreeSite.SIZE);
        site.originHas = false;

        assertThat(site.trees()).isEqualTo("eu-01<us-02,us-02 eu-02<eu-01,eu-01 us-02<us-01,us-01");
        assertThat(site.sourcesOf("eu-02", ContentHalf.FIRST))
                .containsExactly("eu-01", "us-02", "us-01");
    }

    @Test
    void aRegionWhoseOnlyMemberDrainsIsServedLikeAnother() {
        site.with("eu-1");
        site.last("us-1");

        assertThat(site.trees()).isEqualTo("eu-1<origin,origin us-1<eu-1,eu-1");
    }

    @Test
    void aMemberThatNeitherPullsNorHasEverythingIsNoSource() {
        site.with("eu-1", "eu-2");
        site.has("eu-0", 900);
        site.idle.add(new NodeId("eu-0"));
        site.put(new NodeId("eu-2"), 0, node("eu-0"), node("eu-0"), Set.of(), false);

        assertThat(site.trees()).isEqualTo("eu-1<origin,origin eu-2<eu-1,eu-1");
    }

    @Test
    void aPlanDoesNotChangeBecauseBytesCame() {
        site.with("eu", 12).with("us", 7).with("ap", 3);
        SortedMap<NodeId, TreePlan.Sources> plan = site.follow();
        Random random = new Random(1);
        for (int i = 0; i < 50; i++) {
            for (NodeId id : List.copyOf(site.members.keySet())) {
                site.has(id.value(), random.nextInt((int) TreeSite.SIZE));
            }
            assertThat(site.follow()).isEqualTo(plan);
        }
    }

    @Test
    void whoeverIsCompleteStaysAParentAndTheLinkIsNotCrossedAgain() {
        site.with("eu", 5);
        String trees = site.trees();
        site.has("eu-01", TreeSite.SIZE);

        assertThat("eu-01<origin,origin " + site.trees()).isEqualTo(trees);
    }

    @Test
    void oneOfTheDeadRootsChildrenCrossesTheLinkAndTheOtherPullsItsHalfFromIt() {
        site.with("eu", 7);
        site.trees();
        site.dies(new NodeId("eu-01"));

        assertThat(site.trees())
                .isEqualTo(
                        "eu-02<origin,origin eu-03<eu-04,eu-02 eu-04<eu-02,eu-05 eu-05<eu-04,eu-03 eu-06<eu-05,eu-07 eu-07<eu-06,eu-03");
    }

    @Test
    void ofTwoThatCrossTheLinkSinceTheRootDiedOneGoesOnWithBothHalves() {
        site.with("eu", 2).with("us", 7);
        site.trees();
        site.dies(new NodeId("us-01"));
        site.put(
                new NodeId("us-03"),
                10,
                site.member(new NodeId("us-03")).source(),
                node("eu-02"),
                Set.of(),
                false);
        SortedMap<NodeId, TreePlan.Sources> plan = site.plan();

        site.check(plan, TwoTrees.MAX_STREAMS);
        assertThat(site.crossing(TreeSite.parents(plan, ContentHalf.FIRST)))
                .containsExactly(new NodeId("eu-01"), new NodeId("us-03"));
        assertThat(TreeSite.parents(plan, ContentHalf.SECOND))
                .containsEntry(new NodeId("us-03"), node("eu-02"));
    }

    @Test
    void aNodeThatComesLaterPullsFromThoseThatHaveRoomAndMovesNobody() {
        site.with("eu", 6);
        String trees = site.trees();
        site.with("eu-07");

        assertThat(site.trees()).startsWith(trees);
        site.check(site.plan(), TwoTrees.SLOTS);
    }

    @Test
    void whoWasGivenUpAsASourceIsNoParentOfTheOneThatGaveItUp() {
        site.with("eu", 5);
        site.trees();
        site.blames("eu-03", "eu-02");
        SortedMap<NodeId, TreePlan.Sources> plan = site.plan();

        site.check(plan, TwoTrees.MAX_STREAMS);
        assertThat(site.sourcesOf("eu-03", ContentHalf.FIRST).getFirst()).isNotEqualTo("eu-02");
    }

    @Test
    void aNodeThatSendsToTooManyGivesOneToANodeWithRoom() {
        site.with("eu", 7);
        site.trees();
        site.put(new NodeId("eu-06"), 0, node("eu-01"), node("eu-07"), Set.of(), false);
        assertThat(site.member(new NodeId("eu-03")).secondSource()).isEqualTo(node("eu-01"));

        site.check(site.plan(), TwoTrees.SLOTS);
    }

    private static Upstream node(String id) {
        return new Upstream.Node(new NodeId(id));
    }

    static IntStream sizes() {
        return IntStream.rangeClosed(1, 70);
    }

    static LongStream seeds() {
        return LongStream.range(0, 500);
    }

    static LongStream fewSeeds() {
        return LongStream.range(0, 150);
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void bothTreesAreShallowAndNobodySendsMoreThanItReceives(int size) {
        site.with("eu", size);
        SortedMap<NodeId, TreePlan.Sources> plan = site.plan();

        site.check(plan, TwoTrees.SLOTS);
        int deepest = 3 + (int) Math.ceil(Math.log(size) / Math.log(2));
        for (ContentHalf half : ContentHalf.values()) {
            SortedMap<NodeId, Upstream> parents = TreeSite.parents(plan, half);
            assertThat(plan.keySet())
                    .allSatisfy(id ->
                            assertThat(site.path(parents, id)).hasSizeLessThanOrEqualTo(deepest));
        }
    }

    /** A site in which nobody pulls yet; one of some regions, with up to 70 nodes. */
    private static TreeSite fresh(Random random) {
        TreeSite site = new TreeSite();
        int regions = 1 + random.nextInt(4);
        int size = 1 + random.nextInt(70);
        for (int i = 0; i < size; i++) {
            NodeId id =
                    new NodeId(
                            "%s-%s%02d"
                                    .formatted(
                                            List.of("eu", "us", "ap", "sa")
                                                    .get(random.nextInt(regions)),
                                            random.nextInt(20) == 0 ? "m" : "",
                                            i));
            long present = random.nextBoolean() ? 0 : random.nextInt((int) TreeSite.SIZE);
            site.put(id, present, null, null, Set.of(), random.nextInt(10) == 0);
        }
        return site;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyNodeIsReachedTwiceAndEachLinkIsCrossedByOneRoot(long seed) {
        TreeSite site = fresh(new Random(seed));

        site.check(site.plan(), TwoTrees.SLOTS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aPlanThatIsFollowedIsNotChanged(long seed) {
        TreeSite site = fresh(new Random(seed));
        SortedMap<NodeId, TreePlan.Sources> first = site.follow();

        assertThat(site.plan()).isEqualTo(first);
    }

    @ParameterizedTest
    @MethodSource("fewSeeds")
    void theTreesAreMendedWhoeverGoes(long seed) {
        Random random = new Random(seed);
        TreeSite site = fresh(random);
        SortedMap<NodeId, TreePlan.Sources> before = site.follow();
        while (site.members.size() > 1) {
            List<NodeId> ids = List.copyOf(site.members.keySet());
            site.dies(ids.get(random.nextInt(ids.size())));
            SortedMap<NodeId, TreePlan.Sources> after = site.follow();

            site.check(after, TwoTrees.MAX_STREAMS);
            assertThat(site.plan()).isEqualTo(after);
            keepsParents(site, before, after);
            before = after;
        }
    }

    /** Parents that live are kept, but by a new root, and by what a full node gave to another. */
    private static void keepsParents(
            TreeSite site,
            SortedMap<NodeId, TreePlan.Sources> before,
            SortedMap<NodeId, TreePlan.Sources> after) {
        Map<NodeId, Integer> streams = TreeSite.streams(after);
        for (ContentHalf half : ContentHalf.values()) {
            SortedMap<NodeId, Upstream> now = TreeSite.parents(after, half);
            SortedSet<NodeId> roots = site.crossing(now);
            TreeSite.parents(before, half)
                    .forEach((id, parent) -> {
                        boolean lives =
                                site.members.containsKey(id)
                                        && (!(parent instanceof Upstream.Node(NodeId from))
                                                || site.members.containsKey(from));
                        if (lives && !parent.equals(now.get(id)) && !roots.contains(id)) {
                            assertThat(parent)
                                    .as("%s of %s, whose parent was %s", half, id, parent)
                                    .isInstanceOfSatisfying(
                                            Upstream.Node.class,
                                            from ->
                                                    assertThat(streams.get(from.id()))
                                                            .isGreaterThanOrEqualTo(
                                                                    TwoTrees.SLOTS));
                        }
                    });
        }
    }

    @ParameterizedTest
    @MethodSource("fewSeeds")
    void whoeverDiesItsChildrenGoWhereThereIsRoom(long seed) {
        Random random = new Random(seed);
        TreeSite site = fresh(random);
        SortedMap<NodeId, TreePlan.Sources> plan = site.plan();
        for (NodeId dead : plan.keySet()) {
            fallsBack(site, plan, dead, TwoTrees.SLOTS);
        }
        for (int i = 0; i < 10 && site.members.size() > 2; i++) {
            List<NodeId> ids = List.copyOf(site.members.keySet());
            site.dies(ids.get(random.nextInt(ids.size())));
            SortedMap<NodeId, TreePlan.Sources> mended = site.follow();
            for (NodeId dead : mended.keySet()) {
                fallsBack(site, mended, dead, TwoTrees.MAX_STREAMS);
            }
        }
    }

    /** Orphans take their second source before there is another plan. */
    private static void fallsBack(
            TreeSite site, SortedMap<NodeId, TreePlan.Sources> plan, NodeId dead, int most) {
        Upstream gone = new Upstream.Node(dead);
        Map<NodeId, Integer> streams = new HashMap<>(TreeSite.streams(plan));
        boolean hasSpares = true;
        for (ContentHalf half : ContentHalf.values()) {
            SortedMap<NodeId, Upstream> parents = TreeSite.parents(plan, half);
            parents.computeIfPresent(
                    dead,
                    (_, parent) -> {
                        if (parent instanceof Upstream.Node(NodeId above)) {
                            streams.merge(above, -1, Integer::sum);
                        }
                        return parent;
                    });
            List<Upstream> taken = new ArrayList<>();
            for (NodeId orphan : plan.keySet()) {
                if (!gone.equals(parents.get(orphan))) {
                    continue;
                }
                Upstream next = TreeSite.of(plan.get(orphan), half).get(1);
                if (next instanceof Upstream.Node(NodeId to)) {
                    assertThat(site.path(parents, to))
                            .as("path of the next source of %s", orphan)
                            .doesNotContain(orphan);
                    streams.merge(to, 1, Integer::sum);
                }
                hasSpares &= !taken.contains(next);
                taken.add(next);
            }
        }
        streams.remove(dead);
        int bound = hasSpares ? most : TwoTrees.MAX_STREAMS;
        assertThat(streams.values())
                .as("half-streams after the death of %s, %s", dead, streams)
                .allMatch(count -> count <= bound);
    }

    /** A site in which anything may be reported, even what cannot be. */
    private static TreeSite anything(Random random) {
        TreeSite site = new TreeSite();
        List<NodeId> ids = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(40); i++) {
            ids.add(new NodeId(List.of("eu", "us", "ap", "sa").get(random.nextInt(4)) + "-" + i));
        }
        for (NodeId id : ids) {
            Set<NodeId> blames =
                    random.nextInt(5) == 0 ? Set.of(ids.get(random.nextInt(ids.size()))) : Set.of();
            long present =
                    random.nextInt(12) == 0 ? TreeSite.SIZE : random.nextInt((int) TreeSite.SIZE);
            site.put(
                    id,
                    present,
                    anyone(random, ids),
                    anyone(random, ids),
                    blames,
                    random.nextInt(8) == 0);
            if (random.nextInt(10) == 0) {
                site.idle.add(id);
            }
        }
        site.originHas =
                random.nextInt(3) > 0 || site.members.values().stream().noneMatch(Member::complete);
        return site;
    }

    private static @Nullable Upstream anyone(Random random, List<NodeId> ids) {
        return switch (random.nextInt(4)) {
            case 0 -> null;
            case 1 -> RelayView.ORIGIN;
            default -> new Upstream.Node(ids.get(random.nextInt(ids.size())));
        };
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whateverIsReportedEveryNodeIsReached(long seed) {
        TreeSite site = anything(new Random(seed));
        site.check(site.follow(), TwoTrees.MAX_STREAMS);

        SortedMap<NodeId, TreePlan.Sources> second = site.follow();
        site.check(second, TwoTrees.MAX_STREAMS);
        assertThat(site.plan()).isEqualTo(second);
    }
}
