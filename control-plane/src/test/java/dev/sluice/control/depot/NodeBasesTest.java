package dev.sluice.control.depot;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bases that only nodes have, over real connections on loopback. */
@Tag("PKG-4")
@Timeout(120)
final class NodeBasesTest {

    private static final int PAYLOAD_BYTES = 700_000;
    private static final long ROOMY = 10_000_000;

    @TempDir private Path directory;
    private PackageRecord record;
    private PatchBase.Reported base;
    private byte[] bytes;
    private Depot elsewhere;
    private OtherMaster node;
    private OtherMaster self;
    private long usable = 1L << 30;
    private long limit;

    /** What the node serves under another digest. */
    private Optional<PackageContent> served = Optional.empty();

    private final List<NodeObservation> fleet = new ArrayList<>();
    private final Set<NodeId> near = new HashSet<>(Set.of(new NodeId("eu-1"), new NodeId("eu-2")));

    @BeforeEach
    void setUp() throws IOException {
        SignedPackages packages = new SignedPackages(directory);
        elsewhere =
                Depot.open(
                        directory.resolve("elsewhere"),
                        packages.signers(),
                        SignedPackages.CLOCK,
                        ROOMY);
        try (InputStream input = Files.newInputStream(packages.site("25.1.0", PAYLOAD_BYTES))) {
            record = ((ImportResult.Imported) elsewhere.importPackage(input)).pkg();
        }
        PackageContent content = Manifest.parse(record.manifest().toArray()).content();
        base = new PatchBase.Reported(record.ref(), content);
        ContentSource.Place place = place(elsewhere);
        byte[] all = Files.readAllBytes(place.file());
        bytes = new byte[(int) content.size()];
        System.arraycopy(all, (int) place.start(), bytes, 0, bytes.length);
        ContentLibrary library = library(elsewhere);
        node = new OtherMaster("eu-1", wanted -> find(library, wanted));
        self = new OtherMaster("m-a", _ -> Optional.empty());
        fleet.add(BaseReports.node("eu-1", base.ref(), content, address(node)));
    }

    @AfterEach
    void tearDown() {
        node.close();
        self.close();
    }

    private ContentSource.Place place(Depot depot) throws IOException {
        return depot.place(new ContentId(record.contentSha256())).orElseThrow();
    }

    private ContentLibrary library(Depot depot) throws IOException {
        return OtherMaster.of(depot, directory.resolve("leaves"), () -> List.of(record));
    }

    private Optional<ReadableContent> find(ContentLibrary library, Sha256 wanted)
            throws IOException {
        if (served.filter(lie -> lie.sha256().equals(wanted)).isEmpty()) {
            return library.find(wanted);
        }
        ContentSource.Place place = place(elsewhere);
        Path leaves = directory.resolve("lie");
        var _ = CompleteContent.withTable(base.content(), place.file(), place.start(), leaves);
        return Optional.of(new CompleteContent(served.get(), place.file(), place.start(), leaves));
    }

    private static String address(OtherMaster of) {
        return "127.0.0.1:" + of.server.address().getPort();
    }

    private NodeBases bases() throws IOException {
        return new NodeBases(
                new NodeBases.Ports(
                        directory.resolve("own/bases"),
                        Depot.open(
                                directory.resolve("own"),
                                new SignedPackages(directory).signers(),
                                SignedPackages.CLOCK,
                                ROOMY,
                                Depot.UNBOUNDED,
                                new NarrowDisk()),
                        () -> fleet,
                        () -> near,
                        () -> limit,
                        self.means(),
                        new FetchPatience(Duration.ZERO, Duration.ofSeconds(60))));
    }

    private final class NarrowDisk implements Depot.Disk {
        @Override
        public FileChannel create(Path file) throws IOException {
            return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        }

        @Override
        public long usable(Path of) {
            return usable;
        }
    }

    private List<Path> left() throws IOException {
        try (Stream<Path> all = Files.list(directory.resolve("own/bases"))) {
            return all.toList();
        }
    }

