package dev.sluice.control.depot;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.PatchMaker;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.LeafFile;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.LeafTable;
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
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A depot that makes a package of the version before it, over real connections on loopback. */
@Tag("PKG-4")
@Timeout(120)
final class PatchedFetchTest {

    private static final long MAX_BYTES = 1L << 30;
    private static final int BYTES = 1 << 20;

    @TempDir private Path directory;
    private final Zstd zstd = Zstd.load().orElseThrow();
    private SignedPackages packages;
    private Depot own;
    private Depot theirs;
    private PackageRecord before;
    private PackageRecord after;
    private OtherMaster master;
    private OtherMaster self;
    private PackageContent patch;
    private @Nullable ReadableContent served;
    private Set<String> inMaking = Set.of();
    private boolean offered = true;
    private volatile boolean servesWhole = true;
    private final List<PackageRecord> imported = new ArrayList<>();
    private final List<NodeObservation> fleet = new ArrayList<>();

    /** The contents that the other master was asked for. */
    private final List<String> asked = new CopyOnWriteArrayList<>();

    @BeforeEach
    void setUp() throws IOException {
        packages = new SignedPackages(directory);
        own = open("own");
        theirs = open("theirs");
        byte[] data = new byte[BYTES];
        new Random(1).nextBytes(data);
        Path old = packages.build(packages.draft("site", "25.1.0"), data);
        before = importInto(own, old);
        assertThat(importInto(theirs, old)).isEqualTo(before);
        data[BYTES / 2] ^= 1;
        after = importInto(theirs, packages.build(packages.draft("site", "25.1.1"), data));
        imported.addAll(List.of(before, after));
        OriginContents whole =
                new OriginContents(
                        () -> imported, List.of(theirs), directory.resolve("theirs/leaves"));
        patch = makePatch();
        master = new OtherMaster("m-a", wanted -> find(whole, wanted));
        self = new OtherMaster("m-b", _ -> Optional.empty());
    }

    @AfterEach
    void tearDown() {
        master.close();
        self.close();
    }

    private Depot open(String name) throws IOException {
        return Depot.open(
                directory.resolve(name), packages.signers(), SignedPackages.CLOCK, MAX_BYTES);
    }

    private static PackageRecord importInto(Depot depot, Path file) throws IOException {
        try (InputStream input = Files.newInputStream(file)) {
            return ((ImportResult.Imported) depot.importPackage(input)).pkg();
        }
    }

    private Optional<ReadableContent> find(OriginContents whole, Sha256 wanted) throws IOException {
        asked.add(wanted.hex());
        if (wanted.equals(patch.sha256())) {
            return Optional.ofNullable(served);
        }
        return servesWhole ? whole.find(wanted) : Optional.empty();
    }

    private PatchSource source(PackageRecord pkg) throws IOException {
        ContentSource.Place place = theirs.place(new ContentId(pkg.contentSha256())).orElseThrow();
        return new PatchSource(place.file(), place.start(), ManifestReading.content(pkg));
    }

    private PackageContent makePatch() throws IOException {
        PatchSource target = source(after);
        Path leaves = directory.resolve("target-leaves");
        var _ = CompleteContent.withTable(target.content(), target.file(), target.start(), leaves);
        LeafTable table = LeafFile.read(leaves, target.content()).orElseThrow();
        Path file = directory.resolve("patch");
        LeafHashing.Described made =
                new PatchMaker(zstd)
                        .make(source(before), target, table, file, MAX_BYTES)
                        .orElseThrow();
        LeafFile.write(directory.resolve("patch-leaves"), made.table());
        served =
                CompleteContent.withTable(
                        made.content(), file, 0, directory.resolve("patch-leaves"));
        return made.content();
    }

    private OtherDepots.Found found() {
        List<OtherDepots.Patch> patches =
                offered
                        ? List.of(
                                new OtherDepots.Patch(
                                        before.contentSha256(), patch, List.of(master.source())))
                        : List.of();
        return new OtherDepots.Found(List.of(master.source()), patches, inMaking, new TreeMap<>());
    }

    private DepotFill fill(ContentSource... machine) {
        List<ContentSource> contents = new ArrayList<>(List.of(own));
        contents.addAll(List.of(machine));
        return DepotFill.stepped(
                new DepotFill.Ports(
                        own,
                        () -> imported,
                        Optional.empty(),
                        _ -> found(),
                        Optional.of(
                                new DepotFill.Differences(
                                        zstd,
                                        new BasesHere(() -> imported, () -> fleet, contents))),
                        _ -> 0,
                        self.means(),
                        new FetchPatience(Duration.ZERO, Duration.ofSeconds(60)),
                        self.server::appeared,
                        Optional.empty()));
    }

    private void assertIsHere() throws IOException {
        ContentSource.Place place = own.place(new ContentId(after.contentSha256())).orElseThrow();
        PackageContent content = ManifestReading.content(after);
        assertThat(Files.size(place.file())).isEqualTo(content.size());
        try (FileChannel file = FileChannel.open(place.file())) {
            assertThat(LeafHashing.describe(file).content()).isEqualTo(content);
        }
        assertThat(directory.resolve("own/incoming")).isEmptyDirectory();
    }

