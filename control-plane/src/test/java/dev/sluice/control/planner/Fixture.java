package dev.sluice.control.planner;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.control.model.ZoneId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A cluster and a catalogue in the words of a test. Everything not said is as in a plain cluster:
 * base 6.2.0 and site 24.1.0 installed, hardware sx-100, healthy, accepting.
 */
public final class Fixture {

    private final List<Master> masters = new ArrayList<>();
    private final List<TrafficNode> nodes = new ArrayList<>();
    private final List<PackageDescriptor> packages = new ArrayList<>();
    private final SortedMap<PackageName, Version> target = new TreeMap<>();
    private Policy policy = Policy.DEFAULT;
    private Optional<Strategy> strategy = Optional.empty();
    private boolean withoutBackup;

    /** Primary m-a in eu and backup m-b in us. */
    public static Fixture twoMasters() {
        return new Fixture()
                .master("m-a", MasterRole.PRIMARY, "eu")
                .master("m-b", MasterRole.BACKUP, "us");
    }

    /** The contract's catalogue: site 25.1.0 by way of site 24.3.0 and base 7.0.0. */
    public Fixture steppingStones() {
        return pkg("base 7.0.0", "base >=6.1.0")
                .pkg("site 24.3.0", "base >=6.2.0")
                .add(
                        new PackageDescriptor(
                                ref("site 25.1.0"),
                                PackageKind.SITE,
                                requirements("base >=7.0.0"),
                                Version.parse("24.3.0"),
                                Set.of(new HardwareModel("sx-100"), new HardwareModel("sx-200")),
                                418381824,
                                false,
                                true,
                                Duration.ofHours(24)));
    }

    public Fixture master(String id, MasterRole role, String region) {
        masters.add(
                new Master(
                        new NodeId(id),
                        role,
                        new RegionId(region),
                        new HardwareModel("sx-200"),
                        plain()));
        return this;
    }

    public static SortedMap<PackageName, Version> plain() {
        return installed("base 6.2.0", "site 24.1.0");
    }

    public static SortedMap<PackageName, Version> installed(String... refs) {
        SortedMap<PackageName, Version> installed = new TreeMap<>();
        for (String text : refs) {
            installed.put(ref(text).name(), ref(text).version());
        }
        return installed;
    }

    public Fixture node(String id, String region) {
        return node(id, region, n -> n);
    }

    public Fixture node(String id, String region, UnaryOperator<TrafficNode> change) {
        nodes.add(
                change.apply(
                        new TrafficNode(
                                new NodeId(id),
                                new RegionId(region),
                                null,
                                new HardwareModel("sx-100"),
                                500,
                                10,
                                true,
                                true,
                                plain())));
        return this;
    }

    /** Nodes {@code region-1} to {@code region-count}. */
    public Fixture region(String region, int count) {
        for (int i = 1; i <= count; i++) {
            node(region + "-" + i, region);
        }
        return this;
    }

    /** A package; the name decides the kind: base, site, anything else is an add-on. */
    public Fixture pkg(String text, String... requires) {
        return pkg(text, null, requires);
    }

    public Fixture pkgFrom(String text, String minDirectUpgradeFrom, String... requires) {
        return pkg(text, Version.parse(minDirectUpgradeFrom), requires);
    }

    private Fixture pkg(String text, @Nullable Version from, String... requires) {
        PackageRef ref = ref(text);
        PackageKind kind =
                switch (ref.name().value()) {
                    case "base" -> PackageKind.BASE;
                    case "site" -> PackageKind.SITE;
                    default -> PackageKind.ADDON;
                };
        return add(
                new PackageDescriptor(
                        ref,
                        kind,
                        requirements(requires),
                        from,
                        Set.of(),
                        1000,
                        kind == PackageKind.BASE,
                        false,
                        null));
    }

    public Fixture add(PackageDescriptor descriptor) {
        packages.add(descriptor);
        return this;
    }

    private static List<Requirement> requirements(String... texts) {
        return Arrays.stream(texts)
                .map(t -> t.split(" ", 2))
                .map(t -> new Requirement(new PackageName(t[0]), VersionRange.parse(t[1])))
                .toList();
    }

    public Fixture target(String... refs) {
        target.putAll(installed(refs));
        return this;
    }

    public Fixture policy(UnaryOperator<Policy> change) {
        policy = change.apply(policy);
        return this;
    }

    public Fixture strategy(Strategy wanted) {
        strategy = Optional.of(wanted);
        return this;
    }

    public Fixture withoutBackup() {
        withoutBackup = true;
        return this;
    }