    private byte[] read(NodeBases bases) throws IOException {
        ContentSource.Place place = bases.place(base.contentSha256()).orElseThrow();
        assertThat(place.start()).isZero();
        ByteBuffer read = ByteBuffer.allocate(bytes.length);
        try (FileChannel file = FileChannel.open(place.file())) {
            while (read.hasRemaining() && file.read(read) >= 0) {}
        }
        return read.array();
    }

    @Test
    void aBaseComesFromANodeOfThisRegionAndGoesWhenItIsNotWantedAnyMore() throws Exception {
        NodeBases bases = bases();
        assertThat(bases.canCome(base)).isTrue();
        assertThat(bases.place(base.contentSha256())).isEmpty();

        bases.fetch(base);

        assertThat(read(bases)).isEqualTo(bytes);
        fleet.clear();
        assertThat(bases.canCome(base)).as("it is here").isTrue();
        bases.keepOnly(Set.of(base.contentSha256()));
        assertThat(left()).hasSize(1);
        bases.keepOnly(Set.of());
        assertThat(bases.place(base.contentSha256())).isEmpty();
        assertThat(left()).isEmpty();
    }

    @Test
    void noLinkBetweenRegionsCarriesABase() throws Exception {
        near.clear();

        assertThat(bases().canCome(base)).isFalse();
    }

    @Test
    void aNodeThatIsAwayOrServesNobodyGivesNone() throws Exception {
        NodeObservation there = fleet.getFirst();
        fleet.set(
                0,
                new NodeObservation(
                        there.node(),
                        1,
                        false,
                        null,
                        there.facts(),
                        Duration.ZERO,
                        "1",
                        "",
                        there.transferAddress()));
        fleet.add(BaseReports.node("eu-2", base.ref(), base.content(), ""));

        assertThat(bases().canCome(base)).isFalse();
    }

    @Test
    void theNextNodeIsAskedWhenTheFirstHasNothing() throws Exception {
        try (OtherMaster empty = new OtherMaster("eu-0", _ -> Optional.empty())) {
            near.add(new NodeId("eu-0"));
            fleet.add(BaseReports.node("eu-0", base.ref(), base.content(), address(empty)));
            NodeBases bases = bases();

            bases.fetch(base);

            assertThat(read(bases)).isEqualTo(bytes);
        }
    }

    @Test
    void theNodeWithFewestClientsIsAskedFirst() throws Exception {
        try (OtherMaster idle = new OtherMaster("eu-2", library(elsewhere))) {
            NodeFacts.Staged staged = requireNonNull(fleet.getFirst().facts()).staged().getFirst();
            fleet.set(0, BaseReports.node("eu-1", base.ref(), address(node), List.of(staged), 500));
            fleet.add(BaseReports.node("eu-2", base.ref(), address(idle), List.of(staged), 3));

            bases().fetch(base);

            assertThat(idle.readFrom).containsExactly(0L);
            assertThat(node.readFrom).isEmpty();
        }
    }

    @Test
    void wrongBytesAreNotTakenAndNothingIsLeftOfThem() throws Exception {
        ContentSource.Place place = place(elsewhere);
        try (FileChannel file = FileChannel.open(place.file(), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), place.start() + bytes.length / 2);
        }
        NodeBases bases = bases();

