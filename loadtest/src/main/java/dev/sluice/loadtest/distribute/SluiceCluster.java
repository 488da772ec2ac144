package dev.sluice.loadtest.distribute;

import dev.sluice.loadtest.distribute.Scenario.Machine;
import dev.sluice.loadtest.testbed.JvmFlags;
import dev.sluice.loadtest.testbed.OperatorClient;
import dev.sluice.loadtest.testbed.Testbed;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.DistributePackageRequest;
import dev.sluice.v1.ListNodesRequest;
import dev.sluice.v1.NodeStatus;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.SetConfigurationRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A master and an agent on every other machine, told to distribute a package. */
final class SluiceCluster implements Contender {

    private static final int MASTER_PORT = 7400;
    private static final int AGENT_PORT = 7401;
    private static final Duration VALIDITY = Duration.ofDays(1);
    private static final long CONNECT_SECONDS = 300;
    private static final String NAME = "site";
    private static final String FIRST_VERSION = "1.0.0";
    private static final String WARM_UP_VERSION = "1.999.0";
    private static final String VERSION = "2.0.0";

    /** Packages of few bytes that every agent has taken before, as agents in use have. */
    private static final int EARLIER_PACKAGES = 25;

    private static final int EARLIER_BYTES = 300_000;

    /** Bytes that go over the chain before those that are measured. */
    private static final long WARM_UP_BYTES = 64L << 20;

    private static final long WARM_UP_SECONDS = 600;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Scenario scenario;
    private final boolean trees;
    private final ShapedNetwork network;
    private final Path file;
    private final Path directory;
    private final Path checkout;
    private final Processes processes;
    private final Map<Integer, Process> agents = new HashMap<>();
    private final CertificateAuthority authority =
            CertificateAuthority.create(
                    "benchmark", VALIDITY.multipliedBy(2), InstantSource.system());
    private @Nullable OperatorClient operator;
    private String contentSha256 = "";

    SluiceCluster(
            Scenario scenario,
            boolean trees,
            ShapedNetwork network,
            Path file,
            Path directory,
            Path checkout) {
        this.scenario = scenario;
        this.trees = trees;
        this.network = network;
        this.file = file;
        this.directory = directory;
        this.checkout = checkout;
        this.processes = new Processes(directory.resolve("sluice.log"));
    }

    @Override
    public String name() {
        return "sluice";
    }

    @Override
    public void prepare() throws IOException, InterruptedException {
        PackageSigningKey key =
                PackageSigningKey.create("benchmark", VALIDITY, InstantSource.system());
        key.store(signer(), directory.resolve("signer-key.pem"));
        PackageSigner packageSigner = new PackageSigner(key, InstantSource.system());
        Machine origin = scenario.machines().getFirst();
        Files.writeString(directory.resolve("cluster.yaml"), inventory());
        Path controlPlane = directory.resolve("control-plane.yaml");
        Files.writeString(
                controlPlane,
                """
                masterId: %s
                dataDir: %s
                listen: "%s:%d"
                %strustedSigners: [%s]
                inventory: %s
                """
                        .formatted(
                                origin.id(),
                                directory.resolve("master"),
                                origin.address(),
                                MASTER_PORT,
                                tls(PeerName.master(origin.id())),
                                signer(),
                                directory.resolve("cluster.yaml")));
        Process _ =
                start(
                        origin,
                        JvmFlags.controlPlane(),
                        "control-plane",
                        "dev.sluice.control.ControlPlane",
                        controlPlane);
        for (Machine machine : scenario.machines()) {
            agents.put(
                    machine.index(),
                    start(
                            machine,
                            JvmFlags.agent(),
                            "node-agent",
                            "dev.sluice.agent.AgentMain",
                            agent(machine)));
        }
        OperatorClient client =
                new OperatorClient(
                        new InetSocketAddress(origin.address(), MASTER_PORT),
                        identity(PeerName.operator("bench")));
        operator = client;
        awaitAgents(client);
        if (trees) {
            var _ =
                    client.calls(Duration.ofSeconds(10))
                            .setConfiguration(
                                    SetConfigurationRequest.newBuilder()
                                            .setKey("distribution.treesFrom")
                                            .setValue("1")
                                            .build());
        }
        Processes.awaitQuiet();
        warmUp(packageSigner, client);
        contentSha256 = release(packageSigner, client, VERSION, 2, file);
        Processes.awaitQuiet();
    }

