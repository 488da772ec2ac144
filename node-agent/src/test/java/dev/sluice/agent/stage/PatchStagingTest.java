package dev.sluice.agent.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.patch.PatchMaker;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.LeafFile;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.ContentPatch;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Agents that have a version, and get the next one as a difference. */
@Timeout(120)
@Tag("PKG-4")
final class PatchStagingTest {

    private static final InstantSource CLOCK = InstantSource.system();
    private static final int PAYLOAD_BYTES = 8 << 20;
    private static final Zstd ZSTD = Zstd.load().orElseThrow();

    private final CertificateAuthority authority =
            CertificateAuthority.create("test", Duration.ofDays(10), CLOCK);
    private final PackageSigningKey signer =
            PackageSigningKey.create("s", Duration.ofDays(1), CLOCK);
    private final List<AutoCloseable> open = new ArrayList<>();

    @TempDir private Path root = Path.of("");
    private Optional<Built> oldOne = Optional.empty();
    private Optional<Built> newOne = Optional.empty();
    private Optional<Patch> good = Optional.empty();
    private Optional<Origin> origin = Optional.empty();

    private record Built(Manifest manifest, PackageHead head, Path file) {

        String sha256() {
            return manifest.content().sha256().hex();
        }

        PatchSource source() {
            return new PatchSource(file, head.contentOffset(), manifest.content());
        }
    }

    private record Patch(PackageContent content, Path file, Path leaves) {}

    /** A master, as far as it serves contents. */
    private final class Origin implements AutoCloseable {
        final Map<String, CompleteContent> contents = new ConcurrentHashMap<>();
        private final TransferNetwork network;
        private final TransferServer server;

        Origin() throws IOException {
            network =
                    new TransferNetwork(
                            TlsIdentity.of(
                                    authority.issue(
                                            PeerName.node("m-a"), Set.of(), Duration.ofDays(1)),
                                    CLOCK));
            server =
                    TransferServer.start(
                            network,
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            PeerExpectation.kind(PeerName.Kind.NODE),
                            content ->
                                    Optional.<ReadableContent>ofNullable(
                                            contents.get(content.hex())),
                            ServeLimits.standard(),
                            new RateLimit(0, Ticker.system()),
                            Ticker.system());
        }

        void serve(Patch patch) {
            contents.put(
                    patch.content().sha256().hex(),
                    new CompleteContent(patch.content(), patch.file(), 0, patch.leaves()));
        }

        PackageLocation location() {
            return at("m-a", "127.0.0.1:" + server.address().getPort());
        }

        @Override
        public void close() {
            server.close();
            network.close();
        }
    }

    @BeforeEach
    void build() throws IOException {
        byte[] image = new byte[PAYLOAD_BYTES];
        new Random(3).nextBytes(image);
        Built before = built("7.0.0", image);
        for (int at = 1000; at < PAYLOAD_BYTES; at += 1 << 20) {
            image[at] ^= 1;
        }
        Built after = built("7.0.1", image);
        oldOne = Optional.of(before);
        newOne = Optional.of(after);
        Origin master = new Origin();
        open.add(master);
        origin = Optional.of(master);
        Path leaves = root.resolve("leaves-of-new");
        master.contents.put(
                after.sha256(),
                CompleteContent.withTable(
                        after.manifest().content(),
                        after.file(),
                        after.head().contentOffset(),
                        leaves));
        good =
                Optional.of(
                        patch(before.source(), after.source(), after.manifest().content(), leaves));
        master.serve(good.get());
    }

    private Built built(String version, byte[] image) throws IOException {
        Path payload = Files.createTempDirectory(root, "payload");
        Files.write(payload.resolve("image.bin"), image);
        Path file = root.resolve("base-" + version + ".slu");
        var manifest =
                PackageBuilder.build(
                        ManifestDraft.of(
                                new PackageName("base"),
                                PackageKind.BASE,
                                new PackageVersion(version),
                                1,
                                new Installation.Image(new PayloadPath("image.bin"))),
                        payload,
                        new PackageSigner(signer, CLOCK),
                        file);
        return new Built(manifest, PackageReader.open(file), file);
    }

