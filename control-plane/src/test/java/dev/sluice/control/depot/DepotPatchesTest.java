package dev.sluice.control.depot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.ContentPatch;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.PatchApply;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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

    @BeforeEach
    void open() throws IOException {
        packages = new SignedPackages(made);
        depot = Optional.of(Depot.open(root, packages.signers(), SignedPackages.CLOCK, 1L << 30));
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
                        List.of(depot.orElseThrow()),
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
        assertThat(applied(served, base, target)).isEqualTo(new PatchApply.Result.Applied());
    }

    private PatchApply.Result applied(
            ReadableContent served, PackageRecord base, PackageRecord target) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate((int) served.content().size());
        try (ReadableContent.Reader reader = served.open(0, () -> {})) {
            reader.readDisk(bytes);
        }
        Path file = Files.write(made.resolve("pulled"), bytes.array());
        ContentSource.Place place =
                depot.orElseThrow().place(new ContentId(base.contentSha256())).orElseThrow();
        PackageContent to = ManifestReading.content(target);
        Path into = Files.createDirectory(made.resolve("into"));
        PatchApply apply =
                PatchApply.open(
                        zstd.orElseThrow(),
                        file,
                        new PatchSource(place.file(), place.start(), ManifestReading.content(base)),
                        into,
                        to,
                        DiskSpace.system(),
                        _ -> {});
        try (apply) {
            return apply.run();
        } finally {
            apply.content().closed().get(30, TimeUnit.SECONDS);
            assertThat(GrowingContent.presentIn(into, to)).isEqualTo(to.size());
        }
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
    void aPatchThatSavesLittleIsNotKeptAndNotTriedAgain() throws Exception {
        var _ = site("25.1.0", data(1));
        PackageRecord other = site("25.1.1", data(2));
        DepotPatches patches = patches();

        patches.look();

        assertThat(patches.of(other.ref())).isEmpty();
        assertThat(patches.isMaking(other.ref())).isFalse();
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

    @Test
    void withoutTheLibraryThereAreNone() throws Exception {
        PackageRecord target = patched();
        zstd = Optional.empty();
        DepotPatches patches = patches();

        patches.look();

        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(patches.isMaking(target.ref())).isFalse();
    }

    @Test
    void whatCannotBeMadeIsWaitedForNoLongerAndTriedAgainLater() throws Exception {
        PackageRecord target = patched();
        Path blocked = Files.createDirectories(root.resolve("patches/.making/x/y"));
        DepotPatches patches = blockedBy(blocked);

        patches.look();
        assertThat(patches.of(target.ref())).isEmpty();
        assertThat(patches.isMaking(target.ref())).isFalse();

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
