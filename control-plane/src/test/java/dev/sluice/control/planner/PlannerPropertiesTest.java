package dev.sluice.control.planner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.control.model.Work;
import dev.sluice.control.model.ZoneId;
import dev.sluice.control.planner.check.BlueprintChecker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What holds of every plan, over seeded clusters and catalogues. A failure names its seed. */
class PlannerPropertiesTest {

    private static final int SEEDS = 800;

    @Test
    @Tag("CLU-2")
    @Tag("PKG-5")
    void everyPlanPassesTheIndependentChecker() {
        int planned = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            PlanningInput input = input(new Random(seed));
            if (Planner.plan(input) instanceof PlanningResult.Planned(Plan plan)) {
                planned++;
                assertThat(BlueprintChecker.check(input, plan.blueprint()))
                        .as("seed %d", seed)
                        .isEmpty();
            }
        }
        assertThat(planned).as("plans among %d seeds", SEEDS).isGreaterThan(SEEDS / 4);
    }

    @Test
    void theSameInputInAnotherOrderGivesTheSamePlan() {
        for (int seed = 0; seed < SEEDS; seed += 5) {
            PlanningInput input = input(new Random(seed));
            List<TrafficNode> nodes = new ArrayList<>(input.topology().nodes());
            List<Master> masters = new ArrayList<>(input.topology().masters());
            Collections.shuffle(nodes, new Random(seed + 1L));
            Collections.shuffle(masters, new Random(seed + 1L));
            Topology shuffled = new Topology(input.topology().name(), masters, nodes);
            assertThat(Planner.plan(with(input, shuffled)))
                    .as("seed %d", seed)
                    .isEqualTo(Planner.plan(input));
        }
    }

    @Test
    void planningBehindThePlansEndSaysThatTheTargetIsInstalled() {
        for (int seed = 0; seed < SEEDS; seed += 5) {
            PlanningInput input = input(new Random(seed));
            if (Planner.plan(input) instanceof PlanningResult.Planned(Plan plan)) {
                Topology after = after(input.topology(), plan.blueprint());
                assertThat(Planner.plan(with(input, after)))
                        .as("seed %d", seed)
                        .isInstanceOfSatisfying(
                                PlanningResult.Refused.class,
                                refused ->
                                        assertThat(refused.refusals())
                                                .allMatch(r ->
                                                        r.reason().contains("already installed")));
            }
        }
    }

    private static PlanningInput with(PlanningInput input, Topology topology) {
        return new PlanningInput(
                topology,
                input.catalogue(),
                input.target(),
                input.policy(),
                input.strategy(),
                input.withoutBackup());
    }

    /** The topology as a plan's installs leave it. */
    private static Topology after(Topology topology, Blueprint blueprint) {
        Map<NodeId, SortedMap<PackageName, Version>> runs = new HashMap<>();
        topology.masters().forEach(m -> runs.put(m.id(), new TreeMap<>(m.installed())));
        topology.nodes().forEach(n -> runs.put(n.id(), new TreeMap<>(n.installed())));
        blueprint
                .steps()
                .forEach(step -> {
                    if (step.work() instanceof Work.Install(var node, var pkg)) {
                        found(runs, node).put(pkg.name(), pkg.version());
                    }
                });
        return new Topology(
                topology.name(),
                topology.masters().stream()
                        .map(m ->
                                new Master(
                                        m.id(),
                                        m.role(),
                                        m.region(),
                                        m.hardware(),
                                        found(runs, m.id())))
                        .toList(),
                topology.nodes().stream()
                        .map(n ->
                                new TrafficNode(
                                        n.id(),
                                        n.region(),
                                        n.zone(),
                                        n.hardware(),
                                        n.capacity(),
                                        n.connected(),
                                        n.accepting(),
                                        n.healthy(),
                                        found(runs, n.id())))
                        .toList());
    }

    private static SortedMap<PackageName, Version> found(
            Map<NodeId, SortedMap<PackageName, Version>> runs, NodeId node) {
        return Objects.requireNonNull(runs.get(node));
    }

    static PlanningInput input(Random random) {
        Catalogue catalogue = catalogue(random);
        SortedMap<PackageName, Version> target = new TreeMap<>();
        List<PackageDescriptor> all = List.copyOf(catalogue.packages().values());
        for (int i = 0; i < 1 + random.nextInt(2); i++) {
            var wanted = all.get(all.size() - 1 - random.nextInt(Math.min(4, all.size()))).ref();
            target.put(wanted.name(), wanted.version());
        }
        return new PlanningInput(
                topology(random),
                catalogue,
                target,
                policy(random),
                Optional.empty(),
                random.nextInt(5) == 0);
    }

    private static Topology topology(Random random) {
        List<Master> masters = new ArrayList<>();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            masters.add(
                    new Master(
                            new NodeId("m-" + (char) ('a' + i)),
                            i == 0 ? MasterRole.PRIMARY : MasterRole.BACKUP,
                            new RegionId("r" + random.nextInt(3)),
                            new HardwareModel("sx-200"),
                            installed(random)));
        }
        List<TrafficNode> nodes = new ArrayList<>();
        int regions = random.nextInt(4);
        for (int r = 0; r < regions; r++) {
            int size = 1 + random.nextInt(9);
            for (int n = 0; n < size; n++) {
                nodes.add(node(random, r, n));
            }
        }
        return new Topology("random", masters, nodes);
    }

    private static TrafficNode node(Random random, int region, int number) {
        ZoneId zone = random.nextBoolean() ? null : new ZoneId("z" + random.nextInt(3));
        return new TrafficNode(
                new NodeId("n-%d-%d".formatted(region, number)),
                new RegionId("r" + region),
                zone,
                new HardwareModel("sx-100"),
                100 * (1 + random.nextInt(4)),
                random.nextInt(100),
                random.nextInt(10) > 0,
                random.nextInt(30) > 0,
                installed(random));
    }

    private static SortedMap<PackageName, Version> installed(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> Fixture.installed("base 6.3.0", "site 24.1.0");
            case 1 -> Fixture.installed("base 6.2.0", "site 24.2.0");
            case 2 -> Fixture.installed("base 6.2.0", "site 24.1.0", "extra 1.0.0");
            default -> Fixture.plain();
        };
    }

    private static Policy policy(Random random) {
        return new Policy(
                1 + random.nextInt(5),
                random.nextInt(3),
                random.nextInt(8) / 10.0,
                new Policy.FailureBudget(1 + random.nextInt(2), 3),
                pick(random, List.of(Policy.SingleNodeRegion.values())),
                new Policy.DrainPolicy(
                        Duration.ofHours(1), pick(random, List.of(Policy.OnDeadline.values()))),
                Duration.ofHours(random.nextInt(3)),
                new Policy.VerifyPolicy(
                        true, pick(random, List.of(Policy.Confirm.values())), Optional.empty()));
    }

    private static <T> T pick(Random random, List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private static Catalogue catalogue(Random random) {
        List<PackageDescriptor> packages = new ArrayList<>();
        String[] bases = {"6.3.0", "6.4.0", "7.0.0", "7.1.0", "8.0.0"};
        String[] sites = {"24.2.0", "24.3.0", "25.1.0", "25.2.0", "26.1.0"};
        for (int i = 0; i < 5; i++) {
            if (random.nextInt(5) > 0) {
                packages.add(
                        pkg(
                                random,
                                "base",
                                bases[i],
                                PackageKind.BASE,
                                i,
                                List.of("base >=6.1.0")));
            }
            if (random.nextInt(5) > 0) {
                String needs = bases[random.nextInt(i + 1)];
                packages.add(
                        pkg(
                                random,
                                "site",
                                sites[i],
                                PackageKind.SITE,
                                i,
                                List.of("base >=" + needs)));
            }
        }
        packages.add(pkg(random, "extra", "2.0.0", PackageKind.ADDON, 0, List.of("site >=24.2.0")));
        packages.add(pkg(random, "site", "26.2.0", PackageKind.SITE, 4, List.of("base >=6.3.0")));
        return Catalogue.of(packages);
    }

    private static PackageDescriptor pkg(
            Random random,
            String name,
            String version,
            PackageKind kind,
            int rank,
            List<String> requires) {
        boolean stone = kind == PackageKind.SITE && rank > 1 && random.nextBoolean();
        return new PackageDescriptor(
                Fixture.ref(name + " " + version),
                kind,
                requires.stream()
                        .map(t -> t.split(" "))
                        .map(t -> new Requirement(new PackageName(t[0]), VersionRange.parse(t[1])))
                        .toList(),
                stone ? Version.parse(rank > 2 ? "24.3.0" : "24.2.0") : null,
                Set.of(),
                1000,
                kind == PackageKind.BASE,
                kind == PackageKind.SITE,
                random.nextBoolean() ? Duration.ofHours(2) : null);
    }
}