        assertThatThrownBy(() -> bases.fetch(base))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(base.ref() + ", which nodes have, did not come: ")
                .hasMessageContaining("eu-1");
        assertThat(bases.place(base.contentSha256())).isEmpty();
        assertThat(left()).isEmpty();
    }

    @Test
    @Tag("PRE-11")
    void withoutRoomForItAndAPackageBesidesNothingIsBegun() throws Exception {
        usable = Depot.SPARE_BYTES + 2L * bytes.length - 1;
        NodeBases bases = bases();

        assertThatThrownBy(() -> bases.fetch(base))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("needs %d bytes", bytes.length)
                .hasMessageContaining(usable + " are free");
        assertThat(left()).isEmpty();
        assertThat(node.readFrom).isEmpty();

        usable++;
        bases.fetch(base);
        assertThat(read(bases)).isEqualTo(bytes);
    }

    @Test
    void aBaseThatIsTooLargeForAPackageIsRefused() throws Exception {
        PackageContent vast =
                new PackageContent(
                        ROOMY / 512 * 512 + 512,
                        base.content().sha256(),
                        PackageContent.LEAF_SIZE,
                        base.content().merkleRoot());

        assertThatThrownBy(() -> bases().fetch(new PatchBase.Reported(base.ref(), vast)))
                .hasMessageContaining("expected at most " + ROOMY);
        assertThat(left()).isEmpty();
    }

    @Test
    void aBaseThatWouldComeTooSlowlyIsNotBegun() throws Exception {
        limit = bytes.length / 100;
        assertThat(bases().canCome(base)).as("in 100 s").isTrue();

        limit = bytes.length / 130;
        assertThat(bases().canCome(base)).as("in 130 s").isFalse();
    }

    @Test
    @Tag("PKG-3")
    void aDigestThatNodesDescribeWronglyIsNoBase() throws Exception {
        PatchBase.Reported wrong =
                new PatchBase.Reported(
                        base.ref(),
                        new PackageContent(
                                bytes.length,
                                new Sha256("ab".repeat(32)),
                                PackageContent.LEAF_SIZE,
                                base.content().merkleRoot()));
        fleet.clear();
        fleet.add(BaseReports.node("eu-1", wrong.ref(), wrong.content(), address(node)));
        served = Optional.of(wrong.content());
        NodeBases bases = bases();

        assertThatThrownBy(() -> bases.fetch(wrong))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nodes say that it is");
        assertThat(left()).isEmpty();
    }

    @Test
    void aFetchThatIsInterruptedLeavesNothing() throws Exception {
        node.up.set(50_000);
        NodeBases bases = bases();
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread fetching =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                bases.fetch(base);
                                ended.complete(new AssertionError("it came"));
                            } catch (IOException | InterruptedException e) {
                                ended.complete(e);
                            }
                        });
        node.reads.take();
        fetching.interrupt();

        assertThat(ended.get(60, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        fetching.join();
        assertThat(left()).isEmpty();
        assertThat(bases.place(base.contentSha256())).isEmpty();
    }

    @Test
    void whatACrashLeftIsRemovedAtTheStart() throws Exception {
        Path crashed = Files.createDirectories(directory.resolve("own/bases/" + "ab".repeat(32)));
        Files.write(crashed.resolve("content.part"), new byte[100]);

        var _ = bases();

        assertThat(left()).isEmpty();
    }

    @Test
    void ofSeveralDescriptionsTheOneThatMostNodesGiveCounts() {
        PackageContent lie =
                new PackageContent(
                        base.content().size() + 512,
                        base.content().sha256(),
                        PackageContent.LEAF_SIZE,
                        new Sha256("00".repeat(32)));
        fleet.addFirst(BaseReports.node("eu-0", base.ref(), lie, ""));
        fleet.add(BaseReports.node("eu-2", base.ref(), base.content(), ""));

        assertThat(ReportedBases.of(fleet)).containsOnlyKeys(base.contentSha256());
        assertThat(ReportedBases.of(fleet)).containsValue(base);
        assertThat(ReportedBases.has(fleet.getFirst(), base)).isFalse();
        assertThat(ReportedBases.has(fleet.getLast(), base)).isTrue();
    }

    @Test
    void aNodeCountsOnceHoweverOftenItRepeatsItself() {
        NodeFacts.Staged lie =
                BaseReports.staged(
                        base.contentSha256(),
                        base.content().size() + 512,
                        Optional.of(new NodeFacts.About(base.ref(), "00".repeat(32))));
        fleet.addFirst(BaseReports.node("eu-0", base.ref(), "", Collections.nCopies(200, lie)));
        fleet.add(BaseReports.node("eu-2", base.ref(), base.content(), ""));

        assertThat(ReportedBases.of(fleet)).containsValue(base);
    }

    @Test
    void aSizeThatNoContentHasIsNoBase() {
        fleet.clear();
        fleet.add(
                BaseReports.node(
                        "eu-1",
                        base.ref(),
                        "",
                        List.of(
                                BaseReports.staged(
                                        base.contentSha256(),
                                        777,
                                        Optional.of(
                                                new NodeFacts.About(base.ref(), "ab".repeat(32)))),
                                BaseReports.staged("cd".repeat(32), 51_200, Optional.empty()))));

        assertThat(ReportedBases.of(fleet)).isEmpty();
    }
}
