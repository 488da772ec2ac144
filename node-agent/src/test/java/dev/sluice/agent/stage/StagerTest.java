package dev.sluice.agent.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.agent.ledger.FileLedgerStorage;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.Outcome;
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
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Staging from sources that do what the test says. */
final class StagerTest {

    private static final InstantSource CLOCK = InstantSource.system();
    private static final int CHUNK = 10_000;

    @TempDir private Path root = Path.of("");
    private Ledger ledger = unset();
    private StageArea area = unset();
    private SignatureVerifier signatures = unset();
    private PackageHead head = unset();
    private byte[] content = {};
    private long freeBytes = Long.MAX_VALUE;
    private final List<String> opened = new ArrayList<>();

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // Set before each test.
    private static <T> T unset() {
        return null;
    }

    @BeforeEach
    void open() throws IOException {
        PackageSigningKey signer = PackageSigningKey.create("s", Duration.ofDays(1), CLOCK);
        signatures = new SignatureVerifier(TrustedSigners.of(signer.certificate()), CLOCK);
        Path payload = Files.createDirectories(root.resolve("payload"));
        Files.write(payload.resolve("image.bin"), new byte[100_000]);
        Path file = root.resolve("base.slu");
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
        byte[] whole = Files.readAllBytes(file);
        content = Arrays.copyOfRange(whole, (int) head.contentOffset(), whole.length);
        ledger = Ledger.open(new FileLedgerStorage(root.resolve("ledger")), "eu-1");
        area = new StageArea(root.resolve("staged"));
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private Outcome stage(ContentSource source, long bytesPerSecond, String... nodes)
            throws InterruptedException {
        StagePackage.Builder order =
                StagePackage.newBuilder()
                        .setManifest(ByteString.copyFrom(head.manifestBytes()))
                        .setSignature(ByteString.copyFrom(head.signatureBytes()))
                        .setMaxBytesPerSecond(bytesPerSecond);
        for (String node : nodes) {
            order.addSources(
                    PackageLocation.newBuilder().setNodeId(node).setAddress("127.0.0.1:1"));
        }
        return new Stager(
                        area,
                        signatures,
                        source,
                        Optional.empty(),
                        new ReceivedBytes(ledger),
                        new StageRoom(area, new KeptPackages(), List::of, () -> freeBytes),
                        () -> {})
                .stage(order.build());
    }

    /**
     * Serves the content in chunks.
     *
     * @param breaksAt where it stops with an error
     */
    private ContentSource.Transfer serving(byte[] bytes, long from, long breaksAt) {
        return new ContentSource.Transfer() {
            private int at = (int) from;

            @Override
            public ByteBuffer next() throws IOException {
                if (at >= breaksAt) {
                    throw new IOException("sent nothing for 5000 ms");
                }
                int end = Math.min(bytes.length, at + CHUNK);
                ByteBuffer chunk = ByteBuffer.wrap(bytes, at, end - at);
                at = end;
                return chunk;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    @Test
    @Tag("PKG-4")
    void whatAPowerLossTookOfManifestAndSignatureComesAgain() throws Exception {
        ContentSource breaking = (_, _, offset) -> serving(content, offset, 30_000);
        assertThat(stage(breaking, 0, "silent")).isInstanceOf(Outcome.Failed.class);
        Path partial =
                root.resolve("staged")
                        .resolve(
                                ".partial-"
                                        + Manifest.parse(head.manifestBytes()).content().sha256());
        Files.write(partial.resolve("manifest.json"), new byte[0]);
        Files.write(partial.resolve("manifest.p7s"), new byte[0]);

        area = new StageArea(root.resolve("staged"));
        assertThat(area.entries()).as("nobody knows what it is").isEmpty();
        ContentSource whole =
                (location, _, offset) -> {
                    opened.add(location.getNodeId() + "@" + offset);
                    return serving(content, offset, Long.MAX_VALUE);
                };
        assertThat(stage(whole, 0, "good")).isInstanceOf(Outcome.Done.class);

        assertThat(opened).as("what came before stays").containsExactly("good@30000");
        Path staged =
                root.resolve("staged")
                        .resolve(Manifest.parse(head.manifestBytes()).content().sha256().hex());
        assertThat(staged.resolve("manifest.json")).hasBinaryContent(head.manifestBytes());
        assertThat(staged.resolve("manifest.p7s")).hasBinaryContent(head.signatureBytes());
    }

    @Test
    @Tag("PKG-4")
    void theNextSourceGoesOnWhereTheLastOneBroke() throws Exception {
        Outcome outcome =
                stage(
                        (location, _, offset) -> {
                            opened.add(location.getNodeId() + "@" + offset);
                            return switch (location.getNodeId()) {
                                case "silent" -> serving(content, offset, 30_000);
                                default -> serving(content, offset, Long.MAX_VALUE);
                            };
                        },
                        0,
                        "silent",
                        "good",
                        "spare");

        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(opened).containsExactly("silent@0", "good@30000");
        assertThat(ledger.state().receivedBytes())
                .containsEntry("silent", 30_000L)
                .containsEntry("good", content.length - 30_000L)
                .hasSize(2);
    }

    @Test
    @Tag("PKG-3")
    void aSourceWithChangedBytesIsDroppedAndTheNextOneStartsAnew() throws Exception {
        byte[] changed = content.clone();
        changed[50_000] ^= 1;

        Outcome outcome =
                stage(
                        (location, _, offset) -> {
                            opened.add(location.getNodeId() + "@" + offset);
                            return serving(
                                    location.getNodeId().equals("bad") ? changed : content,
                                    offset,
                                    Long.MAX_VALUE);
                        },
                        0,
                        "bad",
                        "good");

        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(opened).containsExactly("bad@0", "good@0");
        Path staged = area.content(area.entries().getFirst().contentSha256()).orElseThrow();
        assertThat(Files.readAllBytes(staged)).isEqualTo(content);
    }

    @Test
    @Tag("PKG-3")
    void aSourceThatSendsTooMuchIsStopped() throws Exception {
        byte[] longer = Arrays.copyOf(content, content.length + CHUNK);

        Outcome outcome =
                stage((_, _, offset) -> serving(longer, offset, Long.MAX_VALUE), 0, "bad");

        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed ->
                                assertThat(failed.reason())
                                        .contains("expected " + content.length + " bytes"));
        assertThat(area.content(area.entries().getFirst().contentSha256())).isEmpty();
    }

    @Test
    @Tag("REL-3")
    @Tag("REL-4")
    void aDiskThatIsTooSmallIsNamedBeforeAnythingIsTransferred() throws Exception {
        freeBytes = 1000;

        Outcome outcome =
                stage(
                        (_, _, _) -> {
                            throw new IOException("not to be asked");
                        },
                        0,
                        "m-a");

        assertThat(outcome)
                .isEqualTo(
                        Outcome.retryable(
                                "base 7.0.0: needs %d bytes of disk space, found 1000 free; make room on the node"
                                        .formatted(content.length + (16L << 20))));
        assertThat(area.entries()).isEmpty();
    }

    @Test
    void withoutASourceTheReasonSaysSo() throws Exception {
        assertThat(stage((_, _, offset) -> serving(content, offset, Long.MAX_VALUE), 0))
                .isEqualTo(
                        Outcome.retryable(
                                "base 7.0.0: no source gave the whole content: none was named"));
    }

    @Test
    @Tag("PKG-4")
    void theRateLimitHoldsTheTransferBack() throws Exception {
        FutureTask<Outcome> staging =
                new FutureTask<>(() ->
                        stage(
                                (_, _, offset) -> serving(content, offset, Long.MAX_VALUE),
                                1,
                                "m-a"));
        Thread thread = Thread.ofPlatform().start(staging);
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }

        assertThat(area.entries().getFirst().present()).isZero();
        thread.interrupt();
        thread.join();
        assertThat(staging.isDone()).isTrue();
    }
}