    @Test
    void whatNearlyIsHereComesAsItsDifference() throws Exception {
        assertThat(fill().look()).isTrue();

        assertIsHere();
        assertThat(patch.size()).isLessThan(BYTES / 100);
        assertThat(asked).containsOnly(patch.sha256().hex());
    }

    @Test
    void theVersionThatTheNodesAgentHasIsEnough() throws Exception {
        PatchSource base = source(before);
        imported.remove(before);
        Path staged = directory.resolve("staged");
        byte[] all = Files.readAllBytes(base.file());
        byte[] content = new byte[(int) base.content().size()];
        System.arraycopy(all, (int) base.start(), content, 0, content.length);
        Files.write(
                Files.createDirectories(staged.resolve(before.contentSha256())).resolve("content"),
                content);
        own = open("new");
        fleet.add(BaseReports.node("m-b", before.ref(), base.content(), ""));

        assertThat(fill(new StagedContents(staged)).look()).isTrue();

        assertThat(own.has(new ContentId(after.contentSha256()))).isTrue();
        assertThat(asked).containsOnly(patch.sha256().hex());
    }

    @Test
    void aPatchThatIsBeingMadeIsWaitedForByWhoCanApplyIt() throws Exception {
        offered = false;
        inMaking = Set.of(before.contentSha256());
        DepotFill fill = fill();

        assertThat(fill.look()).isFalse();
        assertThat(asked).isEmpty();
        assertThat(fill.isComing(after.contentSha256())).isTrue();

        inMaking = Set.of();
        offered = true;
        assertThat(fill.look()).isTrue();
        assertIsHere();
        assertThat(asked).containsOnly(patch.sha256().hex());
    }

    @Test
    void whoHasAnotherVersionPullsTheWhole() throws Exception {
        imported.remove(before);
        own = open("new");
        inMaking = Set.of(before.contentSha256());

        assertThat(fill().look()).isTrue();

        assertThat(own.has(new ContentId(after.contentSha256()))).isTrue();
        assertThat(asked).containsOnly(after.contentSha256());
    }

    @Test
    void aPatchThatDoesNotMakeItCostsTheWhole() throws Exception {
        ContentSource.Place place = own.place(new ContentId(before.contentSha256())).orElseThrow();
        try (FileChannel file = FileChannel.open(place.file(), StandardOpenOption.WRITE)) {
            file.write(
                    ByteBuffer.wrap(new byte[1000]),
                    place.start() + ManifestReading.content(before).size() / 3);
        }

        assertThat(fill().look()).isTrue();

        assertIsHere();
        assertThat(asked).contains(patch.sha256().hex(), after.contentSha256());
    }

    @Test
    void aPatchThatDoesNotComeCostsTheWhole() throws Exception {
        served = null;

        assertThat(fill().look()).isTrue();

        assertIsHere();
        assertThat(asked).contains(patch.sha256().hex(), after.contentSha256());
    }

    @Test
    void aPatchThatDidNotMakeItIsNotPulledAgain() throws Exception {
        ContentSource.Place place = own.place(new ContentId(before.contentSha256())).orElseThrow();
        try (FileChannel file = FileChannel.open(place.file(), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[1000]), place.start() + 600_000);
        }
        servesWhole = false;
        DepotFill fill = fill();
        assertThat(fill.look()).isFalse();
        assertThat(asked).contains(patch.sha256().hex());
        asked.clear();

        servesWhole = true;
        assertThat(fill.look()).isTrue();

        assertIsHere();
        assertThat(asked).containsOnly(after.contentSha256());
    }

    @Test
    void whatIsNearlyWholeIsNotMadeByALargerPatch() throws Exception {
        offered = false;
        try (DepotFetch fetch = begun();
                ContentPull pull =
                        ContentPull.start(
                                new ContentPull.Order(
                                        fetch.directory(),
                                        fetch.content(),
                                        Sources.ofWhole(List.of(master.source()))),
                                self.means(),
                                new FetchWatch(self.means().ticker()))) {
            pull.done().get(60, TimeUnit.SECONDS);
        }
        offered = true;
        inMaking = Set.of(before.contentSha256());
        asked.clear();

        assertThat(fill().look()).as("all of it is here, but for its name").isTrue();

        assertIsHere();
        assertThat(asked).doesNotContain(patch.sha256().hex());
    }

    private DepotFetch begun() throws IOException {
        return ((FetchStart.Begun) own.fetch(after, Depot.Cleaner.NONE)).fetch();
    }

    @Test
    void whatACrashLeftOfAPatchIsRemovedAtTheStart() throws Exception {
        Path left = own.patchDirectory(new ContentId(after.contentSha256()), patch);
        Files.write(Files.createDirectories(left).resolve("content.part"), new byte[10]);

        own = open("own");

        assertThat(left).doesNotExist();
        assertThat(requireNonNull(left.getParent())).isEmptyDirectory();
    }
}