    /** Agents in use have sent and received before; the code that does it is compiled. */
    private void warmUp(PackageSigner signer, OperatorClient client)
            throws IOException, InterruptedException {
        for (int i = 1; i <= EARLIER_PACKAGES; i++) {
            Path few = directory.resolve("earlier-" + i);
            DistributeBenchmark.write(few, EARLIER_BYTES + i);
            distributeBefore(signer, client, "1.%d.0".formatted(i), few);
        }
        Path bytes = directory.resolve("warm-up");
        if (scenario.earlier()) {
            DistributeBenchmark.vary(file, bytes);
        } else {
            DistributeBenchmark.write(bytes, Math.min(WARM_UP_BYTES, scenario.fileBytes()) / 2);
        }
        distributeBefore(signer, client, WARM_UP_VERSION, bytes);
    }

    private void distributeBefore(
            PackageSigner signer, OperatorClient client, String version, Path bytes)
            throws IOException, InterruptedException {
        contentSha256 = release(signer, client, version, 1, bytes);
        distribute(version);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WARM_UP_SECONDS);
        while (!scenario.receivers().stream().allMatch(this::isComplete)) {
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        "sluice: the transfer before the measured one did not end within %d s"
                                .formatted(WARM_UP_SECONDS));
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** Builds a package of one file, has the master import it and returns its content's hash. */
    private String release(
            PackageSigner signer, OperatorClient client, String version, int counter, Path bytes)
            throws IOException, InterruptedException {
        Path payload = Files.createDirectories(directory.resolve("payload-" + version));
        Path traffic = Files.createDirectories(payload.resolve("traffic"));
        Files.createLink(traffic.resolve("file"), bytes);
        Path pkg = directory.resolve("site-" + version + ".sluice");
        Manifest manifest =
                PackageBuilder.build(
                        ManifestDraft.of(
                                        new PackageName(NAME),
                                        PackageKind.SITE,
                                        new PackageVersion(version),
                                        counter,
                                        Installation.Roles.of(
                                                Map.of(
                                                        Role.TRAFFIC,
                                                        new RolePayload(
                                                                new PayloadPath("traffic"),
                                                                List.of()))))
                                .withCompatible(List.of("sx-100")),
                        payload,
                        signer,
                        pkg);
        client.importPackage(pkg);
        return manifest.content().sha256().hex();
    }

    private String inventory() {
        StringBuilder text =
                new StringBuilder(
                        """
                        apiVersion: sluice/v1
                        kind: Cluster
                        metadata: {name: bench}
                        masters:
                          - {id: m-a, role: primary, region: r0, hardware: sx-200, installed: {site: %s}}
                        nodes:
                        """
                                .formatted(FIRST_VERSION));
        for (Machine machine : scenario.receivers()) {
            text.append(
                    "  - {id: %s, region: r%d, zone: z, hardware: sx-100, capacity: 500, connected: 0, accepting: true, healthy: true, installed: {site: %s}}\n"
                            .formatted(machine.id(), machine.region(), FIRST_VERSION));
        }
        return text.toString();
    }

