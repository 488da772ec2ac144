package dev.sluice.agent.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.agent.config.HostPort;
import dev.sluice.agent.ledger.FileLedgerStorage;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.transfer.store.DiskSpace;
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
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Agents that stage from one another by the transfer protocol. */
@Timeout(120)
final class ContentTransfersTest {

    private static final InstantSource CLOCK = InstantSource.system();
    private static final int PAYLOAD_BYTES = 3 << 20;

    private final CertificateAuthority authority =
            CertificateAuthority.create("test", Duration.ofDays(10), CLOCK);
    private final PackageSigningKey signer =
            PackageSigningKey.create("s", Duration.ofDays(1), CLOCK);
    private final List<Node> nodes = new ArrayList<>();

    @TempDir private Path root = Path.of("");
    private Path file = Path.of("");
    private PackageHead head = new PackageHead(new byte[0], new byte[0], 0, 0);

    /** A node's stage area with its transfers. */
    private final class Node {
        final String id;
        final Ledger ledger;
        final StageArea area;
        final ContentTransfers transfers;
        final Stager stager;
        final Semaphore changed = new Semaphore(0);

        Node(String id) throws IOException {
            this.id = id;
            Path home = Files.createDirectories(root.resolve(id));
            this.ledger = Ledger.open(new FileLedgerStorage(home.resolve("ledger")), id);
            this.area = new StageArea(home.resolve("staged"));
            ReceivedBytes received = new ReceivedBytes(ledger);
            this.transfers =
                    ContentTransfers.start(
                            area,
                            received,
                            changed::release,
                            TlsIdentity.of(
                                    authority.issue(
                                            PeerName.node(id), Set.of(), Duration.ofDays(1)),
                                    CLOCK),
                            new HostPort("127.0.0.1", 0),
                            DiskSpace.system());
            this.stager =
                    new Stager(
                            area,
                            new SignatureVerifier(TrustedSigners.of(signer.certificate()), CLOCK),
                            (_, _, _) -> {
                                throw new IOException("gRPC is not to be used");
                            },
                            Optional.of(transfers),
                            received,
                            new StageRoom(area, new KeptPackages(), List::of, () -> Long.MAX_VALUE),
                            changed::release);
            nodes.add(this);
        }

        FutureTask<Outcome> stage(StagePackage order) {
            FutureTask<Outcome> staging = new FutureTask<>(() -> stager.stage(order));
            Thread.ofVirtual().start(staging);
            return staging;
        }

        Node holding() throws IOException {
            area.adopt(manifest(), head, file);
            return this;
        }

        byte[] staged() throws IOException {
            return Files.readAllBytes(area.content(sha256()).orElseThrow());
        }

        /** Waits for something that is reported. */
        void await(BooleanSupplier condition) throws InterruptedException {
            while (!condition.getAsBoolean()) {
                assertThat(changed.tryAcquire(60, TimeUnit.SECONDS)).as(id).isTrue();
            }
        }
    }

    @BeforeEach
    void build() throws IOException {
        byte[] image = new byte[PAYLOAD_BYTES];
        new Random(3).nextBytes(image);
        Path payload = Files.createDirectories(root.resolve("payload"));
        Files.write(payload.resolve("image.bin"), image);
        file = root.resolve("base.slu");
        PackageBuilder.build(
                ManifestDraft.of(
                        new PackageName("base"),
                        PackageKind.BASE,
                        new PackageVersion("7.0.0"),
                        1,
                        new Installation.Image(new PayloadPath("image.bin"))),
                payload,
                new PackageSigner(signer, CLOCK),
                file);
        head = PackageReader.open(file);
    }

    @AfterEach
    void close() {
        nodes.forEach(node -> {
            node.transfers.close();
            node.ledger.close();
        });
    }

    private Manifest manifest() throws IOException {
        return Manifest.parse(head.manifestBytes());
    }

