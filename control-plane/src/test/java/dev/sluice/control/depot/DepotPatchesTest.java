package dev.sluice.control.depot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.ContentPatch;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.PatchApply;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.ReadableContent;
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
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DepotPatchesTest {

    private static final int BYTES = 1 << 20;

    @TempDir private Path root = Path.of("");
    @TempDir private Path made = Path.of("");
    private final List<PackageRecord> imported = new ArrayList<>();
    private final List<NodeObservation> fleet = new ArrayList<>();
    private Optional<Zstd> zstd = Zstd.load();
    private long nanos;
    private SignedPackages packages = new SignedPackages(Path.of(""));
    private Optional<Depot> depot = Optional.empty();
    private final List<ContentSource> contents = new ArrayList<>();
    private Optional<NodeBases> bases = Optional.empty();

    /** What was imported at any time, and where it is now that this depot has it no more. */
    private final List<PackageRecord> allEver = new ArrayList<>();

    private Optional<Depot> elsewhere = Optional.empty();
    private Optional<OtherMaster> node = Optional.empty();
    private Optional<OtherMaster> self = Optional.empty();
    private volatile boolean serves = true;
    private String address = "";

    @BeforeEach
    void open() throws IOException {
        packages = new SignedPackages(made);
        depot = Optional.of(Depot.open(root, packages.signers(), SignedPackages.CLOCK, 1L << 30));
        contents.add(depot.get());
        fleet.add(PatchWishTest.node(1, "site", "25.1.0"));
    }

    private DepotPatches patches() throws IOException {
        return DepotPatches.stepped(
                new DepotPatches.Ports(
                        root,
                        root.resolve("leaves"),
                        zstd,
                        () -> imported,
                        () -> fleet,
                        contents,
                        bases,
                        () -> nanos));
    }

    private static byte[] data(int seed) {
        byte[] data = new byte[BYTES];
        new Random(seed).nextBytes(data);
        return data;
    }

    private PackageRecord site(String version, byte[] data) throws IOException {
        try (InputStream in =
                Files.newInputStream(packages.build(packages.draft("site", version), data))) {
            PackageRecord pkg =
                    ((ImportResult.Imported) depot.orElseThrow().importPackage(in)).pkg();
            imported.add(pkg);
            allEver.add(pkg);
            return pkg;
        }
    }

    /** Two versions that differ in a byte. */
    private PackageRecord patched() throws IOException {
        byte[] data = data(1);
        var _ = site("25.1.0", data);
        data[BYTES / 2] ^= 1;
        return site("25.1.1", data);
    }

    private List<String> directories() throws IOException {
        try (Stream<Path> found = Files.list(root.resolve("patches"))) {
            return found.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    @Tag("PKG-4")
    void aPatchFromTheInstalledVersionIsMadeServedAndMakesTheNewOne() throws Exception {
        PackageRecord target = patched();
        PackageRecord base = imported.getFirst();
        DepotPatches patches = patches();

        patches.look();

        ContentPatch patch = patches.of(target.ref()).getFirst();
        assertThat(patch.base()).isEqualTo(base.ref());
        assertThat(patch.baseSha256()).isEqualTo(base.contentSha256());
        assertThat(patch.sizeBytes()).isLessThan(BYTES / 100);
        assertThat(patches.of(base.ref())).isEmpty();
        ReadableContent served = patches.find(new Sha256(patch.sha256())).orElseThrow();
        assertThat(served.content().merkleRoot().hex()).isEqualTo(patch.merkleRoot());
        ContentSource.Place place =
                depot.orElseThrow().place(new ContentId(base.contentSha256())).orElseThrow();
        PatchSource from =
                new PatchSource(place.file(), place.start(), ManifestReading.content(base));
        assertThat(applied(served, from, target)).isEqualTo(new PatchApply.Result.Applied());
    }

    private PatchApply.Result applied(
            ReadableContent served, PatchSource base, PackageRecord target) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate((int) served.content().size());
        try (ReadableContent.Reader reader = served.open(0, () -> {})) {
            reader.readDisk(bytes);
        }
        Path file = Files.write(made.resolve("pulled"), bytes.array());
        PackageContent to = ManifestReading.content(target);
        Path into = Files.createDirectory(made.resolve("into"));
        PatchApply apply =
                PatchApply.open(
                        zstd.orElseThrow(), file, base, into, to, DiskSpace.system(), _ -> {});
        try (apply) {
            return apply.run();
        } finally {
            apply.content().closed().get(30, TimeUnit.SECONDS);
            assertThat(GrowingContent.presentIn(into, to)).isEqualTo(to.size());
        }
    }

    @Test
    @Tag("PKG-4")
    void whoAsksSoonerThanTheLookIsToldWhatWillBeMade() throws Exception {
        DepotPatches patches = patches();
        patches.look();
        PackageRecord target = patched();
        String base = imported.getFirst().contentSha256();

        assertThat(patches.inMaking(target.ref())).containsExactly(base);
        assertThat(patches.inMaking(new ContentId(target.contentSha256()))).containsExactly(base);
        nanos += TimeUnit.MINUTES.toNanos(3);
        assertThat(patches.inMaking(target.ref())).as("a thread that is busy").isEmpty();

        patches.look();
        assertThat(patches.inMaking(target.ref())).isEmpty();
        assertThat(patches.patches(new ContentId(target.contentSha256()))).hasSize(1);
        assertThat(patches.patches(new ContentId("ab".repeat(32)))).isEmpty();
    }

    @Test
    void aPatchIsThereAfterARestartAndNotMadeAgain() throws Exception {
        PackageRecord target = patched();
        patches().look();
        Path patch = root.resolve("patches").resolve(directories().getFirst()).resolve("patch");
        Object made = Files.getAttribute(patch, "unix:ino");

        DepotPatches again = patches();
        again.look();

        assertThat(again.of(target.ref())).hasSize(1);
        assertThat(Files.getAttribute(patch, "unix:ino")).isEqualTo(made);
    }

    @Test
    void whatWasHalfMadeOrDamagedWhenTheProcessDiedIsRemovedAndMadeAnew() throws Exception {
        PackageRecord target = patched();
        patches().look();
        String name = directories().getFirst();
        Files.write(root.resolve("patches").resolve(name).resolve("patch"), new byte[10]);
        Path half = Files.createDirectory(root.resolve("patches/.making"));
        Files.write(half.resolve("patch"), new byte[1000]);

        DepotPatches again = patches();

        assertThat(directories()).isEmpty();
        assertThat(again.of(target.ref())).isEmpty();
        again.look();
        assertThat(again.of(target.ref())).hasSize(1);
        assertThat(directories()).containsExactly(name);
    }

    @Test
    void aPatchOfTheReleaseBeforeIsMadeAnew() throws Exception {
        PackageRecord target = patched();
        patches().look();
        Path about = root.resolve("patches").resolve(directories().getFirst()).resolve("about");
        String[] words = Files.readString(about).split(" ", -1);
        assertThat(words).endsWith("site", "25.1.0");
        Files.writeString(about, "%s %s %s".formatted(words[0], words[1], words[2]));

        DepotPatches again = patches();

        assertThat(directories()).isEmpty();
        again.look();
        assertThat(again.of(target.ref())).hasSize(1);
    }

    @Test
    void aPatchThatSavesLittleIsNotKeptAndNotTriedAgain() throws Exception {
        var _ = site("25.1.0", data(1));
        PackageRecord other = site("25.1.1", data(2));
        DepotPatches patches = patches();

        patches.look();

        assertThat(patches.of(other.ref())).isEmpty();
        assertThat(patches.inMaking(other.ref())).isEmpty();
        Path directory = root.resolve("patches").resolve(directories().getFirst());
        assertThat(directory).isDirectoryContaining("glob:**/about");
        assertThat(directory).isDirectoryNotContaining("glob:**/patch");
        assertThat(patches().of(other.ref())).isEmpty();
    }

    @Test
    void aPackageThatIsRemovedTakesItsPatchesAlong() throws Exception {
        PackageRecord target = patched();
        DepotPatches patches = patches();
        patches.look();
        ContentPatch patch = patches.of(target.ref()).getFirst();

        imported.remove(target);
        patches.look();

        assertThat(directories()).isEmpty();
        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(patches.find(new Sha256(patch.sha256()))).isEmpty();
    }

    @Test
    void aNodeThatReportsAnotherVersionBringsItsPatch() throws Exception {
        byte[] data = data(1);
        var _ = site("25.0.9", data);
        data[5] ^= 1;
        var _ = site("25.1.0", data);
        data[6] ^= 1;
        PackageRecord target = site("25.1.1", data);
        DepotPatches patches = patches();
        patches.look();
        assertThat(patches.of(target.ref())).hasSize(1);

        fleet.add(PatchWishTest.node(2, "site", "25.0.9"));
        patches.look();

        assertThat(patches.of(target.ref())).hasSize(2);
    }

    /** What a cluster was set up with: nodes have it, nobody imported it. */
    private PatchBase.Reported setUpWith(byte[] data, ContentSource... machine) throws IOException {
        PackageRecord old = site("25.1.0", data);
        imported.remove(old);
        contents.remove(depot.orElseThrow());
        PackageContent content = ManifestReading.content(old);
        Depot ofTargets =
                Depot.open(
                        root.resolve("targets"),
                        packages.signers(),
                        SignedPackages.CLOCK,
                        1L << 30);
        elsewhere = depot;
        depot = Optional.of(ofTargets);
        contents.add(ofTargets);
        contents.addAll(List.of(machine));
        fleet.clear();
        for (String node : List.of("eu-1", "eu-2")) {
            fleet.add(BaseReports.node(node, old.ref(), content, address));
        }
        return new PatchBase.Reported(old.ref(), content);
    }

    private PackageRecord target(byte[] data) throws IOException {
        data[BYTES / 2] ^= 1;
        return site("25.1.1", data);
    }

    /** As the agent of this master's node has it, which was set up with the same. */
    private Path stagedBeside(PatchBase.Reported base) throws IOException {
        ContentSource.Place place =
                elsewhere.orElseThrow().place(new ContentId(base.contentSha256())).orElseThrow();
        byte[] all = Files.readAllBytes(place.file());
        Path file =
                Files.createDirectories(made.resolve("staged").resolve(base.contentSha256()))
                        .resolve("content");
        return Files.write(
                file,
                Arrays.copyOfRange(
                        all, (int) place.start(), (int) (place.start() + base.content().size())));
    }

    @Test
    @Tag("PKG-4")
    void whatTheClusterWasSetUpWithIsABaseWithoutAnImport() throws Exception {
        byte[] data = data(1);
        PatchBase.Reported base = setUpWith(data, new StagedContents(made.resolve("staged")));
        var _ = stagedBeside(base);
        PackageRecord target = target(data);
        DepotPatches patches = patches();

        patches.look();

        ContentPatch patch = patches.of(target.ref()).getFirst();
        assertThat(patch.base()).isEqualTo(base.ref());
        assertThat(patch.baseSha256()).isEqualTo(base.contentSha256());
        ReadableContent served = patches.find(new Sha256(patch.sha256())).orElseThrow();
        assertThat(
                        applied(
                                served,
                                new PatchSource(
                                        made.resolve("staged")
                                                .resolve(base.contentSha256())
                                                .resolve("content"),
                                        0,
                                        base.content()),
                                target))
                .isEqualTo(new PatchApply.Result.Applied());
    }

    @Test
    void aPatchStaysForAnHourAfterItsBaseWasHeardOfLast() throws Exception {
        byte[] data = data(1);
        PatchBase.Reported base = setUpWith(data, new StagedContents(made.resolve("staged")));
        var _ = stagedBeside(base);
        PackageRecord target = target(data);
        patches().look();
        List<NodeObservation> there = List.copyOf(fleet);
        fleet.clear();

        DepotPatches again = patches();
        again.look();
        assertThat(again.of(target.ref())).as("after a start, no node has reported yet").hasSize(1);
        nanos += TimeUnit.MINUTES.toNanos(59);
        fleet.addAll(there);
        again.look();
        fleet.clear();
        nanos += TimeUnit.MINUTES.toNanos(59);
        again.look();
        assertThat(again.of(target.ref())).hasSize(1);
        nanos += TimeUnit.MINUTES.toNanos(2);
        again.look();
        assertThat(again.of(target.ref())).isEmpty();
        assertThat(directories()).isEmpty();
    }

    /** What nodes were set up with, of which one serves it while {@link #serves}. */
    private PatchBase.Reported onlyNodesHave(byte[] data) throws IOException {
        OtherMaster of =
                new OtherMaster(
                        "eu-1", wanted -> serves ? library().find(wanted) : Optional.empty());
        node = Optional.of(of);
        address = "127.0.0.1:" + of.server.address().getPort();
        PatchBase.Reported base = setUpWith(data);
        OtherMaster puller = new OtherMaster("m-a", _ -> Optional.empty());
        self = Optional.of(puller);
        bases =
                Optional.of(
                        new NodeBases(
                                new NodeBases.Ports(
                                        root.resolve("bases"),
                                        depot.orElseThrow(),
                                        () -> fleet,
                                        () -> Set.of(new NodeId("eu-1")),
                                        () -> 0,
                                        puller.means(),
                                        new FetchPatience(Duration.ZERO, Duration.ofSeconds(60)))));
        return base;
    }

    private ContentLibrary library() throws IOException {
        return OtherMaster.of(elsewhere.orElseThrow(), made.resolve("leaves"), () -> allEver);
    }

    @AfterEach
    void close() {
        node.ifPresent(OtherMaster::close);
        self.ifPresent(OtherMaster::close);
    }

    private List<Long> readFromNode() {
        return node.orElseThrow().readFrom;
    }

    @Test
    @Tag("PKG-4")
    void aBaseThatOnlyNodesHaveIsFetchedForItsPatchesAndRemoved() throws Exception {
        byte[] data = data(1);
        PatchBase.Reported base = onlyNodesHave(data);
        PackageRecord target = target(data);
        DepotPatches patches = patches();
        assertThat(patches.inMaking(target.ref())).containsExactly(base.contentSha256());

        patches.look();

        ContentPatch patch = patches.of(target.ref()).getFirst();
        assertThat(patch.baseSha256()).isEqualTo(base.contentSha256());
        assertThat(patch.sizeBytes()).isLessThan(BYTES / 100);
        assertThat(readFromNode()).containsExactly(0L);
        assertThat(root.resolve("bases")).isEmptyDirectory();
        assertThat(patches.inMaking(target.ref())).isEmpty();
    }

    @Test
    void aBaseOfTwoPatchesIsFetchedOnce() throws Exception {
        byte[] data = data(1);
        var _ = onlyNodesHave(data);
        PackageRecord first = target(data);
        data[7] ^= 1;
        PackageRecord second = site("25.1.2", data);
        fleet.add(PatchWishTest.node(9, "site", "25.1.1"));
        DepotPatches patches = patches();

        patches.look();

        assertThat(patches.of(first.ref())).hasSize(1);
        assertThat(patches.of(second.ref())).hasSize(2);
        assertThat(readFromNode()).containsExactly(0L);
        assertThat(root.resolve("bases")).isEmptyDirectory();
    }

    @Test
    void aBaseWhoseFileIsNotWhatNodesSayIsNotUsed() throws Exception {
        byte[] data = data(1);
        PatchBase.Reported base = setUpWith(data, new StagedContents(made.resolve("staged")));
        Path file = stagedBeside(base);
        PackageRecord target = target(data);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1}), 5000);
        }
        DepotPatches patches = patches();

        patches.look();

        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(directories()).isEmpty();
    }

    @Test
    void aBaseThatDoesNotComeIsWaitedForNoLongerAndAskedForAgainLater() throws Exception {
        byte[] data = data(1);
        serves = false;
        var _ = onlyNodesHave(data);
        PackageRecord target = target(data);
        DepotPatches patches = patches();

        patches.look();
        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(patches.inMaking(target.ref())).isEmpty();
        serves = true;
        patches.look();
        assertThat(patches.of(target.ref())).as("not at once").isEmpty();
        nanos += TimeUnit.MINUTES.toNanos(11);
        patches.look();
        assertThat(patches.of(target.ref())).hasSize(1);
    }

    @Test
    void forASingleNodeNoBaseIsFetched() throws Exception {
        byte[] data = data(1);
        var _ = onlyNodesHave(data);
        fleet.removeLast();
        PackageRecord target = target(data);
        DepotPatches patches = patches();

        patches.look();

        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(patches.inMaking(target.ref())).isEmpty();
        assertThat(readFromNode()).isEmpty();
    }

    @Test
    void withoutTheLibraryThereAreNone() throws Exception {
        PackageRecord target = patched();
        zstd = Optional.empty();
        DepotPatches patches = patches();

        patches.look();

        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(patches.inMaking(target.ref())).isEmpty();
    }

    @Test
    void whatCannotBeMadeIsWaitedForNoLongerAndTriedAgainLater() throws Exception {
        PackageRecord target = patched();
        Path blocked = Files.createDirectories(root.resolve("patches/.making/x/y"));
        DepotPatches patches = blockedBy(blocked);

        patches.look();
        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(patches.inMaking(target.ref())).isEmpty();

        try (Stream<Path> all = Files.walk(root.resolve("patches/.making"))) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
        patches.look();
        assertThat(patches.of(target.ref())).as("not at once").isEmpty();
        nanos += TimeUnit.MINUTES.toNanos(11);
        patches.look();
        assertThat(patches.of(target.ref())).hasSize(1);
    }

    /** Something that cannot be removed is where patches are made, from after the start on. */
    private DepotPatches blockedBy(Path blocked) throws IOException {
        Path aside = root.resolve("aside");
        Files.move(root.resolve("patches/.making"), aside);
        DepotPatches patches = patches();
        Files.move(aside, root.resolve("patches/.making"));
        assertThat(blocked).exists();
        return patches;
    }
}