    /** The master's node has an agent as well: it is the witness of the only master. */
    private Path agent(Machine machine) throws IOException {
        boolean master = machine.index() == 0;
        Path configuration = directory.resolve("agent-" + machine.index() + ".yaml");
        Files.writeString(
                configuration,
                """
                nodeId: %1$s
                role: %10$s
                region: r%2$d
                hardwareModel: %11$s
                dataDir: %3$s
                %4$strustedSigners: [%5$s]
                masters:
                  - {id: m-a, address: "%6$s:%7$d"}
                listen: "%8$s:%9$d"
                hardware: {driver: none}
                initial: {packages: {site: %12$s}}
                transferWarmUpMiB: 256
                """
                        .formatted(
                                machine.id(),
                                machine.region(),
                                data(machine),
                                tls(PeerName.node(machine.id())),
                                signer(),
                                scenario.machines().getFirst().address(),
                                MASTER_PORT,
                                machine.address(),
                                AGENT_PORT,
                                master ? "master" : "traffic",
                                master ? "sx-200" : "sx-100",
                                FIRST_VERSION));
        if (!master) {
            Files.writeString(
                    configuration,
                    "traffic: {driver: sample, controlSocket: %s/site.sock, address: \"%s:7500\"}\n"
                            .formatted(data(machine), machine.address()),
                    StandardOpenOption.APPEND);
        }
        return configuration;
    }

    private Path data(Machine machine) {
        return directory.resolve("d" + machine.index());
    }

    private Path signer() {
        return directory.resolve("signer.pem");
    }

    private Path identityFolder(PeerName name) throws IOException {
        Path folder = directory.resolve("pki").resolve(name.kind() + "-" + name.id());
        if (!Files.exists(folder)) {
            Files.createDirectories(folder);
            authority.issue(name, Set.of(), VALIDITY).store(folder);
        }
        return folder;
    }

    private TlsIdentity identity(PeerName name) throws IOException {
        Path folder = identityFolder(name);
        return TlsIdentity.load(
                folder.resolve("ca.pem"),
                folder.resolve("cert.pem"),
                folder.resolve("key.pem"),
                InstantSource.system());
    }

    private String tls(PeerName name) throws IOException {
        Path folder = identityFolder(name);
        return "tls: {ca: %s, certificate: %s, key: %s}\n"
                .formatted(
                        folder.resolve("ca.pem"),
                        folder.resolve("cert.pem"),
                        folder.resolve("key.pem"));
    }

    private Process start(
            Machine machine, List<String> flags, String module, String main, Path configuration)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(
                List.of(
                        "-cp",
                        Testbed.classpath(checkout, module),
                        main,
                        "--config",
                        configuration.toString()));
        return processes.start(network.on(machine, command));
    }

    private void awaitAgents(OperatorClient client) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CONNECT_SECONDS);
        int wanted = scenario.machines().size();
        int connected = 0;
        while (connected < wanted) {
            long dead = agents.values().stream().filter(agent -> !agent.isAlive()).count();
            if (System.nanoTime() > deadline || dead > 0) {
                throw new IOException(
                        "sluice: expected %d agents to be connected within %d s, found %d, and %d have ended; see %s"
                                .formatted(
                                        wanted,
                                        CONNECT_SECONDS,
                                        connected,
                                        dead,
                                        directory.resolve("sluice.log")));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
            connected = connected(client);
        }
    }

    private static int connected(OperatorClient client) {
        try {
            return (int)
                    client
                            .calls(Duration.ofSeconds(5))
                            .listNodes(ListNodesRequest.getDefaultInstance())
                            .getNodesList()
                            .stream()
                            .filter(NodeStatus::getConnected)
                            .count();
        } catch (io.grpc.StatusRuntimeException _) {
            return 0;
        }
    }

    @Override
    public void begin() {
        distribute(VERSION);
    }

    private void distribute(String version) {
        OperatorClient client = operator;
        if (client == null) {
            throw new IllegalStateException("sluice: not prepared");
        }
        var _ =
                client.calls(Duration.ofSeconds(10))
                        .distributePackage(
                                DistributePackageRequest.newBuilder()
                                        .setPackage(
                                                PackageRef.newBuilder()
                                                        .setName(NAME)
                                                        .setVersion(version))
                                        .build());
    }

    @Override
    public boolean isComplete(Machine machine) {
        return Files.exists(data(machine).resolve("staged").resolve(contentSha256));
    }

    @Override
    public void kill(Machine machine) {
        Process agent = agents.get(machine.index());
        if (agent != null) {
            var _ = agent.destroyForcibly();
        }
    }

    @Override
    public void close() throws IOException {
        if (operator != null) {
            operator.close();
        }
        processes.close();
    }
}
