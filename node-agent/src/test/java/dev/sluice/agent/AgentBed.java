package dev.sluice.agent;

import com.google.protobuf.ByteString;
import dev.sluice.agent.config.AgentConfig;
import dev.sluice.agent.config.ConfigFile;
import dev.sluice.agent.hardware.Hardware;
import dev.sluice.agent.hardware.NoHardware;
import dev.sluice.agent.ledger.FileLedgerStorage;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.sample.SampleSite;
import dev.sluice.sim.redfish.Listen;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.Command;
import dev.sluice.v1.InstallPackage;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** What an agent of a test lives in: a cluster's authority, a master, packages, a configuration. */
final class AgentBed implements AutoCloseable {

    static final String NODE = "eu-1";
    static final String MASTER = "m-a";

    private static final InstantSource CLOCK = InstantSource.system();
    private static final Duration VALIDITY = Duration.ofDays(1);

    private final Path root;
    private final CertificateAuthority authority =
            CertificateAuthority.create("acme", VALIDITY.multipliedBy(10), CLOCK);
    private final PackageSigningKey signer = PackageSigningKey.create("releases", VALIDITY, CLOCK);
    private final List<TestMaster> masters = new ArrayList<>();
    private final int sitePort;
    private Optional<Agent> agent = Optional.empty();

    AgentBed(Path root) throws IOException {
        this.root = root;
        this.sitePort = freePort();
        Files.createDirectories(root.resolve("tls"));
        authority.issue(PeerName.node(NODE), Set.of(), VALIDITY).store(root.resolve("tls"));
        signer.store(root.resolve("signer.pem"), root.resolve("signer.key"));
    }

    /** Puts key and certificate of a peer into a directory. */
    void issue(PeerName name, Path directory) throws IOException {
        authority
                .issue(name, Set.of("127.0.0.1"), VALIDITY)
                .store(Files.createDirectories(directory));
    }

    /** A package as a test needs it: where its parts are, and how it is ordered. */
    record Built(Manifest manifest, PackageHead head, Path file, Path content) {
        String sha256() {
            return manifest.content().sha256().hex();
        }

        StagePackage.Builder stage(TestMaster... sources) {
            StagePackage.Builder stage =
                    StagePackage.newBuilder()
                            .setManifest(ByteString.copyFrom(head.manifestBytes()))
                            .setSignature(ByteString.copyFrom(head.signatureBytes()));
            for (TestMaster source : sources) {
                source.offer(sha256(), content);
                stage.addSources(
                        PackageLocation.newBuilder()
                                .setNodeId(MASTER)
                                .setAddress("127.0.0.1:" + source.port()));
            }
            return stage;
        }

        InstallPackage.Builder install() {
            return InstallPackage.newBuilder()
                    .setPackage(
                            PackageRef.newBuilder()
                                    .setName(manifest.name().value())
                                    .setVersion(manifest.version().value()))
                    .setContentSha256(sha256());
        }
    }

    Path root() {
        return root;
    }

    Path dataDir() {
        return root.resolve("data");
    }

    int sitePort() {
        return sitePort;
    }

    TestMaster master() throws IOException {
        return masters.isEmpty() ? startMaster(0) : masters.getFirst();
    }

    TestMaster startMaster(int port) throws IOException {
        TestMaster master = TestMaster.start(MASTER, identity(PeerName.master(MASTER)), port);
        masters.add(master);
        return master;
    }

    TlsIdentity identity(PeerName name) throws IOException {
        return TlsIdentity.of(authority.issue(name, Set.of(), VALIDITY), CLOCK);
    }

    SignatureVerifier signatures() {
        return new SignatureVerifier(TrustedSigners.of(signer.certificate()), CLOCK);
    }

    /** The sample site in a version, as a package of the real format. */
    Built site(String version) throws IOException {
        return site(version, draft -> draft);
    }

    Built site(String version, UnaryOperator<ManifestDraft> change) throws IOException {
        return site(version, signer, change);
    }