    private Patch patch(PatchSource from, PatchSource to, PackageContent content, Path leaves)
            throws IOException {
        Path directory = Files.createTempDirectory(root, "patch");
        LeafTable table = LeafFile.read(leaves, content).orElseThrow();
        Path file = directory.resolve("patch");
        LeafHashing.Described made =
                new PatchMaker(ZSTD).make(from, to, table, file, Long.MAX_VALUE).orElseThrow();
        LeafFile.write(directory.resolve("leaves"), made.table());
        return new Patch(made.content(), file, directory.resolve("leaves"));
    }

    /** The same patch with a byte changed, as whoever makes patches could make it. */
    private Patch spoiled(Patch patch) throws IOException {
        byte[] bytes = Files.readAllBytes(patch.file());
        bytes[bytes.length / 2] ^= 1;
        Path directory = Files.createTempDirectory(root, "spoiled");
        Path file = Files.write(directory.resolve("patch"), bytes);
        LeafHashing.Described found = LeafHashing.describe(file);
        LeafFile.write(directory.resolve("leaves"), found.table());
        return new Patch(found.content(), file, directory.resolve("leaves"));
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable part : open.reversed()) {
            part.close();
        }
    }

    private StageNode node(String id) throws IOException {
        return node(id, Optional.of(ZSTD));
    }

    private StageNode node(String id, Optional<Zstd> zstd) throws IOException {
        StageNode node = new StageNode(root, id, authority, signer, zstd);
        open.add(node);
        return node;
    }

    private StageNode nodeWithTheOldOne(String id) throws IOException {
        Built before = oldOne.orElseThrow();
        return node(id).holding(before.manifest(), before.head(), before.file());
    }

    private static PackageLocation at(String node, String address) {
        return PackageLocation.newBuilder()
                .setNodeId(node)
                .setAddress("127.0.0.1:1")
                .setTransferAddress(address)
                .build();
    }

    private static PackageLocation at(StageNode node) {
        return at(node.id, node.address());
    }

    private StagePackage.Builder order() {
        PackageHead head = newOne.orElseThrow().head();
        return StagePackage.newBuilder()
                .setManifest(ByteString.copyFrom(head.manifestBytes()))
                .setSignature(ByteString.copyFrom(head.signatureBytes()));
    }

    private StagePackage whole() {
        return order().addSources(origin.orElseThrow().location()).build();
    }

    private StagePackage byPatch(Patch patch, PackageLocation... sources) {
        ContentPatch.Builder wire =
                ContentPatch.newBuilder()
                        .setBaseSha256(oldOne.orElseThrow().sha256())
                        .setSha256(patch.content().sha256().hex())
                        .setSize(patch.content().size())
                        .setMerkleRoot(patch.content().merkleRoot().hex());
        for (PackageLocation source : sources) {
            wire.addSources(source);
        }
        return order().setPatch(wire).build();
    }

    private static Outcome.Done done(FutureTask<Outcome> staging) throws Exception {
        return (Outcome.Done) staging.get(60, TimeUnit.SECONDS);
    }

    private void assertHasTheNewOne(StageNode node) throws IOException {
        Built after = newOne.orElseThrow();
        byte[] file = Files.readAllBytes(after.file());
        assertThat(node.staged(after.sha256()))
                .isEqualTo(
                        Arrays.copyOfRange(file, (int) after.head().contentOffset(), file.length));
    }

    private ContentTransfers.Telling telling(StageNode node) {
        return node.transfers
                .telling(newOne.orElseThrow().sha256())
                .orElseGet(() ->
                        new ContentTransfers.Telling(
                                "", "", new TreeMap<>(), "", 0, new TreeMap<>()));
    }

    @Test
    void theNextVersionComesDownTheChainAsADifference() throws Exception {
        StageNode relay = nodeWithTheOldOne("eu-1");
        StageNode last = nodeWithTheOldOne("eu-2");
        Patch patch = good.orElseThrow();
        PackageLocation master = origin.orElseThrow().location();

        FutureTask<Outcome> second = last.stage(byPatch(patch, at(relay), master));
        FutureTask<Outcome> first = relay.stage(byPatch(patch, master));

        assertThat(done(first).evidence())
                .last()
                .asString()
                .matches("from a difference of \\d+ KiB against 7\\.0\\.0");
        done(second);
        assertHasTheNewOne(relay);
        assertHasTheNewOne(last);
        long size = newOne.orElseThrow().manifest().content().size();
        assertThat(last.ledger.state().receivedBytes())
                .containsOnlyKeys("eu-1")
                .containsEntry("eu-1", patch.content().size());
        assertThat(patch.content().size()).isLessThan(size / 10);
    }

    @Test
    void aPatchIsPassedOnAlsoAfterThePackageIsComplete() throws Exception {
        StageNode relay = nodeWithTheOldOne("eu-1");
        StageNode late = nodeWithTheOldOne("eu-2");
        Patch patch = good.orElseThrow();
        done(relay.stage(byPatch(patch, origin.orElseThrow().location())));
        assertThat(telling(relay).patch()).isEqualTo(patch.content().sha256().hex());
        assertThat(telling(relay).patchPresent()).isEqualTo(patch.content().size());

        done(late.stage(byPatch(patch, at(relay))));

        assertHasTheNewOne(late);
        assertThat(late.ledger.state().receivedBytes()).containsOnlyKeys("eu-1");
    }

    @Test
    void aPatchThatMakesAnythingElseIsThrownAwayAndToldAndTheWholeIsPulled() throws Exception {
        StageNode node = nodeWithTheOldOne("eu-1");
        Patch bad = spoiled(good.orElseThrow());
        origin.orElseThrow().serve(bad);
        String sha256 = bad.content().sha256().hex();

        FutureTask<Outcome> staging = node.stage(byPatch(bad, origin.orElseThrow().location()));
        node.await(() -> telling(node).failedPatches().containsKey(sha256));
        assertThat(staging.isDone()).isFalse();
        assertThat(node.home.resolve("patches").resolve(sha256)).doesNotExist();
        node.stager.update(whole());

        assertThat(done(staging).evidence()).hasSize(1);
        assertHasTheNewOne(node);
        assertThat(telling(node).failedPatches()).containsKey(sha256);
    }

    @Test
    void anotherPatchIsTriedWhenTheOrderNamesIt() throws Exception {
        StageNode node = nodeWithTheOldOne("eu-1");
        Patch bad = spoiled(good.orElseThrow());
        PackageLocation master = origin.orElseThrow().location();
        origin.orElseThrow().serve(bad);

        FutureTask<Outcome> staging = node.stage(byPatch(bad, master));
        node.await(() -> !telling(node).failedPatches().isEmpty());
        node.stager.update(byPatch(good.orElseThrow(), master));

        assertThat(done(staging).evidence()).hasSize(2);
        assertHasTheNewOne(node);
    }

    @Test
    void anOrderThatNamesNoPatchAnyMoreEndsItsPull() throws Exception {
        StageNode node = nodeWithTheOldOne("eu-1");
        StageNode empty = node("eu-2");

        FutureTask<Outcome> staging = node.stage(byPatch(good.orElseThrow(), at(empty)));
        node.await(() -> !telling(node).failedSources().isEmpty());
        node.stager.update(whole());

        assertThat(done(staging).evidence()).hasSize(1);
        assertHasTheNewOne(node);
    }

    @Test
    void aPullOfTheWholeGoesOnByAPatchFromWhatIsHere() throws Exception {
        StageNode node = nodeWithTheOldOne("eu-1");
        StagePackage slowly =
                order().addSources(origin.orElseThrow().location())
                        .setMaxBytesPerSecond(1 << 20)
                        .build();
        FutureTask<Outcome> staging = node.stage(slowly);
        while (present(node) < 1 << 20) {
            assertThat(staging.isDone()).isFalse();
            Thread.onSpinWait();
        }

        node.stager.update(byPatch(good.orElseThrow(), origin.orElseThrow().location()));

        assertThat(done(staging).evidence()).hasSize(2);
        assertHasTheNewOne(node);
        assertThat(node.ledger.state().receivedBytes().getOrDefault("m-a", 0L))
                .isLessThan(PAYLOAD_BYTES);
    }

    private long present(StageNode node) {
        return node.area.entries().stream()
                .filter(entry -> entry.contentSha256().equals(newOne.orElseThrow().sha256()))
                .mapToLong(StageArea.Entry::present)
                .sum();
    }

    @Test
    void anAgentWithoutTheLibraryOrWithoutTheOldOneWaitsForSourcesOfTheWhole() throws Exception {
        Built before = oldOne.orElseThrow();
        StageNode old =
                node("eu-1", Optional.empty())
                        .holding(before.manifest(), before.head(), before.file());
        StageNode bare = node("eu-2");
        assertThat(old.transfers.takesPatches()).isFalse();
        PackageLocation master = origin.orElseThrow().location();

        FutureTask<Outcome> first = old.stage(byPatch(good.orElseThrow(), master));
        FutureTask<Outcome> second = bare.stage(byPatch(good.orElseThrow(), master));
        for (StageNode node : List.of(old, bare)) {
            while (!Files.exists(
                    node.home
                            .resolve("staged/.partial-" + newOne.orElseThrow().sha256())
                            .resolve("content.part"))) {
                Thread.onSpinWait();
            }
            node.stager.update(whole());
        }

        assertThat(done(first).evidence()).hasSize(1);
        assertThat(done(second).evidence()).hasSize(1);
        assertHasTheNewOne(old);
        assertHasTheNewOne(bare);
    }

    @Test
    void aRestartBetweenThePatchAndThePackageGoesOnFromWhatIsThere() throws Exception {
        StageNode node = nodeWithTheOldOne("eu-1");
        Patch patch = good.orElseThrow();
        PackageLocation master = origin.orElseThrow().location();
        done(node.stage(byPatch(patch, master)));
        node.close();
        open.remove(node);
        // As if the process had died before the content got its name.
        Path staged = node.home.resolve("staged");
        String sha256 = newOne.orElseThrow().sha256();
        Files.move(staged.resolve(sha256), staged.resolve(".partial-" + sha256));
        Path partial = staged.resolve(".partial-" + sha256);
        Files.move(partial.resolve("content"), partial.resolve("content.part"));
        origin.orElseThrow().close();

        StageNode again = node("eu-1");
        done(again.stage(byPatch(patch, master)));

        assertHasTheNewOne(again);
        assertThat(again.ledger.state().receivedBytes())
                .containsEntry("m-a", patch.content().size());
    }

    @Test
    void patchesThatNobodyPullsAreRemovedAfterAWhile() throws Exception {
        long[] nanos = {0};
        Path directory = root.resolve("kept");
        PatchArea area = new PatchArea(directory, () -> nanos[0]);
        PackageContent patch = good.orElseThrow().content();
        Files.createDirectories(directory.resolve("of-an-earlier-start"));
        area.begin(patch, "target");
        area.progress(patch, patch.size());

        nanos[0] = PatchArea.KEEP.toNanos();
        area.sweep();
        assertThat(directory).isDirectoryNotContaining("glob:**/of-an-earlier-start");
        assertThat(area.directory(patch)).as("it is ordered").exists();
        area.release(patch);
        nanos[0] += PatchArea.KEEP.toNanos() / 2;
        assertThat(area.readable(patch.sha256().hex())).isPresent();
        nanos[0] += PatchArea.KEEP.toNanos() / 2;
        area.sweep();
        assertThat(area.directory(patch)).as("it was read lately").exists();
        nanos[0] += PatchArea.KEEP.toNanos() / 2;
        area.sweep();
        assertThat(area.directory(patch)).doesNotExist();
        assertThat(area.readable(patch.sha256().hex())).isEmpty();
        assertThat(area.telling("target")).isEmpty();
    }
}