    public PlanningInput input() {
        return new PlanningInput(
                new Topology("test", masters, nodes),
                Catalogue.of(packages),
                target,
                policy,
                strategy,
                withoutBackup);
    }

    public Plan plan() {
        return switch (Planner.plan(input())) {
            case PlanningResult.Planned(Plan plan) -> plan;
            case PlanningResult.Refused(var refusals) ->
                    throw new AssertionError("refused: " + refusals);
        };
    }

    public Blueprint blueprint() {
        return plan().blueprint();
    }

    /** The refusals in one text, a line each. */
    public String refusal() {
        return switch (Planner.plan(input())) {
            case PlanningResult.Planned(Plan plan) ->
                    throw new AssertionError("planned: " + plan.blueprint().path());
            case PlanningResult.Refused(var refusals) ->
                    refusals.stream().map(Object::toString).collect(Collectors.joining("\n"));
        };
    }

    public static PackageRef ref(String text) {
        String[] parts = text.split(" ", 2);
        return new PackageRef(new PackageName(parts[0]), Version.parse(parts[1]));
    }

    public static UnaryOperator<TrafficNode> connected(int clients) {
        return n -> with(n, n.capacity(), clients, n.accepting(), n.healthy(), n.installed());
    }

    public static UnaryOperator<TrafficNode> capacity(int sessions) {
        return n -> with(n, sessions, n.connected(), n.accepting(), n.healthy(), n.installed());
    }

    public static UnaryOperator<TrafficNode> closed() {
        return n -> with(n, n.capacity(), n.connected(), false, n.healthy(), n.installed());
    }

    public static UnaryOperator<TrafficNode> unhealthy() {
        return n -> with(n, n.capacity(), n.connected(), n.accepting(), false, n.installed());
    }

    public static UnaryOperator<TrafficNode> runs(String... refs) {
        return n ->
                with(n, n.capacity(), n.connected(), n.accepting(), n.healthy(), installed(refs));
    }

    public static UnaryOperator<TrafficNode> zone(String zone) {
        return n ->
                new TrafficNode(
                        n.id(),
                        n.region(),
                        new ZoneId(zone),
                        n.hardware(),
                        n.capacity(),
                        n.connected(),
                        n.accepting(),
                        n.healthy(),
                        n.installed());
    }

    public static UnaryOperator<TrafficNode> hardware(String model) {
        return n ->
                new TrafficNode(
                        n.id(),
                        n.region(),
                        n.zone(),
                        new HardwareModel(model),
                        n.capacity(),
                        n.connected(),
                        n.accepting(),
                        n.healthy(),
                        n.installed());
    }

    private static TrafficNode with(
            TrafficNode node,
            int capacity,
            int connected,
            boolean accepting,
            boolean healthy,
            SortedMap<PackageName, Version> installed) {
        return new TrafficNode(
                node.id(),
                node.region(),
                node.zone(),
                node.hardware(),
                capacity,
                connected,
                accepting,
                healthy,
                installed);
    }

    /** Policies that differ from the default in one thing. */
    public static UnaryOperator<Policy> waves(int waves) {
        return p ->
                new Policy(
                        waves,
                        p.canaries(),
                        p.minAcceptingShare(),
                        p.failureBudget(),
                        p.singleNodeRegion(),
                        p.drain(),
                        p.soak(),
                        p.verify());
    }

    public static UnaryOperator<Policy> canaries(int canaries) {
        return p ->
                new Policy(
                        p.waves(),
                        canaries,
                        p.minAcceptingShare(),
                        p.failureBudget(),
                        p.singleNodeRegion(),
                        p.drain(),
                        p.soak(),
                        p.verify());
    }

    public static UnaryOperator<Policy> share(double share) {
        return p ->
                new Policy(
                        p.waves(),
                        p.canaries(),
                        share,
                        p.failureBudget(),
                        p.singleNodeRegion(),
                        p.drain(),
                        p.soak(),
                        p.verify());
    }

    public static UnaryOperator<Policy> singleNodeRegion(Policy.SingleNodeRegion choice) {
        return p ->
                new Policy(
                        p.waves(),
                        p.canaries(),
                        p.minAcceptingShare(),
                        p.failureBudget(),
                        choice,
                        p.drain(),
                        p.soak(),
                        p.verify());
    }

    public static UnaryOperator<Policy> onDeadline(Policy.OnDeadline choice) {
        return p ->
                new Policy(
                        p.waves(),
                        p.canaries(),
                        p.minAcceptingShare(),
                        p.failureBudget(),
                        p.singleNodeRegion(),
                        new Policy.DrainPolicy(p.drain().deadline(), choice),
                        p.soak(),
                        p.verify());
    }
}