    Built site(String version, PackageSigningKey key, UnaryOperator<ManifestDraft> change)
            throws IOException {
        Path payload = Files.createTempDirectory(root, "payload");
        Path program = payload.resolve("traffic/bin/site");
        Files.createDirectories(payload.resolve("traffic/bin"));
        String classes =
                Path.of(
                                SampleSite.class
                                        .getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .getPath())
                        .toString();
        Files.writeString(
                program,
                """
                #!/bin/sh
                exec "$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx32m -cp '%s' \\
                    dev.sluice.sample.SampleSite --version "$SLUICE_VERSION" --node "$SLUICE_NODE_ID" \\
                    --listen 127.0.0.1:%d --control "$SLUICE_DATA/control/site.sock"
                """
                        .formatted(classes, sitePort));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        byte[] ballast = new byte[300_000];
        new SplittableRandom(version.hashCode()).nextBytes(ballast);
        Files.write(payload.resolve("traffic/ballast"), ballast);
        ManifestDraft draft =
                ManifestDraft.of(
                        new PackageName("site"),
                        PackageKind.SITE,
                        new PackageVersion(version),
                        1,
                        Installation.Roles.of(
                                Map.of(
                                        Role.TRAFFIC,
                                        new RolePayload(
                                                new PayloadPath("traffic"), List.of("bin/site")))));
        return build(change.apply(draft), payload, key);
    }

    /** A base package with an image that the simulated appliance understands. */
    Built base(String version) throws IOException {
        Path payload = Files.createTempDirectory(root, "payload");
        Files.writeString(
                payload.resolve("image.bin"),
                "SLUICE-BASE base " + version + "\n" + "x".repeat(50_000));
        return build(
                ManifestDraft.of(
                        new PackageName("base"),
                        PackageKind.BASE,
                        new PackageVersion(version),
                        1,
                        new Installation.Image(new PayloadPath("image.bin"))),
                payload,
                signer);
    }

    TestMaster startMaster(String version) throws IOException {
        TestMaster master = TestMaster.start(MASTER, version, identity(PeerName.master(MASTER)), 0);
        masters.add(master);
        return master;
    }

    /** Something to run on a master; what it answers is up to the test's own master. */
    Built controlPlane(String version) throws IOException {
        Path payload = Files.createTempDirectory(root, "payload");
        Path program = Files.createDirectories(payload.resolve("master/bin")).resolve("run");
        Files.writeString(program, "#!/bin/sh\nexec sleep 1000 # sample\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return build(
                ManifestDraft.of(
                        new PackageName("site"),
                        PackageKind.SITE,
                        new PackageVersion(version),
                        1,
                        Installation.Roles.of(
                                Map.of(
                                        Role.MASTER,
                                        new RolePayload(
                                                new PayloadPath("master"), List.of("bin/run"))))),
                payload,
                signer);
    }

    /** The agent of the master's node; returns the shared address that it may hold. */
    String startMasterAgent() throws Exception {
        String shared = "127.0.0.1:" + freePort();
        Path file = writeConfig("");
        String config =
                Files.readString(file)
                        .replace("nodeId: " + NODE, "nodeId: " + MASTER)
                        .replace("role: traffic", "role: master")
                        .replaceAll("(?s)traffic:\n.*?service:", "service:")
                        .concat(
                                "sharedAddress: {address: '%s', forwardTo: '127.0.0.1:1'}\n"
                                        .formatted(shared));
        Files.writeString(file, config);
        AgentConfig read = ConfigFile.read(file);
        startAgent(read, new NoHardware(read.hardwareModel(), read.initialPackages()));
        return shared;
    }

    /** A certificate for a server at 127.0.0.1, of the cluster's authority. */
    Listen.Tls serverCertificate(String id) throws IOException {
        Path directory = root.resolve(id);
        issue(PeerName.node(id), directory);
        return new Listen.Tls(directory.resolve("cert.pem"), directory.resolve("key.pem"));
    }

