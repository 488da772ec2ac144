package dev.sluice.control.executor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.AgentCommand.Location;
import dev.sluice.control.executor.DistributionRules.Decision;
import dev.sluice.control.executor.DistributionRules.Pull;
import dev.sluice.control.executor.DistributionRules.View;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class DistributionRulesTest {

    private static final String CONTENT = "ab".repeat(32);
    private static final Location PRIMARY = new Location("m-a", "m-a:7443");

    /** A cluster whose primary is in region eu, and the pulls that run in it. */
    private static final class Site {
        final SortedMap<NodeId, NodeObservation> observed = new TreeMap<>();
        final SortedMap<NodeId, RegionId> regions = new TreeMap<>();
        final List<Pull> running = new ArrayList<>();
        int crossings;

        Site() {
            regions.put(new NodeId("m-a"), new RegionId("eu"));
        }

        Site with(String region, String... nodes) {
            for (String node : nodes) {
                regions.put(new NodeId(node), new RegionId(region));
                put(node, true, 0);
            }
            return this;
        }

        void put(String node, boolean connected, long present) {
            boolean complete = present == 100;
            NodeFacts facts =
                    new NodeFacts(
                            new TreeMap<>(),
                            present == 0
                                    ? List.of()
                                    : List.of(
                                            new NodeFacts.Staged(CONTENT, present, 100, complete)),
                            new NodeFacts.Service(true, "", true, "", ""),
                            true,
                            new TreeMap<>(),
                            "",
                            0,
                            "",
                            "",
                            new TreeMap<>(),
                            0,
                            "",
                            "");
            NodeId id = new NodeId(node);
            observed.put(
                    id,
                    new NodeObservation(
                            id, 1, connected, null, facts, Duration.ZERO, "1", node + ":7444"));
        }

        Site holding(String... nodes) {
            for (String node : nodes) {
                put(node, true, 100);
            }
            return this;
        }

        Site disconnected(String node) {
            put(node, false, 0);
            return this;
        }

        Site pulling(String node, String source) {
            running.add(new Pull(new NodeId(node), CONTENT, source));
            return this;
        }

        View view() {
            return new View(observed, regions, new RegionId("eu"), PRIMARY, running);
        }

        Decision decide(String node) {
            return DistributionRules.decide(new NodeId(node), CONTENT, view());
        }

        String sourcesOf(String node) {
            return ((Decision.PullFrom) decide(node))
                    .sources().stream().map(Location::node).toList().toString();
        }

        NodeObservation seen(NodeId node) {
            return requireNonNull(observed.get(node));
        }

        boolean holds(NodeId node) {
            return requireNonNull(seen(node).facts()).hasStaged(CONTENT);
        }

        List<NodeId> observedIds() {
            return List.copyOf(observed.keySet());
        }

        List<NodeId> connectedIds() {
            return observed.values().stream()
                    .filter(NodeObservation::connected)
                    .map(NodeObservation::node)
                    .toList();
        }

        String region(String node) {
            return requireNonNull(regions.get(new NodeId(node))).value();
        }
    }

    @Test
    void theFirstNodeOfARegionPullsFromThePrimary() {
        Site site = new Site().with("us", "us-1", "us-2");

        assertThat(site.sourcesOf("us-1")).isEqualTo("[m-a]");
    }

    @Test
    @Tag("PKG-4")
    void theOthersOfTheRegionWaitForIt() {
        Site site = new Site().with("us", "us-1", "us-2").pulling("us-1", "m-a");

        assertThat(site.decide("us-2"))
                .isEqualTo(
                        new Decision.WaitFor(
                                new NodeId("us-1"), "us-1 is pulling it into region us"));
    }

    @Test
    @Tag("PKG-4")
    void theNextTakesOverWhenThePullerIsGone() {
        Site site =
                new Site().with("us", "us-1", "us-2").pulling("us-1", "m-a").disconnected("us-1");

        assertThat(site.sourcesOf("us-2")).isEqualTo("[m-a]");
    }

    @Test
    void insideARegionNodesPullFromOneAnotherAndFallBackToThePrimary() {
        Site site =
                new Site().with("us", "us-1", "us-2").with("ap", "ap-1").holding("us-1", "ap-1");

        assertThat(site.sourcesOf("us-2")).isEqualTo("[us-1, m-a, ap-1]");
    }

    @Test
    void theLeastLoadedSourceComesFirst() {
        Site site =
                new Site()
                        .with("us", "us-1", "us-2", "us-3", "us-4")
                        .holding("us-1", "us-2")
                        .pulling("us-3", "us-1");

        assertThat(site.sourcesOf("us-4")).isEqualTo("[us-2, us-1, m-a]");
    }

    @Test
    void aSourceServesTwoAtATimeAndTheNextWaits() {
        Site site =
                new Site()
                        .with("us", "us-1", "us-2", "us-3", "us-4")
                        .holding("us-1")
                        .pulling("us-2", "us-1")
                        .pulling("us-3", "us-1");

        assertThat(site.decide("us-4"))
                .isEqualTo(
                        new Decision.WaitFor(
                                new NodeId("us-2"),
                                "every source serves 2 already; us-2 is one of them"));
    }

    @Test
    void anotherRegionServesWhenThePrimaryIsBusy() {
        Site site =
                new Site()
                        .with("us", "us-1")
                        .with("ap", "ap-1")
                        .with("af", "af-1")
                        .with("sa", "sa-1")
                        .holding("sa-1")
                        .pulling("us-1", "m-a")
                        .pulling("ap-1", "m-a");

        assertThat(site.sourcesOf("af-1")).isEqualTo("[sa-1, m-a]");
    }

    @Test
    @Tag("PKG-4")
    void whatANodeAlreadyHasIsNotSentAgain() {
        assertThat(new Site().with("us", "us-1").holding("us-1").decide("us-1"))
                .isEqualTo(new Decision.Complete());
    }

    @Test
    @Tag("PKG-4")
    void theNodeThatHasMostOfItGoesFirst() {
        Site site = new Site().with("us", "us-1", "us-2", "us-3");
        site.put("us-2", true, 60);

        Map<NodeId, Decision> decisions =
                DistributionRules.assign(site.observedIds(), CONTENT, site.view());

        assertThat(decisions.get(new NodeId("us-2"))).isInstanceOf(Decision.PullFrom.class);
        assertThat(decisions.get(new NodeId("us-1"))).isInstanceOf(Decision.WaitFor.class);
        assertThat(decisions.get(new NodeId("us-3"))).isInstanceOf(Decision.WaitFor.class);
    }

    static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Tag("PKG-4")
    void everyNodeEndsCompleteAndEachRegionLinkIsCrossedOnce(long seed) {
        Random random = new Random(seed);
        Site site = randomSite(random);

        distribute(site, random, 0);

        long otherRegions =
                site.observed.keySet().stream()
                        .map(node -> site.region(node.value()))
                        .filter(region -> !region.equals("eu"))
                        .distinct()
                        .count();
        assertThat(site.crossings).isEqualTo((int) otherRegions);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Tag("PKG-4")
    void everyNodeEndsCompleteThoughPullersFailAndDisappear(long seed) {
        Random random = new Random(seed);

        distribute(randomSite(random), random, 20);
    }

    private static Site randomSite(Random random) {
        Site site = new Site();
        String[] regions = {"eu", "us", "ap", "sa", "af"};
        int count = 1 + random.nextInt(30);
        for (int i = 0; i < count; i++) {
            String region = regions[random.nextInt(regions.length)];
            site.with(region, region + "-" + i);
        }
        return site;
    }

    /** Runs a distribution to its end; so many times at most something fails on the way. */
    private static void distribute(Site site, Random random, int failures) {
        int left = failures;
        for (int round = 0; !complete(site); round++) {
            assertThat(round).as("rounds").isLessThan(1000);
            List<NodeId> wanting = new ArrayList<>(site.connectedIds());
            site.running.forEach(pull -> wanting.remove(pull.puller()));
            DistributionRules.assign(wanting, CONTENT, site.view())
                    .forEach((node, decision) -> begin(site, node, decision));
            assertThat(site.running.isEmpty() && left == failures && !complete(site))
                    .as("stuck in round %d", round)
                    .isFalse();
            if (left > 0 && random.nextInt(3) == 0) {
                left--;
                fail(site, random);
            } else {
                finishOne(site, random);
            }
        }
    }

    private static void begin(Site site, NodeId node, Decision decision) {
        if (decision instanceof Decision.PullFrom(List<Location> sources)) {
            String from = sources.getFirst().node();
            site.running.add(new Pull(node, CONTENT, from));
            if (!site.region(from).equals(site.region(node.value()))) {
                site.crossings++;
            }
            assertThat(sources).contains(PRIMARY);
            assertThat(site.running)
                    .filteredOn(pull -> pull.source().equals(from))
                    .filteredOn(pull -> site.seen(pull.puller()).connected())
                    .hasSizeLessThanOrEqualTo(DistributionRules.MAX_PULLS_PER_SOURCE);
        }
    }

    private static void finishOne(Site site, Random random) {
        if (!site.running.isEmpty()) {
            Pull done = site.running.remove(random.nextInt(site.running.size()));
            site.put(done.puller().value(), true, 100);
        }
    }

    /** A puller's pull fails, or a node disappears, or one that did comes back. */
    private static void fail(Site site, Random random) {
        List<NodeId> nodes = List.copyOf(site.observed.keySet());
        NodeId node = nodes.get(random.nextInt(nodes.size()));
        boolean holds = site.holds(node);
        if (random.nextBoolean()) {
            site.running.removeIf(pull -> pull.puller().equals(node));
        } else {
            site.put(node.value(), !site.seen(node).connected(), holds ? 100 : 0);
        }
    }

    /** Whoever is connected; and at the end of all failures the rest comes back. */
    private static boolean complete(Site site) {
        boolean all = site.connectedIds().stream().allMatch(node -> site.holds(node));
        if (all) {
            for (NodeId node : List.copyOf(site.observed.keySet())) {
                if (!site.seen(node).connected()) {
                    boolean holds = site.holds(node);
                    site.running.removeIf(pull -> pull.puller().equals(node));
                    site.put(node.value(), true, holds ? 100 : 0);
                    all &= holds;
                }
            }
        }
        return all;
    }
}
