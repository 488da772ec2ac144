package dev.sluice.control.depot;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A depot that fetches from other masters, over real connections on loopback. */
@Tag("CLU-15")
final class DepotFillTest {

    private static final long MAX_BYTES = 10_000_000;
    private static final int PAYLOAD_BYTES = 700_000;
    private static final long CHANGED_AT = 300_000;

    @TempDir private Path directory;
    private SignedPackages packages;
    private Depot own;
    private Depot theirs;
    private PackageRecord record;
    private PackageContent content;
    private OtherMaster a;
    private OtherMaster b;
    private final List<PackageRecord> imported = new ArrayList<>();
    private final List<OtherMaster> masters = new ArrayList<>();
    private final AtomicInteger asked = new AtomicInteger();
    private Optional<ContentSource> near = Optional.empty();
    private ToLongFunction<NodeId> linkLimit = _ -> 0;
    private DiskSpace disk = DiskSpace.system();
    private volatile @Nullable DepotFill filling;

    @BeforeEach
    void setUp() throws IOException {
        packages = new SignedPackages(directory);
        own = open("own", packages);
        theirs = open("theirs", packages);
        record = importInto(theirs, "25.1.0", PAYLOAD_BYTES);
        content = Manifest.parse(record.manifest().toArray()).content();
        imported.add(record);
        a = new OtherMaster("m-a", library(theirs, "theirs"));
        b =
                new OtherMaster(
                        "m-b",
                        wanted ->
                                Optional.ofNullable(filling)
                                        .flatMap(fill -> fill.growing(wanted.hex())));
        masters.add(a);
    }

    @AfterEach
    void tearDown() {
        masters.forEach(OtherMaster::close);
        b.close();
    }

    private Depot open(String name, SignedPackages trusted) throws IOException {
        return Depot.open(
                directory.resolve(name), trusted.signers(), SignedPackages.CLOCK, MAX_BYTES);
    }

    private ContentLibrary library(Depot depot, String name) throws IOException {
        return OtherMaster.of(depot, directory.resolve(name).resolve("leaves"), () -> imported);
    }

    private PackageRecord importInto(Depot depot, String version, int bytes) throws IOException {
        try (InputStream input = Files.newInputStream(packages.site(version, bytes))) {
            return ((ImportResult.Imported) depot.importPackage(input)).pkg();
        }
    }

    /** Asks all masters that there are, who have it or say that they do. */
    private OtherDepots.Found ask(ContentId id) {
        asked.incrementAndGet();
        List<Source> sources = masters.stream().map(OtherMaster::source).toList();
        return new OtherDepots.Found(sources, List.of(), Set.of(), new TreeMap<>());
    }

    private DepotFill fill(Depot depot) {
        DepotFill fill =
                DepotFill.stepped(
                        new DepotFill.Ports(
                                depot,
                                () -> imported,
                                near,
                                this::ask,
                                Optional.empty(),
                                linkLimit,
                                new ContentPull.Means(
                                        b.means().network(),
                                        disk,
                                        b.means().nodeLimit(),
                                        b.means().timing(),
                                        b.means().ticker()),
                                new FetchPatience(Duration.ZERO, Duration.ofSeconds(60)),
                                b.server::appeared,
                                Optional.empty()));
        filling = fill;
        return fill;
    }

    private ContentId id() {
        return new ContentId(record.contentSha256());
    }

    private byte[] bytesOf(Depot depot) throws IOException {
        try (Content whole = depot.open(id()).orElseThrow()) {
            ByteBuffer all = ByteBuffer.allocate((int) whole.size());
            while (all.hasRemaining() && whole.read(all.position(), all) >= 0) {}
            return all.array();
        }
    }

    private Path fetched() {
        return directory.resolve("own/incoming/fetch-" + record.contentSha256());
    }

    @Test
    void fetchesWhatTheStateNamesAndTheDepotLacks() throws Exception {
        assertThat(fill(own).look()).isTrue();

        assertThat(bytesOf(own)).isEqualTo(bytesOf(theirs));
        assertThat(directory.resolve("own/incoming")).isEmptyDirectory();
        assertThat(directory.resolve("own/leaves").resolve(id().sha256()))
                .hasSameBinaryContentAs(directory.resolve("theirs/leaves").resolve(id().sha256()));

        assertThat(fill(open("own", packages)).look()).as("and has it after a restart").isTrue();
        assertThat(asked).hasValue(1);
    }

    @Test
    @Tag("PKG-4")
    void whatIsFetchedIsServedInTheSameForm() throws Exception {
        assertThat(fill(own).look()).isTrue();
        OtherMaster served = new OtherMaster("m-c", library(own, "own"));
        masters.clear();
        masters.add(served);
        Depot third = open("third", packages);

        assertThat(fill(third).look()).isTrue();

        assertThat(bytesOf(third)).isEqualTo(bytesOf(theirs));
        a.close();
    }

