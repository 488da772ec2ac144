package dev.sluice.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.config.ControlPlaneConfig;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.GrpcTls;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Office;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.GetStatusRequest;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.OperatorServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees when a master can't start: one line, a status, and nothing changed. */
@Tag("REL-3")
@Timeout(60)
final class ControlPlaneTest {

    private static final InstantSource CLOCK = InstantSource.system();
    private static final NodeId SELF = new NodeId("m-a");
    private static final CertificateAuthority CA =
            CertificateAuthority.create("test", Duration.ofDays(1), CLOCK);

    @TempDir private Path directory;
    private int port;
    private @Nullable LoopbackWitness witness;

    @AfterEach
    void stopWitness() {
        if (witness != null) {
            witness.close();
        }
    }

    @BeforeEach
    void prepare() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        identity("m-a", CA, PeerName.master("m-a"));
        PackageSigningKey.create("releases", Duration.ofDays(1), CLOCK)
                .store(directory.resolve("releases.pem"), directory.resolve("releases-key.pem"));
        inventory("m-a");
        configure("");
    }

    private void identity(String folder, CertificateAuthority authority, PeerName name)
            throws IOException {
        authority
                .issue(name, Set.of(), Duration.ofHours(1))
                .store(Files.createDirectories(directory.resolve(folder)));
    }

    private void inventory(String master) throws IOException {
        Files.writeString(
                directory.resolve("cluster.yaml"),
                """
                apiVersion: sluice/v1
                kind: Cluster
                metadata: {name: acme}
                masters:
                  - {id: %s, role: primary, region: eu, hardware: sx-200, installed: {base: 6.2.0}}
                """
                        .formatted(master));
    }

    private void configure(String more) throws IOException {
        Files.writeString(
                directory.resolve("control-plane.yaml"),
                """
                masterId: m-a
                dataDir: data
                listen: 127.0.0.1:%d
                tls: {ca: m-a/ca.pem, certificate: m-a/cert.pem, key: m-a/key.pem}
                trustedSigners: [releases.pem]
                inventory: cluster.yaml
                %s
                """
                        .formatted(port, more));
    }

    private void reconfigure(String good, String bad) throws IOException {
        Path file = directory.resolve("control-plane.yaml");
        String before = Files.readString(file);
        assertThat(before).contains(good);
        Files.writeString(file, before.replace(good, bad));
    }

    /** Starts; the one line that it says instead of running. */
    private String refusal(int status) {
        StringWriter said = new StringWriter();
        assertThat(
                        ControlPlane.execute(
                                new PrintWriter(said, true),
                                "--config",
                                directory.resolve("control-plane.yaml").toString()))
                .as("status after: %s", said)
                .isEqualTo(status);
        assertThat(said.toString().lines()).as("%s", said).hasSize(1);
        return said.toString();
    }

    private String refusalThatLeavesNothing() {
        String said = refusal(ControlPlane.EXIT_BAD_INPUT);
        assertThat(directory.resolve("data")).doesNotExist();
        return said;
    }

    private Path data() {
        return directory.resolve("data");
    }

    @Test
    void anUnknownKeyIsNamedWithTheNearest() throws IOException {
        configure("sharedAdress: 10.0.0.1:9000");

        assertThat(refusalThatLeavesNothing())
                .startsWith("sluice control-plane: ")
                .contains(
                        "control-plane.yaml:7", "sharedAdress", "did you mean \"sharedAddress\"?");
    }

    @Test
    void aMissingConfigurationIsNamed() throws IOException {
        Files.delete(directory.resolve("control-plane.yaml"));

        assertThat(refusalThatLeavesNothing())
                .contains("control-plane.yaml: expected a file, found none");
    }

    @Test
    void aMissingArgumentIsAUsageError() {
        StringWriter said = new StringWriter();

        assertThat(ControlPlane.execute(new PrintWriter(said, true))).isEqualTo(2);
        assertThat(said.toString()).contains("--config");
    }

    @Test
    void aNodesCertificateIsRefused() throws IOException {
        identity("node", CA, PeerName.node("m-a"));
        reconfigure("m-a/cert.pem, key: m-a/key.pem", "node/cert.pem, key: node/key.pem");

        assertThat(refusalThatLeavesNothing())
                .contains(
                        "node/cert.pem: expected the certificate of " + PeerName.master("m-a"),
                        "found that of " + PeerName.node("m-a"));
    }

    @Test
    void anotherMastersCertificateIsRefused() throws IOException {
        identity("m-b", CA, PeerName.master("m-b"));
        reconfigure("m-a/cert.pem, key: m-a/key.pem", "m-b/cert.pem, key: m-b/key.pem");

        assertThat(refusalThatLeavesNothing())
                .contains(
                        "m-b/cert.pem: expected the certificate of " + PeerName.master("m-a"),
                        "found that of " + PeerName.master("m-b"));
    }

    @Test
    void anExpiredCertificateIsRefusedWithItsTime() throws IOException {
        Instant then = Instant.parse("2020-01-01T00:00:00Z");
        CertificateAuthority old =
                CertificateAuthority.create("test", Duration.ofDays(36_500), () -> then);
        identity("old", old, PeerName.master("m-a"));
        reconfigure(
                "m-a/ca.pem, certificate: m-a/cert.pem, key: m-a/key.pem",
                "old/ca.pem, certificate: old/cert.pem, key: old/key.pem");

        assertThat(refusalThatLeavesNothing()).contains("old/cert.pem: ", "2020-01-01");
    }

    @Test
    void aCertificateOfAnotherAuthorityIsRefused() throws IOException {
        CertificateAuthority other =
                CertificateAuthority.create("other", Duration.ofDays(1), CLOCK);
        identity("other", other, PeerName.master("m-a"));
        reconfigure("m-a/cert.pem, key: m-a/key.pem", "other/cert.pem, key: other/key.pem");

        assertThat(refusalThatLeavesNothing()).contains("other/cert.pem: ");
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() throws IOException {
        identity("m-b", CA, PeerName.master("m-b"));
        reconfigure("key: m-a/key.pem", "key: m-b/key.pem");

        assertThat(refusalThatLeavesNothing()).contains("m-b/key.pem holds a key that does not");
    }

    @Test
    void aMissingSignerIsNamedBeforeAnythingIsMade() throws IOException {
        reconfigure("[releases.pem]", "[nobody.pem]");

        assertThat(refusalThatLeavesNothing()).contains("nobody.pem");
    }

    @Test
    void anInventoryWithoutThisMasterIsRefused() throws IOException {
        inventory("m-z");

        assertThat(refusalThatLeavesNothing())
                .contains("cluster.yaml: expected master m-a in it, found [m-z]");
    }

    @Test
    void aFileInPlaceOfTheDataDirectoryIsNamed() throws IOException {
        Files.writeString(data(), "mine");

        assertThat(refusal(ControlPlane.EXIT_BAD_INPUT))
                .contains("dataDir: %s: expected a directory, found a file".formatted(data()));
        assertThat(data()).hasContent("mine");
    }

    @Test
    void aDataDirectoryThatCanNotBeMadeIsNamed() throws IOException {
        Files.writeString(directory.resolve("file"), "mine");
        reconfigure("dataDir: data", "dataDir: file/data");

        assertThat(refusal(ControlPlane.EXIT_BAD_INPUT))
                .contains("file/data: expected a directory or a place where one can be made");

        reconfigure("dataDir: file/data", "dataDir: " + "x".repeat(300));
        assertThat(refusal(ControlPlane.EXIT_BAD_INPUT)).contains("dataDir: ", "name too long");
    }

    @Test
    void aPortInUseIsNamedAndNothingIsRecorded() throws Exception {
        try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            assertThat(refusal(ControlPlane.EXIT_BAD_INPUT))
                    .contains("127.0.0.1:" + taken.getLocalPort(), "is another process using it?");
        }
        assertThat(recorded()).isEqualTo(ClusterState.EMPTY);
    }

    @Test
    void anAddressOfNoInterfaceIsNamedAndNothingIsRecorded() throws Exception {
        reconfigure("127.0.0.1:", "192.0.2.1:");
        assertThat(refusal(ControlPlane.EXIT_BAD_INPUT)).contains("192.0.2.1", "can't be bound");

        reconfigure("192.0.2.1:", "no-such-host.invalid:");
        assertThat(refusal(ControlPlane.EXIT_BAD_INPUT))
                .contains("no-such-host.invalid", "can't be bound");
        assertThat(recorded()).isEqualTo(ClusterState.EMPTY);
    }

    private ClusterState recorded() throws IOException {
        try (DurableState durable =
                DurableState.recover(
                        SELF,
                        1,
                        NioDisk.in(data().resolve("journal")),
                        JournalOptions.defaults(),
                        CLOCK)) {
            return durable.state();
        }
    }

    @Test
    void aDamagedMemoryOfTheElectionIsNamedAndLeftAsItIs() throws IOException {
        Path file = Files.createDirectories(data()).resolve("mastership");
        Files.writeString(file, "sluice mastership 1\n0 3 m-b");

        assertThat(refusal(ControlPlane.EXIT_BAD_INPUT))
                .contains(file.toString(), "expected the CRC32C", "must not start");
        assertThat(file).hasContent("sluice mastership 1\n0 3 m-b");
    }

    @Test
    @Tag("CLU-15")
    void aDamagedJournalIsNamedWithItsOffsetAndLeftAsItIs() throws Exception {
        runUntilFounded();
        Path segment = segment();
        byte[] bytes = Files.readAllBytes(segment);
        // Well inside the first entry; the second still follows, so that it is no torn tail.
        bytes[100] ^= 0x10;
        Files.write(segment, bytes);

        assertThat(refusal(ControlPlane.EXIT_JOURNAL))
                .contains(segment.toString(), "corrupt at offset", "Nothing was changed");
        assertThat(segment).hasBinaryContent(bytes);
    }

    private Path segment() throws IOException {
        try (var files = Files.list(data().resolve("journal"))) {
            return files.filter(f -> f.toString().endsWith(".log"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Runs a master until it is in office and has founded its cluster. */
    private void runUntilFounded() throws Exception {
        startWitness();
        try (MasterProcess master = start()) {
            assertThat(master).isNotNull();
            awaitFounded();
        }
    }

    /** The agent of the master's own node, the only witness of a cluster with one master. */
    private void startWitness() throws Exception {
        if (witness != null) {
            return;
        }
        TlsIdentity node =
                TlsIdentity.of(
                        CA.issue(PeerName.node("m-a"), Set.of(), Duration.ofHours(1)), CLOCK);
        witness =
                new LoopbackWitness(
                        NettyChannelBuilder.forAddress("127.0.0.1", port)
                                .sslContext(
                                        GrpcTls.client(
                                                node,
                                                PeerExpectation.exactly(PeerName.master("m-a"))))
                                .build(),
                        "m-a");
    }

    /** Asks as an operator would, until the cluster is there. */
    private void awaitFounded() throws Exception {
        TlsIdentity alice =
                TlsIdentity.of(
                        CA.issue(PeerName.operator("alice"), Set.of(), Duration.ofHours(1)), CLOCK);
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port)
                        .sslContext(
                                GrpcTls.client(
                                        alice, PeerExpectation.exactly(PeerName.master("m-a"))))
                        .build();
        try {
            while (!isFounded(channel)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        } finally {
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private static boolean isFounded(ManagedChannel channel) {
        try {
            var operator =
                    OperatorServiceGrpc.newBlockingStub(channel)
                            .withDeadlineAfter(30, TimeUnit.SECONDS)
                            .withWaitForReady();
            return operator.listMasters(ListMastersRequest.getDefaultInstance())
                            .getStanding()
                            .equals("PRIMARY")
                    && operator.getStatus(GetStatusRequest.getDefaultInstance())
                            .getCluster()
                            .equals("acme");
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
                return false;
            }
            throw e;
        }
    }

    @Test
    void aProcessServesUnderSmallMemoryAndEndsWithStatusZeroWhenItIsAskedTo() throws Exception {
        Path log = directory.resolve("log");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+ExitOnOutOfMemoryError",
                                "-Xmx96m",
                                "-XX:MaxMetaspaceSize=96m",
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                ControlPlane.class.getName(),
                                "--config",
                                directory.resolve("control-plane.yaml").toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        startWitness();
        try {
            awaitFounded();
            process.destroy();
            assertThat(process.waitFor()).as("%s", Files.readString(log)).isZero();
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(Files.readString(log)).contains("listens on").doesNotContain("Exception");
        assertThat(recorded().topology()).isNotNull();
    }

    private MasterProcess start() throws IOException {
        return MasterProcess.start(
                ControlPlaneConfig.read(directory.resolve("control-plane.yaml")),
                "1.0.0",
                code -> {
                    throw new AssertionError("ended by itself with status " + code);
                });
    }

    @Test
    @Tag("CLU-15")
    void aSecondProcessOnTheSameDataIsRefusedAndTheFirstGoesOn() throws Exception {
        try (MasterProcess first = start()) {
            assertThat(first).isNotNull();
            port = port == 65_535 ? 1024 : port + 1;
            configure("");

            assertThat(refusal(ControlPlane.EXIT_BAD_INPUT))
                    .contains(data().resolve("journal").toString());
        }
    }

    @Test
    @Tag("CLU-15")
    void aMasterThatWasStoppedStartsAgainOnTheSamePortUnderAHigherBallot() throws Exception {
        runUntilFounded();
        Office first = Objects.requireNonNull(recorded().office());
        runUntilFounded();
        Office second = Objects.requireNonNull(recorded().office());

        assertThat(second.ballot()).isGreaterThan(first.ballot());
        assertThat(second.primary()).isEqualTo(SELF);
    }
}