    Agent startAgentWithRedfish(String url, Path credentials) throws Exception {
        AgentConfig config =
                ConfigFile.read(
                        writeConfig(
                                "hardware: {driver: redfish, url: '%s', systemId: eu-1, ca: tls/ca.pem, credentialsFile: %s, resetDeadlineSeconds: 60}"
                                        .formatted(url, credentials)));
        return startAgent(config, AgentMain.hardware(config));
    }

    Built build(ManifestDraft draft, Path payload, PackageSigningKey key) throws IOException {
        Path file = Files.createTempFile(root, "package", ".slu");
        Manifest manifest =
                PackageBuilder.build(draft, payload, new PackageSigner(key, CLOCK), file);
        PackageHead head = PackageReader.open(file);
        Path content = Files.createTempFile(root, "content", ".bin");
        byte[] whole = Files.readAllBytes(file);
        Files.write(
                content,
                Arrays.copyOfRange(whole, Math.toIntExact(head.contentOffset()), whole.length));
        return new Built(manifest, head, file, content);
    }

    Path writeConfig(String more) throws IOException {
        Path file = root.resolve("agent.yaml");
        Files.writeString(
                file,
                """
                nodeId: %s
                role: traffic
                region: eu
                hardwareModel: sx-100
                dataDir: data
                tls: {ca: tls/ca.pem, certificate: tls/%s, key: tls/%s}
                trustedSigners: [signer.pem]
                masters:
                  - {id: m-a, address: 127.0.0.1:%d}
                listen: 127.0.0.1:0
                transferWarmUpMiB: 0
                traffic:
                  driver: sample
                  controlSocket: data/service/control/site.sock
                  address: 127.0.0.1:%d
                service: {startDeadlineSeconds: 60, stopDeadlineSeconds: 10}
                scriptsDir: scripts
                %s
                """
                        .formatted(
                                NODE,
                                "cert.pem",
                                "key.pem",
                                master().port(),
                                sitePort,
                                more.isEmpty()
                                        ? "hardware: {driver: none}\ninitial: {packages: {base: 6.2.0}}"
                                        : more));
        return file;
    }

    Agent startAgent() throws Exception {
        return startAgent("");
    }

    Agent startAgent(String more) throws Exception {
        AgentConfig config = ConfigFile.read(writeConfig(more));
        return startAgent(config, new NoHardware(config.hardwareModel(), config.initialPackages()));
    }

    /** The pid of the site, from the pid file that its agent found it by. */
    long sitePid() throws IOException {
        String stat = Files.readAllLines(dataDir().resolve("run/service.pid")).get(1);
        return Long.parseLong(stat.substring(0, stat.indexOf(' ')));
    }

    Agent startAgent(AgentConfig config, Hardware hardware) throws Exception {
        Files.createDirectories(config.dataDir());
        Agent started =
                new Agent(
                        config,
                        Ledger.open(
                                new FileLedgerStorage(config.dataDir().resolve("ledger")),
                                config.nodeId()),
                        hardware,
                        identity(PeerName.node(config.nodeId())),
                        signatures(),
                        "test",
                        new SplittableRandom(1));
        started.start();
        agent = Optional.of(started);
        return started;
    }

    void stopAgent() {
        agent.ifPresent(Agent::close);
        agent = Optional.empty();
    }

    static Command.Builder command(String id, long counter) {
        return Command.newBuilder()
                .setCommandId(id)
                .setBallot(TestMaster.ballot(MASTER, counter))
                .setPlanId("p1")
                .setStepId("s1")
                .setAttempt(1);
    }

    static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    /** Ends the agent, and the site that outlives it. */
    @Override
    public void close() throws IOException {
        stopAgent();
        Path pidFile = dataDir().resolve("run/service.pid");
        if (Files.exists(pidFile)) {
            Optional<ProcessHandle> site = ProcessHandle.of(sitePid());
            if (site.isPresent()
                    && site.get().info().commandLine().orElse("").matches(".*(sample|sleep).*")) {
                site.get().destroyForcibly();
                site.get().onExit().join();
            }
        }
        for (TestMaster master : masters) {
            master.close();
        }
    }
}