    @Test
    @Tag("PKG-4")
    void whatComesIsServedToANodeThatAsksMeanwhile() throws Exception {
        a.up.set(100_000);
        DepotFill fill = fill(own);
        CompletableFuture<Boolean> filled = inBackground(fill);
        Watching watching = new Watching();
        try (ContentPull pull = pull(directory.resolve("node"), b, watching)) {
            watching.came.get(60, TimeUnit.SECONDS);
            assertThat(own.has(id())).as("the node has a part before the depot has all").isFalse();
            a.up.set(0);

            assertThat(filled.get(60, TimeUnit.SECONDS)).isTrue();
            pull.done().get(60, TimeUnit.SECONDS);
        }
        assertThat(a.readFrom).as("m-a sent it once").containsExactly(0L);
    }

    private ContentPull pull(Path into, OtherMaster from, Watching watching) throws IOException {
        return ContentPull.start(
                new ContentPull.Order(
                        Files.createDirectories(into),
                        content,
                        Sources.ofWhole(List.of(from.source()))),
                b.means(),
                watching);
    }

    private static final class Watching implements ContentPull.Events {
        final CompletableFuture<Void> came = new CompletableFuture<>();
        final CompletableFuture<Void> leafCame = new CompletableFuture<>();

        @Override
        public LongConsumer received(String node) {
            return _ -> came.complete(null);
        }

        @Override
        public void verified(long bytes) {
            if (bytes > 0) {
                leafCame.complete(null);
            }
        }

        @Override
        public void changed(ContentPull.Status status) {}
    }

