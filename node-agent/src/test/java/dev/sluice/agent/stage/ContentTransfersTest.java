package dev.sluice.agent.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.store.Span;
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
import dev.sluice.trust.pki.CertificateAuthority;
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
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
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
    private static final int PAYLOAD_BYTES = 5 << 20;

    private final CertificateAuthority authority =
            CertificateAuthority.create("test", Duration.ofDays(10), CLOCK);
    private final PackageSigningKey signer =
            PackageSigningKey.create("s", Duration.ofDays(1), CLOCK);
    private final List<StageNode> nodes = new ArrayList<>();

    @TempDir private Path root = Path.of("");
    private Path file = Path.of("");
    private PackageHead head = new PackageHead(new byte[0], new byte[0], 0, 0);

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
        nodes.forEach(StageNode::close);
    }

    private StageNode node(String id) throws IOException {
        StageNode node = new StageNode(root, id, authority, signer, Zstd.load());
        nodes.add(node);
        return node;
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

    private StagePackage order(long bytesPerSecond, StageNode... sources) {
        StagePackage.Builder order =
                StagePackage.newBuilder()
                        .setManifest(ByteString.copyFrom(head.manifestBytes()))
                        .setSignature(ByteString.copyFrom(head.signatureBytes()))
                        .setMaxBytesPerSecond(bytesPerSecond);
        for (StageNode source : sources) {
            order.addSources(
                    PackageLocation.newBuilder()
                            .setNodeId(source.id)
                            .setAddress("127.0.0.1:1")
                            .setTransferAddress(address(source)));
        }
        return order.build();
    }

    private StagePackage inHalves(StagePackage first, StageNode... second) {
        return first.toBuilder().addAllSecondHalfSources(order(0, second).getSourcesList()).build();
    }

    private static String address(StageNode node) {
        return "127.0.0.1:" + node.transfers.port();
    }

    private static Source source(StageNode node) {
        return new Source(node.id, "127.0.0.1", node.transfers.port(), 0);
    }

    @Test
    @Tag("PKG-4")
    void whatTheMasterOnTheNodeHasDoesNotComeFromElsewhere() throws Exception {
        StageNode told = node("m-a").holding(manifest(), head, file);
        StageNode own = node("m-b").holding(manifest(), head, file);
        StageNode node = node("b-agent");
        node.ownMaster = Optional.of(source(own));

        FutureTask<Outcome> staging = node.stage(inHalves(order(0, told), told));

        assertThat(staging.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(node.ledger.state().receivedBytes()).containsOnlyKeys("m-b");
    }

    @Test
    @Tag("PKG-4")
    void aMasterOnTheNodeThatDoesNotServeIsPassedOver() throws Exception {
        StageNode told = node("m-a").holding(manifest(), head, file);
        StageNode node = node("b-agent");
        node.ownMaster = Optional.of(new Source("m-b", "127.0.0.1", 1, 0));

        FutureTask<Outcome> staging = node.stage(order(0, told));

        assertThat(staging.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(node.ledger.state().receivedBytes()).containsOnlyKeys("m-a");
    }

    @Test
    @Tag("PKG-4")
    void aChainOfAgentsStagesWhileItsParentsStillReceive() throws Exception {
        StageNode origin = node("m-a").holding(manifest(), head, file);
        StageNode relay = node("eu-1");
        StageNode last = node("eu-2");

        FutureTask<Outcome> second = last.stage(order(0, relay, origin));
        FutureTask<Outcome> first = relay.stage(order(0, origin));

        assertThat(first.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(second.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(last.staged(sha256()))
                .isEqualTo(relay.staged(sha256()))
                .isEqualTo(origin.staged(sha256()));
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
        StageNode origin = node("m-a").holding(manifest(), head, file);
        StageNode empty = node("eu-1");
        StageNode puller = node("eu-2");
        FutureTask<Outcome> staging = puller.stage(order(0, empty));
        puller.await(() -> telling(puller).contains("127.0.0.1:" + empty.transfers.port()));

        puller.stager.update(order(0, origin));

        assertThat(staging.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(puller.ledger.state().receivedBytes()).containsOnlyKeys("m-a");
    }

    @Test
    @Tag("PKG-4")
    void eachHalfComesFromTheSourcesThatTheOrderNamesForIt() throws Exception {
        StageNode one = node("m-a").holding(manifest(), head, file);
        StageNode other = node("m-b").holding(manifest(), head, file);
        StageNode puller = node("eu-1");
        List<Span> halves = Span.halves(manifest().content());

        FutureTask<Outcome> staging = puller.stage(inHalves(order(1 << 20, one), other));
        puller.await(() ->
                puller.transfers
                        .telling(sha256())
                        .filter(telling -> telling.source().equals(address(one)))
                        .filter(telling -> telling.secondHalfSource().equals(address(other)))
                        .isPresent());
        puller.stager.update(inHalves(order(0, one), other));

        assertThat(staging.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(puller.staged(sha256())).isEqualTo(one.staged(sha256()));
        assertThat(puller.ledger.state().receivedBytes())
                .containsOnlyKeys("m-a", "m-b")
                .satisfies(received -> {
                    assertThat(received.get("m-a")).isGreaterThanOrEqualTo(halves.get(0).size());
                    assertThat(received.get("m-b")).isGreaterThanOrEqualTo(halves.get(1).size());
                });
    }

    @Test
    @Tag("PKG-4")
    void anOrderForHalvesWhileTheWholeIsPulledGoesOnFromWhatIsHere() throws Exception {
        StageNode one = node("m-a").holding(manifest(), head, file);
        StageNode other = node("m-b").holding(manifest(), head, file);
        StageNode puller = node("eu-1");
        List<Span> halves = Span.halves(manifest().content());
        FutureTask<Outcome> staging = puller.stage(order(1 << 20, one));
        puller.await(() -> !telling(puller).isEmpty());

        puller.stager.update(inHalves(order(0, one), other));

        assertThat(staging.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        assertThat(puller.staged(sha256())).isEqualTo(one.staged(sha256()));
        assertThat(puller.ledger.state().receivedBytes())
                .as("a pull of the whole never asks for the second half from m-b")
                .hasEntrySatisfying(
                        "m-b", received -> assertThat(received).isEqualTo(halves.get(1).size()));
    }

    private String telling(StageNode node) {
        return node.transfers
                .telling(sha256())
                .map(telling -> telling.source() + telling.failedSources())
                .orElse("");
    }

    @Test
    void aSourceThatWasGivenUpIsToldByItsAddress() throws Exception {
        StageNode origin = node("m-a").holding(manifest(), head, file);
        StageNode puller = node("eu-2");
        StageNode gone = node("eu-1");
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
        StageNode origin = node("m-a").holding(manifest(), head, file);
        StageNode puller = node("eu-1");
        FutureTask<Outcome> staging = puller.stage(order(1 << 20, origin));
        long half = 1 << 20;
        while (puller.area.entries().isEmpty()
                || puller.area.entries().getFirst().present() < half) {
            assertThat(staging.isDone()).isFalse();
            Thread.onSpinWait();
        }
        puller.close();
        nodes.remove(puller);

        StageNode again = node("eu-1");

        assertThat(again.area.entries().getFirst().present()).isGreaterThanOrEqualTo(half);
        long before = again.ledger.state().receivedBytes().getOrDefault("m-a", 0L);
        assertThat(again.stage(order(0, origin)).get(60, TimeUnit.SECONDS))
                .isInstanceOf(Outcome.Done.class);
        assertThat(again.ledger.state().receivedBytes().getOrDefault("m-a", 0L) - before)
                .isLessThanOrEqualTo(manifest().content().size() - half);
    }
}
