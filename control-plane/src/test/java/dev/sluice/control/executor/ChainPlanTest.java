package dev.sluice.control.executor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.RelayView.Member;
import dev.sluice.control.executor.RelayView.Upstream;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("PKG-4")
final class ChainPlanTest {

    private static final long SIZE = 1000;
    private static final RegionId EU = new RegionId("eu");
    private static final Upstream ORIGIN = new Upstream.Origin();

    private final Site site = new Site();

    /** Nodes that do what they are told, as far as a test lets them. */
    private static final class Site {
        private final SortedMap<NodeId, Member> members = new TreeMap<>();
        private final Set<NodeId> away = new HashSet<>();
        private final Map<NodeId, Long> uplinks = new HashMap<>();
        private boolean originHas = true;

        Site with(String... ids) {
            for (String id : ids) {
                put(new NodeId(id), 0, null, Set.of(), false);
            }
            return this;
        }

        void put(
                NodeId id,
                long present,
                @Nullable Upstream source,
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
                            uplinks.getOrDefault(id, 0L),
                            source,
                            null,
                            blames));
        }

        void sends(String id, long bytesPerSecond) {
            NodeId node = new NodeId(id);
            uplinks.put(node, bytesPerSecond);
            Member now = members.get(node);
            put(node, now == null ? 0 : now.present(), null, Set.of(), false);
        }

        void has(String id, long present) {
            NodeId node = new NodeId(id);
            Member now = members.get(node);
            put(node, present, now == null ? null : now.source(), Set.of(), false);
        }

        void last(String id) {
            put(new NodeId(id), 0, null, Set.of(), true);
        }

        void blames(String id, String other) {
            Member now = in(members, new NodeId(id));
            put(new NodeId(id), now.present(), now.source(), Set.of(new NodeId(other)), false);
        }

        List<Member> there() {
            return members.values().stream().filter(m -> !away.contains(m.node())).toList();
        }

        SortedMap<NodeId, List<Upstream>> plan() {
            return ChainPlan.of(members.keySet(), new RelayView(there(), EU, originHas));
        }

        /** Everybody pulls from whom the plan says. */
        SortedMap<NodeId, List<Upstream>> follow() {
            SortedMap<NodeId, List<Upstream>> plan = plan();
            plan.forEach((id, sources) -> {
                Member now = members.get(id);
                if (now != null) {
                    put(id, now.present(), sources.getFirst(), Set.of(), now.goesLast());
                }
            });
            return plan;
        }

        /** Parents in words: {@code eu-1<origin eu-2<eu-1}. */
        String line() {
            StringBuilder text = new StringBuilder();
            follow().forEach((id, sources) ->
                    text.append(text.isEmpty() ? "" : " ")
                            .append(id)
                            .append('<')
                            .append(name(sources.getFirst())));
            return text.toString();
        }
    }

    private static <T> T in(Map<NodeId, T> map, NodeId id) {
        return Objects.requireNonNull(map.get(id), id.value());
    }

    private static String name(Upstream upstream) {
        return switch (upstream) {
            case Upstream.Origin _ -> "origin";
            case Upstream.Node(NodeId id) -> id.value();
        };
    }

    private List<String> sourcesOf(String id) {
        List<Upstream> sources = site.plan().get(new NodeId(id));
        return sources == null ? List.of() : sources.stream().map(ChainPlanTest::name).toList();
    }

    @Test
    void everyoneStartsAtOnceInOneLine() {
        site.with("eu-1", "eu-2", "eu-3", "us-1", "us-2", "ap-1");

        assertThat(site.line())
                .isEqualTo("ap-1<eu-3 eu-1<origin eu-2<eu-1 eu-3<eu-2 us-1<ap-1 us-2<us-1");
    }

    @Test
    void fallbacksAreTheParentsOfTheParentAndAtLastTheOrigin() {
        site.with("eu-1", "eu-2", "eu-3", "eu-4", "eu-5");

        assertThat(sourcesOf("eu-5")).containsExactly("eu-4", "eu-3", "eu-2", "origin");
        assertThat(sourcesOf("eu-2")).containsExactly("eu-1", "origin");
        assertThat(sourcesOf("eu-1")).containsExactly("origin");
    }

    @Test
    void mastersStandFirstAndThoseThatDrainLast() {
        site.with("eu-1", "eu-2", "eu-m", "eu-9");
        site.last("eu-1");

        assertThat(site.line()).isEqualTo("eu-1<eu-9 eu-2<eu-m eu-9<eu-2 eu-m<origin");
    }

    @Test
    void whoHasMostStandsFirst() {
        site.with("eu-1", "eu-2", "eu-3");
        site.has("eu-3", 700);
        site.has("eu-2", 300);

        assertThat(site.line()).isEqualTo("eu-1<eu-2 eu-2<eu-3 eu-3<origin");
    }

    @Test
    void ofThoseThatHaveNothingTheBestUplinkStandsFirst() {
        site.with("eu-1", "eu-2", "eu-3");
        site.sends("eu-1", 1_000_000);
        site.sends("eu-2", 8_000_000);
        site.sends("eu-3", 4_000_000);

        assertThat(site.line()).isEqualTo("eu-1<eu-3 eu-2<origin eu-3<eu-2");
    }

    @Test
    void uplinksWithinAFactorOfTwoAreAlikeSoThatNoiseReordersNobody() {
        site.with("eu-1", "eu-2");
        site.sends("eu-1", 1 << 20);
        site.sends("eu-2", (2 << 20) - 1);

        assertThat(site.line()).isEqualTo("eu-1<origin eu-2<eu-1");
    }

    @Test
    void aNodeWhoseUplinkIsNotKnownStandsWhereItWillBeMeasured() {
        site.with("eu-1", "eu-2");
        site.sends("eu-1", 100_000_000);

        assertThat(site.line()).isEqualTo("eu-1<eu-2 eu-2<origin");
    }

    @Test
    void aPlanDoesNotChangeBecauseUplinksWereMeasured() {
        site.with("eu-1", "eu-2", "eu-3");
        String line = site.line();
        site.members
                .values()
                .forEach(member ->
                        site.uplinks.put(member.node(), 1L << (member.node().hashCode() & 31)));
        for (NodeId id : List.copyOf(site.members.keySet())) {
            site.has(id.value(), 0);
        }

        assertThat(site.line()).isEqualTo(line);
    }

    @Test
    void aPlanDoesNotChangeBecauseBytesCame() {
        site.with("eu-1", "eu-2", "eu-3", "us-1", "us-2");
        String line = site.line();
        Random random = new Random(1);
        for (int i = 0; i < 100; i++) {
            for (NodeId id : List.copyOf(site.members.keySet())) {
                site.has(id.value(), random.nextInt((int) SIZE));
            }
            assertThat(site.line()).isEqualTo(line);
        }
    }

    @Test
    void whoeverIsCompleteStaysAParent() {
        site.with("eu-1", "eu-2", "eu-3");
        site.line();
        site.has("eu-1", SIZE);

        assertThat(site.line()).isEqualTo("eu-2<eu-1 eu-3<eu-2");
    }

    @Test
    void aHolderIsTheOriginOfItsRegion() {
        site.with("eu-1", "us-1", "us-2", "us-3");
        site.has("us-2", SIZE);

        assertThat(site.line()).isEqualTo("eu-1<origin us-1<us-2 us-3<us-1");
    }

    @Test
    void aNodeThatDisconnectedIsPassedOverAndJoinsAtTheEnd() {
        site.with("eu-1", "eu-2", "eu-3", "eu-4");
        site.line();
        site.away.add(new NodeId("eu-2"));
        assertThat(site.line()).isEqualTo("eu-1<origin eu-3<eu-1 eu-4<eu-3");

        site.away.clear();
        site.put(new NodeId("eu-2"), 0, null, Set.of(), false);
        assertThat(site.line()).isEqualTo("eu-1<origin eu-2<eu-4 eu-3<eu-1 eu-4<eu-3");
    }

    @Test
    void whoWasGivenUpAsASourceGoesToTheEnd() {
        site.with("eu-1", "eu-2", "eu-3");
        site.line();
        site.put(new NodeId("eu-3"), 10, new Upstream.Node(new NodeId("eu-1")), Set.of(), false);
        site.put(new NodeId("eu-2"), 10, null, Set.of(), false);
        site.blames("eu-3", "eu-2");

        assertThat(site.line()).isEqualTo("eu-1<origin eu-2<eu-3 eu-3<eu-1");
    }

    @Test
    void theSecondOfARegionCrossesTheLinkWhenTheFirstIsGone() {
        site.with("eu-1", "us-1", "us-2", "us-3");
        site.line();
        site.away.add(new NodeId("us-1"));

        assertThat(site.line()).isEqualTo("eu-1<origin us-2<eu-1 us-3<us-2");
    }

    @Test
    void withoutAnOriginThoseThatHaveItServe() {
        site.with("eu-1", "eu-2", "us-1");
        site.has("us-1", SIZE);
        site.originHas = false;

        assertThat(site.line()).isEqualTo("eu-1<us-1 eu-2<eu-1");
    }

    @Test
    void whereNobodyHasItNobodyIsToldAnything() {
        site.with("eu-1");
        site.originHas = false;

        assertThat(site.plan()).isEmpty();
    }

    static LongStream seeds() {
        return LongStream.range(0, 500);
    }

    /** A site in which anything may be reported, even what cannot be. */
    private static Site anything(Random random) {
        Site site = new Site();
        List<NodeId> ids = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(25); i++) {
            ids.add(new NodeId(List.of("eu", "us", "ap", "sa").get(random.nextInt(4)) + "-" + i));
        }
        for (NodeId id : ids) {
            Upstream source =
                    switch (random.nextInt(4)) {
                        case 0 -> null;
                        case 1 -> ORIGIN;
                        default -> new Upstream.Node(ids.get(random.nextInt(ids.size())));
                    };
            Set<NodeId> blames =
                    random.nextInt(5) == 0 ? Set.of(ids.get(random.nextInt(ids.size()))) : Set.of();
            long present = random.nextInt(6) == 0 ? SIZE : random.nextInt((int) SIZE);
            site.put(id, present, source, blames, random.nextInt(8) == 0);
            if (random.nextInt(10) == 0) {
                site.away.add(id);
            }
        }
        return site;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyNodeReachesAnOriginAndEachLinkIsCrossedByOne(long seed) {
        Site site = anything(new Random(seed));
        check(site, site.plan());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aPlanThatIsFollowedIsNotChanged(long seed) {
        Site site = anything(new Random(seed));
        SortedMap<NodeId, List<Upstream>> first = site.follow();
        SortedMap<NodeId, List<Upstream>> second = site.follow();

        assertThat(parents(second)).isEqualTo(parents(first));
        check(site, second);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyNodeEndsCompleteThoughNodesComeAndGo(long seed) {
        Random random = new Random(seed);
        Site site = new Site();
        for (int i = 0; i < 1 + random.nextInt(20); i++) {
            site.with(List.of("eu", "us", "ap").get(random.nextInt(3)) + "-" + i);
        }
        int failures = 15;
        for (int round = 0; site.members.values().stream().anyMatch(m -> !m.complete()); round++) {
            assertThat(round).as("rounds").isLessThan(2000);
            if (failures > 0 && random.nextInt(4) == 0) {
                failures--;
                List<NodeId> ids = List.copyOf(site.members.keySet());
                NodeId id = ids.get(random.nextInt(ids.size()));
                if (!site.away.remove(id)) {
                    site.away.add(id);
                }
            } else if (failures == 0) {
                site.away.clear();
            }
            SortedMap<NodeId, List<Upstream>> plan = site.follow();
            check(site, plan);
            transfer(site, plan, random);
        }
    }

    /** Each pulls what its parent has, up to 200 bytes. */
    private static void transfer(Site site, SortedMap<NodeId, List<Upstream>> plan, Random random) {
        List<NodeId> order = new ArrayList<>(plan.keySet());
        Collections.shuffle(order, random);
        for (NodeId id : order) {
            long there =
                    in(plan, id).getFirst() instanceof Upstream.Node(NodeId from)
                            ? in(site.members, from).present()
                            : SIZE;
            long present = in(site.members, id).present();
            site.has(id.value(), Math.max(present, Math.min(there, present + 200)));
        }
    }

    private static Map<NodeId, Upstream> parents(SortedMap<NodeId, List<Upstream>> plan) {
        Map<NodeId, Upstream> parents = new HashMap<>();
        plan.forEach((id, sources) -> parents.put(id, sources.getFirst()));
        return parents;
    }

    private static void check(Site site, SortedMap<NodeId, List<Upstream>> plan) {
        Map<NodeId, Member> there = new HashMap<>();
        site.there().forEach(m -> there.put(m.node(), m));
        Collection<NodeId> pullers =
                site.there().stream().filter(m -> !m.complete()).map(Member::node).toList();
        assertThat(plan.keySet()).containsExactlyInAnyOrderElementsOf(pullers);
        Map<Upstream, Integer> children = new HashMap<>();
        Map<RegionId, Integer> crossings = new HashMap<>();
        plan.forEach((id, sources) -> {
            assertThat(sources)
                    .hasSizeBetween(1, RelayView.MAX_SOURCES)
                    .doesNotHaveDuplicates()
                    .contains(ORIGIN)
                    .doesNotContain(new Upstream.Node(id));
            children.merge(sources.getFirst(), 1, Integer::sum);
            RegionId from =
                    sources.getFirst() instanceof Upstream.Node(NodeId parent)
                            ? in(there, parent).region()
                            : null;
            RegionId to = in(there, id).region();
            if (!to.equals(from)) {
                crossings.merge(to, 1, Integer::sum);
            }
            reachesAnOrigin(id, plan, there);
        });
        assertThat(crossings.values()).as("into each region").allMatch(count -> count == 1);
        children.forEach((parent, count) -> {
            if (parent instanceof Upstream.Node) {
                assertThat(count).as("children").isLessThanOrEqualTo(ChainPlan.MAX_CHILDREN);
            }
        });
    }

    private static void reachesAnOrigin(
            NodeId id, SortedMap<NodeId, List<Upstream>> plan, Map<NodeId, Member> there) {
        Set<NodeId> seen = new HashSet<>();
        NodeId at = id;
        while (!in(there, at).complete()) {
            assertThat(seen.add(at)).as("%s stands in a circle", at).isTrue();
            if (!(in(plan, at).getFirst() instanceof Upstream.Node(NodeId above))) {
                return;
            }
            at = above;
        }
    }
}