    private static CompletableFuture<Boolean> inBackground(DepotFill fill) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        result.complete(fill.look());
                    } catch (InterruptedException | RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    @Test
    @Tag("PKG-4")
    void whatCameBeforeTheMasterStoppedDoesNotComeAgain() throws Exception {
        a.up.set(100_000);
        Watching watching = new Watching();
        ContentPull ended = pull(fetched(), a, watching);
        watching.leafCame.get(60, TimeUnit.SECONDS);
        ended.close();
        ended.content().closed().get(60, TimeUnit.SECONDS);
        a.up.set(0);
        a.readFrom.clear();

        assertThat(fill(open("own", packages)).look()).isTrue();

        assertThat(bytesOf(own)).isEqualTo(bytesOf(theirs));
        assertThat(a.readFrom).singleElement().satisfies(offset -> assertThat(offset).isPositive());
    }

    @Test
    void aWholeContentThatACrashLeftUnnamedIsTakenAsItIs() throws Exception {
        try (ContentPull whole = pull(fetched(), a, new Watching())) {
            whole.done().get(60, TimeUnit.SECONDS);
        }
        Files.move(
                fetched().resolve(GrowingContent.leavesName()),
                Files.createDirectories(directory.resolve("own/leaves")).resolve(id().sha256()));
        Files.move(fetched().resolve(GrowingContent.partName()), fetched().resolve("content"));

        assertThat(fill(open("own", packages)).look()).isTrue();

        assertThat(bytesOf(own)).isEqualTo(bytesOf(theirs));
        assertThat(a.readFrom).as("nothing was sent again").hasSize(1);
    }

    @Test
    @Tag("PKG-4")
    void whatTheNodesOwnAgentHasIsNotFetchedFromAnotherMaster() throws Exception {
        Files.write(staged(), bytesOf(theirs));

        assertThat(fill(own).look()).isTrue();

        assertThat(own.has(id())).isTrue();
        assertThat(asked).hasValue(0);
    }

    @Test
    @Tag("PKG-4")
    void whatTheNodesOwnAgentHasWronglyIsFetched() throws Exception {
        byte[] wrong = bytesOf(theirs);
        wrong[wrong.length / 2] ^= 1;
        Files.write(staged(), wrong);

        assertThat(fill(own).look()).isTrue();

        assertThat(bytesOf(own)).isEqualTo(bytesOf(theirs));
        assertThat(asked).hasValue(1);
    }

    /** Where the agent of this master's node has the content. */
    private Path staged() throws IOException {
        Path staged = Files.createDirectories(directory.resolve("staged"));
        near = Optional.of(new StagedContents(staged));
        return Files.createDirectory(staged.resolve(record.contentSha256())).resolve("content");
    }

    @Test
    @Tag("PKG-4")
    @Timeout(60)
    void aLimitOfTheLinkThatIsTakenAwayHoldsNothingBackAnyMore() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        linkLimit = _ -> looks.incrementAndGet() == 1 ? 1_000 : 0;

        assertThat(fill(own).look()).as("at 1 kB/s it would take 700 s").isTrue();

        assertThat(looks.get()).isGreaterThan(1);
    }

    @Test
    void asksTheNextMasterWhenOneDoesNotHaveIt() throws Exception {
        OtherMaster without = new OtherMaster("m-0", library(open("empty", packages), "empty"));
        masters.addFirst(without);

        assertThat(fill(own).look()).isTrue();

        assertThat(a.readFrom).containsExactly(0L);
    }

    @Test
    void isNotDoneWhileNobodyHasIt() throws Exception {
        masters.clear();
        DepotFill fill = fill(own);

        assertThat(fill.isComing(record.contentSha256())).as("before it was asked for").isTrue();
        assertThat(fill.look()).isFalse();

        assertThat(own.has(id())).isFalse();
        assertThat(fill.isComing(record.contentSha256())).isFalse();
        assertThat(fill.isComing("0".repeat(64))).as("what no state names").isFalse();
        a.close();
    }

    @Test
    @Tag("PKG-3")
    void nothingOfAContentThatAMasterSendsWronglyIsTaken() throws Exception {
        changeTheirs();

        assertThat(fill(own).look()).isFalse();

        assertThat(own.has(id())).isFalse();
        assertThat(GrowingContent.presentIn(fetched(), content)).isLessThan(CHANGED_AT);
    }

    @Test
    @Tag("PKG-3")
    void aMasterThatSendsWronglyIsLeftForAnother() throws Exception {
        Depot good = open("good", packages);
        importInto(good, "25.1.0", PAYLOAD_BYTES);
        masters.add(new OtherMaster("m-c", library(good, "good")));
        byte[] right = bytesOf(theirs);
        changeTheirs();

        assertThat(fill(own).look()).isTrue();

        assertThat(bytesOf(own)).isEqualTo(right);
    }

    /** One leaf is another one, after the table was made. */
    private void changeTheirs() throws IOException {
        var _ = library(theirs, "theirs").find(content.sha256());
        ContentSource.Place place = theirs.place(id()).orElseThrow();
        try (FileChannel file = FileChannel.open(place.file(), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[100]), place.start() + CHANGED_AT);
        }
    }

    @Test
    @Tag("PKG-3")
    void refusesAPackageWhoseSignerIsNotTrustedHere() throws Exception {
        Depot strict = open("strict", new SignedPackages(directory));
        DepotFill fill = fill(strict);

        assertThat(fill.look()).isFalse();
        assertThat(strict.has(id())).isFalse();
        assertThat(a.readFrom).as("nothing of it was sent").isEmpty();
        assertThat(fill.isComing(record.contentSha256())).isFalse();

        assertThat(fill.look()).as("sits out what was refused").isFalse();
        assertThat(asked).hasValue(1);
    }

    @Test
    void whatCameOfAPackageThatIsGoneGoesToo() throws Exception {
        Files.createDirectories(fetched());
        Files.writeString(fetched().resolve(GrowingContent.partName()), "some");
        imported.clear();

        assertThat(fill(open("own", packages)).look()).isTrue();

        assertThat(directory.resolve("own/incoming")).isEmptyDirectory();
        assertThat(requireNonNull(filling).growing(record.contentSha256())).isEmpty();
    }

    private void assertRefusedAndLeftAlone(Depot depot, String name) throws Exception {
        DepotFill fill = fill(depot);

        assertThat(fill.look()).isFalse();
        assertThat(depot.has(id())).isFalse();
        assertThat(a.readFrom).as("nothing of it was sent").isEmpty();
        assertThat(directory.resolve(name).resolve("incoming")).isEmptyDirectory();
        assertThat(fill.look()).as("sits out what was refused").isFalse();
        assertThat(asked).hasValue(1);
    }

    @Test
    @Tag("PKG-3")
    void aPackageThatIsTooLargeIsRefusedBeforeItsFirstByte() throws Exception {
        assertRefusedAndLeftAlone(
                Depot.open(
                        directory.resolve("small"),
                        packages.signers(),
                        SignedPackages.CLOCK,
                        PAYLOAD_BYTES / 2),
                "small");
    }

    @Test
    @Tag("PRE-11")
    void aPackageForWhichThereIsNoRoomIsRefusedBeforeItsFirstByte() throws Exception {
        assertRefusedAndLeftAlone(
                Depot.open(
                        directory.resolve("narrow"),
                        packages.signers(),
                        SignedPackages.CLOCK,
                        MAX_BYTES,
                        PAYLOAD_BYTES / 2),
                "narrow");
    }

    @Test
    @Tag("PKG-3")
    void aRecordThatNamesAnotherContentThanItsManifestIsRefused() throws Exception {
        imported.set(
                0,
                new PackageRecord(
                        record.descriptor(),
                        record.manifest(),
                        record.signature(),
                        "ab".repeat(32),
                        record.signer()));

        assertRefusedAndLeftAlone(own, "own");
    }

    @Test
    @Tag("PRE-11")
    void aDiskThatFillsEndsTheFetchUntilThereIsRoom() throws Exception {
        disk = DiskSpace.system(_ -> 1000);
        assertThat(fill(own).look()).isFalse();
        assertThat(own.has(id())).isFalse();
        assertThat(a.readFrom).isEmpty();

        disk = DiskSpace.system();
        assertThat(fill(own).look()).isTrue();
        assertThat(bytesOf(own)).isEqualTo(bytesOf(theirs));
    }
}
