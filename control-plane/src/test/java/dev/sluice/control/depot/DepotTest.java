package dev.sluice.control.depot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DepotTest {

    private static final long MAX_BYTES = 10_000_000;

    @TempDir private Path directory;
    private Path root;
    private SignedPackages packages;
    private Depot depot;

    @BeforeEach
    void setUp() throws IOException {
        root = directory.resolve("depot");
        packages = new SignedPackages(directory);
        depot = open();
    }

    private Depot open() throws IOException {
        return Depot.open(root, packages.signers(), SignedPackages.CLOCK, MAX_BYTES);
    }

    private ImportResult importFile(Path file) throws IOException {
        try (InputStream input = Files.newInputStream(file)) {
            return depot.importPackage(input);
        }
    }

    private PackageRecord imported(Path file) throws IOException {
        return ((ImportResult.Imported) importFile(file)).pkg();
    }

    private String refusal(byte[] bytes) throws IOException {
        return ((ImportResult.Refused) depot.importPackage(new ByteArrayInputStream(bytes)))
                .refusal()
                .toString();
    }

    private List<Path> filesInDepot() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(path -> !path.equals(root))
                    .filter(path -> !List.of("incoming", "packages").contains(name(path)))
                    .toList();
        }
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static byte[] contentOf(Path file) throws IOException {
        PackageHead head = PackageReader.open(file);
        byte[] all = Files.readAllBytes(file);
        return Arrays.copyOfRange(all, (int) head.contentOffset(), all.length);
    }

    @Test
    @Tag("PKG-3")
    void anImportedPackageIsDescribedByItsSignedManifest() throws Exception {
        Path file = packages.site("25.1.0", 200_000);

        PackageRecord pkg = imported(file);

        assertThat(pkg.ref().toString()).isEqualTo("site 25.1.0");
        assertThat(pkg.descriptor().kind()).isEqualTo(PackageKind.SITE);
        assertThat(pkg.descriptor().requires().toString()).isEqualTo("[base >=6.1.0 <8.0.0]");
        assertThat(pkg.descriptor().minDirectUpgradeFrom()).isEqualTo(Version.parse("24.1.0"));
        assertThat(pkg.descriptor().compatible())
                .containsExactly(new HardwareModel("b300"), new HardwareModel("b300p"));
        assertThat(pkg.descriptor().soak()).isEqualTo(Duration.ofHours(24));
        assertThat(pkg.descriptor().sizeBytes()).isEqualTo(contentOf(file).length);
        assertThat(pkg.manifest().toArray()).isEqualTo(PackageReader.open(file).manifestBytes());
        assertThat(pkg.signature().toArray()).isEqualTo(PackageReader.open(file).signatureBytes());
        assertThat(pkg.signer()).contains("Acme releases");
    }

    @Test
    void itsContentCanBeReadFromAnyOffsetEvenAfterARestart() throws Exception {
        Path file = packages.site("25.1.0", 200_000);
        ContentId id = new ContentId(imported(file).contentSha256());
        depot = open();

        try (Content content = depot.open(id).orElseThrow()) {
            byte[] expected = contentOf(file);
            assertThat(content.size()).isEqualTo(expected.length);
            for (int offset : new int[] {0, 1, 65_536, expected.length - 1}) {
                assertThat(rest(content, offset))
                        .isEqualTo(Arrays.copyOfRange(expected, offset, expected.length));
            }
            assertThat(content.read(content.size(), ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    private static byte[] rest(Content content, long offset) throws IOException {
        ByteBuffer all = ByteBuffer.allocate((int) (content.size() - offset) + 10);
        while (content.read(offset + all.position(), all) >= 0) {}
        return Arrays.copyOf(all.array(), all.position());
    }

    @Test
    @Tag("PKG-4")
    void anImportedContentIsServedFromInsideItsFileWithATableThatIsKept() throws Exception {
        Path file = packages.site("25.1.0", 200_000);
        PackageRecord pkg = imported(file);
        Path tables = root.resolveSibling("tables");
        OriginContents origin = new OriginContents(() -> List.of(pkg), List.of(depot), tables);
        byte[] expected = contentOf(file);

        ReadableContent content = origin.find(new Sha256(pkg.contentSha256())).orElseThrow();

        try (ReadableContent.Reader reader = content.open(65_536, () -> {})) {
            ByteBuffer rest = ByteBuffer.allocate(expected.length - 65_536);
            reader.readDisk(rest);
            assertThat(rest.array())
                    .isEqualTo(Arrays.copyOfRange(expected, 65_536, expected.length));
            assertThat(reader.position()).isEqualTo(expected.length);
        }
        byte[] table = Files.readAllBytes(tables.resolve(pkg.contentSha256()));
        assertThat(LeafTable.decode(table, content.content()).leafCount())
                .isEqualTo(content.content().leafCount());
        assertThat(origin.find(new Sha256("ab".repeat(32)))).isEmpty();
    }

    @Test
    void importingAPackageAgainIsAccepted() throws Exception {
        Path file = packages.site("25.1.0", 1000);
        PackageRecord first = imported(file);

        assertThat(imported(file)).isEqualTo(first);
        assertThat(filesInDepot()).hasSize(2);
    }

    @Test
    @Tag("PKG-3")
    void aChangedPackageIsRefusedWithTheReasonAndLeavesNothingBehind() throws Exception {
        byte[] bytes = Files.readAllBytes(packages.site("25.1.0", 1000));
        byte[] changed = bytes.clone();
        changed[bytes.length - 2000] ^= 1;

        assertThat(refusal(changed)).contains("content was changed");
        assertThat(refusal(Arrays.copyOf(bytes, bytes.length - 512))).contains("truncated");
        assertThat(refusal(Arrays.copyOf(bytes, bytes.length + 512))).contains("trailing data");
        assertThat(refusal(new byte[0])).contains("truncated");
        assertThat(filesInDepot()).isEmpty();
    }

    @Test
    @Tag("PKG-3")
    void aPackageOfAStrangerIsRefused() throws Exception {
        Path strangers = Files.createDirectory(directory.resolve("strangers"));
        Path file = new SignedPackages(strangers).site("25.1.0", 1000);

        assertThat(refusal(Files.readAllBytes(file))).contains("not trusted");
        assertThat(filesInDepot()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void aPackageThatTheModelCannotNameIsRefused() throws Exception {
        Path file = packages.build(packages.draft("site-", "25.1.0"), 10);

        assertThat(refusal(Files.readAllBytes(file))).contains("site- 25.1.0", "PackageName");
        assertThat(filesInDepot()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void aPackageLargerThanAllowedIsRefusedBeforeItFillsTheDisk() throws Exception {
        assertThat(refusal(new byte[(int) MAX_BYTES + 1]))
                .contains("expected at most 10000000 bytes");
        assertThat(filesInDepot()).isEmpty();
    }

    @Test
    @Tag("REL-4")
    void anInputThatBreaksOffLeavesNothingBehind() throws Exception {
        InputStream broken =
                new SequenceInputStream(
                        new ByteArrayInputStream(new byte[100_000]),
                        new InputStream() {
                            @Override
                            public int read() throws IOException {
                                throw new IOException("connection reset");
                            }

                            @Override
                            public int read(byte[] into, int offset, int length)
                                    throws IOException {
                                return read();
                            }
                        });

        assertThatThrownBy(() -> depot.importPackage(broken))
                .isInstanceOf(IOException.class)
                .hasMessage("connection reset");
        assertThat(filesInDepot()).isEmpty();
    }

    @Test
    @Tag("REL-4")
    void aFullDiskIsNamedAndLeavesNothingBehind() throws Exception {
        Depot full =
                Depot.open(
                        root,
                        packages.signers(),
                        SignedPackages.CLOCK,
                        MAX_BYTES,
                        Depot.UNBOUNDED,
                        file -> {
                            Files.createFile(file);
                            return FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE);
                        });

        assertThatThrownBy(() -> full.importPackage(new ByteArrayInputStream(new byte[10])))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("depot " + root)
                .hasMessageContaining("No space left on device")
                .hasMessageContaining("bytes are free there");
        assertThat(filesInDepot()).isEmpty();
    }

    @Test
    @Tag("REL-4")
    void whatACrashLeftOfAnImportIsGoneAfterTheNextStart() throws Exception {
        Path half = Files.createDirectory(root.resolve("incoming/import-123"));
        Files.writeString(half.resolve("package.sluice"), "half");

        depot = open();

        assertThat(filesInDepot()).isEmpty();
    }

    @Test
    void aPackageThatWasChangedOnTheDiskIsNotServed() throws Exception {
        PackageRecord small = imported(packages.site("25.1.0", 1000));
        PackageRecord large = imported(packages.site("25.2.0", 2000));
        Files.copy(
                root.resolve("packages/" + large.contentSha256() + "/package.sluice"),
                root.resolve("packages/" + small.contentSha256() + "/package.sluice"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        assertThatThrownBy(() -> depot.open(new ContentId(small.contentSha256())))
                .hasMessageContaining("is not the package that was imported");
    }

    @Test
    void aMasterHasWhatItImportedOrItsOwnNodeStaged() throws Exception {
        PackageRecord here = imported(packages.site("25.1.0", 1000));
        Path staged = directory.resolve("staged");
        PackageRecord atTheNode =
                new PackageRecord(
                        here.descriptor(),
                        here.manifest(),
                        here.signature(),
                        "ab".repeat(32),
                        "maker");
        PackageRef other = new PackageRef(here.ref().name(), Version.parse("25.2.0"));
        MasterSources sources =
                new MasterSources(
                        ref ->
                                ref.equals(here.ref())
                                        ? Optional.of(here)
                                        : ref.equals(other)
                                                ? Optional.of(atTheNode)
                                                : Optional.empty(),
                        List.of(depot, new StagedContents(staged)),
                        Optional.empty(),
                        "10.0.0.1:7443",
                        "m-a:7444");

        assertThat(sources.has(here.ref())).isTrue();
        assertThat(sources.has(other)).isFalse();
        Files.createDirectories(staged.resolve("ab".repeat(32)));
        Files.writeString(staged.resolve("ab".repeat(32)).resolve("content"), "x");
        assertThat(sources.has(other)).isTrue();
        assertThat(sources.has(new PackageRef(other.name(), Version.parse("26.0.0")))).isFalse();
    }

    @Test
    @Tag("REL-3")
    void aContentsNameCannotBeAPath() {
        assertThatThrownBy(() -> new ContentId("../../etc/passwd"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("../../etc/passwd");
    }
}
