package dev.sluice.control.codec;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.control.model.Work;
import dev.sluice.control.model.ZoneId;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** The fixed values that the golden bytes are of. They never change: the bytes don't. */
final class Examples {

    static final NodeId MASTER_A = new NodeId("master-a");
    static final NodeId MASTER_B = new NodeId("master-b");
    static final NodeId EU_1 = new NodeId("eu-1");
    static final NodeId EU_2 = new NodeId("eu-2");
    static final RegionId EU = new RegionId("eu");
    static final HardwareModel RACK = new HardwareModel("rack-4");
    static final PackageRef BASE = ref("base", "7.2.0");
    static final PackageRef SITE = ref("site", "25.2.0-rc.1");
    static final Ballot BALLOT = new Ballot(1, 42, MASTER_A, -2);

    private static final List<Phase> PHASES =
            List.of(
                    Phase.PREPARE,
                    Phase.FIRST_HALF,
                    Phase.BACKUP_MASTER,
                    Phase.PROMOTION,
                    Phase.SECOND_HALF,
                    Phase.OLD_PRIMARY,
                    Phase.RESTORE);

    private Examples() {}

    static PackageRef ref(String name, String version) {
        return new PackageRef(new PackageName(name), Version.parse(version));
    }

    static SortedMap<PackageName, Version> versions(PackageRef... refs) {
        SortedMap<PackageName, Version> versions = new TreeMap<>();
        for (PackageRef ref : refs) {
            versions.put(ref.name(), ref.version());
        }
        return versions;
    }

    static Policy policy() {
        return new Policy(
                3,
                1,
                0.75,
                new Policy.FailureBudget(2, 5),
                Policy.SingleNodeRegion.INTERRUPT,
                new Policy.DrainPolicy(Duration.ofMinutes(90), Policy.OnDeadline.CUT),
                Duration.ofMillis(1_500),
                new Policy.VerifyPolicy(true, Policy.Confirm.MASTERS, Optional.of("check.sh")));
    }

    static Topology topology() {
        var old = versions(ref("base", "7.1.0"), ref("site", "25.1.0"));
        return new Topology(
                "acme",
                List.of(
                        new Master(MASTER_A, MasterRole.PRIMARY, EU, RACK, old),
                        new Master(MASTER_B, MasterRole.BACKUP, EU, RACK, versions())),
                List.of(
                        new TrafficNode(
                                EU_1, EU, new ZoneId("z1"), RACK, 5_000, 321, true, false, old),
                        new TrafficNode(EU_2, EU, null, RACK, 0, 0, false, true, old)));
    }

    /** A package with everything that a package can have. */
    static PackageRecord site() {
        return new PackageRecord(
                new PackageDescriptor(
                        SITE,
                        PackageKind.SITE,
                        List.of(
                                new Requirement(
                                        new PackageName("base"),
                                        VersionRange.parse(">=7.0.0 <8.0.0"))),
                        Version.parse("24.1.0"),
                        Set.of(RACK, new HardwareModel("blade-2")),
                        164_000_000_000L,
                        false,
                        true,
                        Duration.ofHours(12)),
                Blob.of("{\"name\":\"site\"}".getBytes(StandardCharsets.UTF_8)),
                Blob.of(new byte[] {0, 1, (byte) 0xfe, (byte) 0xff}),
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "CN=Releases, O=Acme");
    }

    /** A package with as little as a package can have. */
    static PackageRecord base() {
        return new PackageRecord(
                new PackageDescriptor(
                        BASE, PackageKind.BASE, List.of(), null, Set.of(), 0, true, false, null),
                Blob.of(new byte[0]),
                Blob.of(new byte[0]),
                "",
                "");
    }

    /** Every kind of work; each step waits for all before it. */
    static Blueprint blueprint() {
        List<Function<NodeId, Work>> works =
                List.of(
                        Work.Freeze::new,
                        Work.Backup::new,
                        node -> new Work.Sync(node, MASTER_B),
                        Work.BreakFailover::new,
                        node -> new Work.Distribute(node, SITE),
                        node -> new Work.VerifyCluster(node, Work.Gate.PACKAGES_STAGED),
                        Work.AwaitWindow::new,
                        Work.CloseAdmission::new,
                        Work.Drain::new,
                        node -> new Work.Install(node, BASE),
                        node -> new Work.Verify(node, versions(BASE, SITE)),
                        node -> new Work.VerifyCluster(node, Work.Gate.HALF_UPGRADED),
                        node -> new Work.Promote(node, MASTER_A),
                        node -> new Work.SwitchAddress(node, MASTER_A),
                        Work.OpenAdmission::new,
                        node -> new Work.Soak(node, SITE, Duration.ofHours(24)),
                        node -> new Work.AwaitClients(node, SITE),
                        Work.Resync::new,
                        node -> new Work.RestoreFailover(node, MASTER_A),
                        node -> new Work.VerifyCluster(node, Work.Gate.ALL_UPGRADED),
                        Work.Unfreeze::new,
                        Work.Confirm::new,
                        Work.Finalise::new);
        List<NodeId> nodes = List.of(MASTER_A, MASTER_B, EU_1, EU_2);
        List<Step> steps = new ArrayList<>();
        List<StepId> before = new ArrayList<>();
        for (int i = 0; i < works.size(); i++) {
            StepId id = new StepId("step-" + i);
            steps.add(
                    new Step(
                            id,
                            1 + i / 12,
                            PHASES.get(i % PHASES.size()),
                            EU,
                            works.get(i).apply(nodes.get(i % nodes.size())),
                            before));
            before.add(id);
        }
        return new Blueprint(
                Strategy.CLUSTER,
                versions(SITE),
                List.of(BASE, SITE),
                new TreeMap<>(
                        Map.of(
                                EU,
                                new Halves(
                                        List.of(EU_1),
                                        List.of(EU_2),
                                        List.of(List.of(EU_2, EU_1), List.of())))),
                steps,
                policy(),
                true);
    }
}
