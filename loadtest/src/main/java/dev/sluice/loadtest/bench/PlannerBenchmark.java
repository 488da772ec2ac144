package dev.sluice.loadtest.bench;

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
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.control.model.ZoneId;
import dev.sluice.control.planner.Planner;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.planner.PlanningResult;
import dev.sluice.control.planner.check.BlueprintChecker;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Measures planning and checking of a two-pass CLUSTER upgrade in 20 regions, after warm-up, next
 * to the limit of one second for 10,000 nodes. Memory is what the finished plan holds, per node:
 * equal figures over the sizes mean that it is linear. The CPU figure leaves out what other
 * programs and the collector take.
 */
public final class PlannerBenchmark {

    private static final int REGIONS = 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int WARM_UPS = 12;
    private static final int RUNS = 9;
    private static final double LIMIT_MS = 1000;

    private PlannerBenchmark() {}

    public static void main(String[] args) {
        run(System.out);
    }

    /** Runs all sizes and prints a table. */
    public static void run(PrintStream out) {
        PlanningInput warm = input(1_000);
        for (int i = 0; i < WARM_UPS; i++) {
            BlueprintChecker.check(warm, plan(warm));
        }
        out.printf(
                "%8s %9s %10s %10s %10s %10s %12s%n",
                "nodes", "steps", "plan ms", "check ms", "of limit", "cpu ms", "bytes/node");
        for (int nodes : new int[] {1_000, 10_000, 20_000}) {
            measure(out, nodes);
        }
        out.println("(median of " + RUNS + "; limit: 1000 ms for plan and check of 10,000 nodes)");
    }

    private static void measure(PrintStream out, int nodes) {
        PlanningInput input = input(nodes);
        long held = heldBytes(input);
        double[] planMs = new double[RUNS];
        double[] checkMs = new double[RUNS];
        double[] cpuMs = new double[RUNS];
        Blueprint blueprint = plan(input);
        for (int i = 0; i < RUNS; i++) {
            long cpu = THREADS.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            blueprint = plan(input);
            long planned = System.nanoTime();
            if (!BlueprintChecker.check(input, blueprint).isEmpty()) {
                throw new IllegalStateException("the checker found violations");
            }
            checkMs[i] = (System.nanoTime() - planned) / 1e6;
            cpuMs[i] = (THREADS.getCurrentThreadCpuTime() - cpu) / 1e6;
            planMs[i] = (planned - start) / 1e6;
        }
        int steps = blueprint.steps().size();
        double total = median(planMs) + median(checkMs);
        out.printf(
                "%8d %9d %10.1f %10.1f %9.0f%% %10.1f %12d%n",
                nodes,
                steps,
                median(planMs),
                median(checkMs),
                100 * total / LIMIT_MS,
                median(cpuMs),
                held / nodes);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static long heldBytes(PlanningInput input) {
        usedBytes();
        long before = usedBytes();
        Blueprint blueprint = plan(input);
        try {
            return usedBytes() - before;
        } finally {
            Reference.reachabilityFence(blueprint);
        }
    }

    /** What lives on the heap; asking for a collection is the only way to know. */
    private static long usedBytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static Blueprint plan(PlanningInput input) {
        return switch (Planner.plan(input)) {
            case PlanningResult.Planned planned -> planned.plan().blueprint();
            case PlanningResult.Refused refused ->
                    throw new IllegalStateException("refused: " + refused.refusals());
        };
    }

    private static PlanningInput input(int count) {
        SortedMap<PackageName, Version> installed = new TreeMap<>();
        installed.put(new PackageName("base"), Version.parse("6.2.0"));
        installed.put(new PackageName("site"), Version.parse("24.1.0"));
        List<TrafficNode> nodes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            nodes.add(
                    new TrafficNode(
                            new NodeId("n-" + i),
                            new RegionId("r-" + i % REGIONS),
                            new ZoneId("z-" + i / REGIONS % 3),
                            new HardwareModel("sx-100"),
                            400 + i % 7 * 50,
                            i * 31 % 300,
                            true,
                            true,
                            installed));
        }
        List<Master> masters =
                List.of(
                        master("m-a", MasterRole.PRIMARY, installed),
                        master("m-b", MasterRole.BACKUP, installed));
        SortedMap<PackageName, Version> target = new TreeMap<>();
        target.put(new PackageName("site"), Version.parse("25.1.0"));
        return new PlanningInput(
                new Topology("benchmark", masters, nodes),
                Catalogue.of(
                        List.of(
                                pkg("base", "7.0.0", PackageKind.BASE, ">=6.1.0"),
                                pkg("site", "24.3.0", PackageKind.SITE, ">=6.2.0"),
                                pkg("site", "25.1.0", PackageKind.SITE, ">=7.0.0"))),
                target,
                Policy.DEFAULT,
                Optional.empty(),
                false);
    }

    private static Master master(
            String id, MasterRole role, SortedMap<PackageName, Version> installed) {
        return new Master(
                new NodeId(id), role, new RegionId("r-0"), new HardwareModel("sx-200"), installed);
    }

    private static PackageDescriptor pkg(
            String name, String version, PackageKind kind, String range) {
        boolean last = version.equals("25.1.0");
        return new PackageDescriptor(
                new PackageRef(new PackageName(name), Version.parse(version)),
                kind,
                List.of(new Requirement(new PackageName("base"), VersionRange.parse(range))),
                last ? Version.parse("24.3.0") : null,
                Set.of(),
                1_000_000,
                kind == PackageKind.BASE,
                kind == PackageKind.SITE,
                null);
    }
}