    private String sha256() {
        try {
            return manifest().content().sha256().hex();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private StagePackage order(long bytesPerSecond, Node... sources) {
        StagePackage.Builder order =
                StagePackage.newBuilder()
                        .setManifest(ByteString.copyFrom(head.manifestBytes()))
                        .setSignature(ByteString.copyFrom(head.signatureBytes()))
                        .setMaxBytesPerSecond(bytesPerSecond);
        for (Node source : sources) {
            order.addSources(
                    PackageLocation.newBuilder()
                            .setNodeId(source.id)
                            .setAddress("127.0.0.1:1")
                            .setTransferAddress(address(source)));
        }
        return order.build();
    }

    private static String address(Node node) {
        return "127.0.0.1:" + node.transfers.port();
    }

    @Test
    @Tag("PKG-4")
    void aChainOfAgentsStagesWhileItsParentsStillReceive() throws Exception {
        Node origin = new Node("m-a").holding();
        Node relay = new Node("eu-1");
        Node last = new Node("eu-2");

        FutureTask<Outcome> second = last.stage(order(0, relay, origin));
        FutureTask<Outcome> first = relay.stage(order(0, origin));

        assertThat(first.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(second.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(last.staged()).isEqualTo(relay.staged()).isEqualTo(origin.staged());
        assertThat(last.ledger.state().receivedBytes())
                .containsOnlyKeys("eu-1")
                .containsEntry("eu-1", manifest().content().size());
        assertThat(root.resolve("eu-2/staged").resolve(sha256()))
                .isDirectoryContaining("glob:**/{manifest.json,manifest.p7s,content,leaves}")
                .isDirectoryNotContaining("glob:**/progress");
    }

    @Test
    @Tag("PKG-4")
    void otherSourcesAreTakenWhileAPullRuns() throws Exception {
        Node origin = new Node("m-a").holding();
        Node empty = new Node("eu-1");
        Node puller = new Node("eu-2");
        FutureTask<Outcome> staging = puller.stage(order(0, empty));
        puller.await(() -> telling(puller).contains("127.0.0.1:" + empty.transfers.port()));

        puller.stager.update(order(0, origin));

        assertThat(staging.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(puller.ledger.state().receivedBytes()).containsOnlyKeys("m-a");
    }

    private String telling(Node node) {
        return node.transfers
                .telling(sha256())
                .map(telling -> telling.source() + telling.failedSources())
                .orElse("");
    }

    @Test
    void aSourceThatWasGivenUpIsToldByItsAddress() throws Exception {
        Node origin = new Node("m-a").holding();
        Node puller = new Node("eu-2");
        Node gone = new Node("eu-1");
        String address = address(gone);
        gone.transfers.close();

        FutureTask<Outcome> staging = puller.stage(order(1 << 19, gone, origin));
        puller.await(() -> telling(puller).startsWith(address(origin)));

        assertThat(puller.transfers.telling(sha256()).orElseThrow().failedSources())
                .hasEntrySatisfying(address, why -> assertThat(why).startsWith("eu-1: "));
        puller.stager.update(order(0, gone, origin));
        assertThat(staging.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
    }

    @Test
    @Tag("PKG-4")
    void anAgentThatIsStoppedGoesOnWhereItWas() throws Exception {
        Node origin = new Node("m-a").holding();
        Node puller = new Node("eu-1");
        FutureTask<Outcome> staging = puller.stage(order(1 << 20, origin));
        long half = 1 << 20;
        while (puller.area.entries().isEmpty()
                || puller.area.entries().getFirst().present() < half) {
            assertThat(staging.isDone()).isFalse();
            Thread.onSpinWait();
        }
        puller.transfers.close();
        puller.ledger.close();
        nodes.remove(puller);

        Node again = new Node("eu-1");

        assertThat(again.area.entries().getFirst().present()).isGreaterThanOrEqualTo(half);
        long before = again.ledger.state().receivedBytes().getOrDefault("m-a", 0L);
        assertThat(again.stage(order(0, origin)).get(60, TimeUnit.SECONDS))
                .isInstanceOf(Outcome.Done.class);
        assertThat(again.ledger.state().receivedBytes().getOrDefault("m-a", 0L) - before)
                .isLessThanOrEqualTo(manifest().content().size() - half);
    }
}
