package dev.sluice.trust.packages;

import static dev.sluice.trust.packages.PackageFixture.content;
import static org.apache.commons.compress.archivers.tar.TarConstants.LF_BLK;
import static org.apache.commons.compress.archivers.tar.TarConstants.LF_CHR;
import static org.apache.commons.compress.archivers.tar.TarConstants.LF_FIFO;
import static org.apache.commons.compress.archivers.tar.TarConstants.LF_LINK;
import static org.apache.commons.compress.archivers.tar.TarConstants.LF_SYMLINK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class PayloadExtractorTest {
    private static final PayloadPath TRAFFIC = new PayloadPath("traffic");

    @TempDir private Path directory;
    private PackageFixture fixture;
    private Path slots;
    private Path target;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new PackageFixture(Files.createDirectory(directory.resolve("fixture")));
        slots = Files.createDirectory(directory.resolve("slots"));
        target = slots.resolve("25.1.0");
    }

    private static TarArchiveEntry file(String name) {
        TarArchiveEntry entry = new TarArchiveEntry(name, true);
        entry.setSize(10);
        return entry;
    }

    private static TarArchiveEntry directoryOf(String name) {
        return new TarArchiveEntry("payload/" + name + "/");
    }

    private static TarArchiveEntry special(byte type) {
        TarArchiveEntry entry = new TarArchiveEntry("payload/traffic/x", type);
        entry.setLinkName("/etc/passwd");
        return entry;
    }

    static Stream<Arguments> hostile() {
        return Stream.of(
                Arguments.of("is not a relative path", file("payload/../../evil")),
                Arguments.of("is not a relative path", file("payload/traffic/../evil")),
                Arguments.of("is not a relative path", file("payload//etc/evil")),
                Arguments.of("is not a relative path", file("payload/traffic\\evil")),
                Arguments.of("is not a relative path", file("payload/tr\u00e4ffic")),
                Arguments.of("is not under payload/", file("/etc/evil")),
                Arguments.of("is not under payload/", file("manifest.json")),
                Arguments.of("payload/ is there twice", new TarArchiveEntry("payload/")),
                Arguments.of("lies in no directory", file("payload/unknown/file")),
                Arguments.of("type '2'", special(LF_SYMLINK)),
                Arguments.of("type '1'", special(LF_LINK)),
                Arguments.of("type '3'", special(LF_CHR)),
                Arguments.of("type '4'", special(LF_BLK)),
                Arguments.of("type '6'", special(LF_FIFO)));
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource("hostile")
    @Tag("REL-3")
    void unpacksNothingOfAPayloadWithAnEntryThatReachesOut(String reason, TarArchiveEntry entry)
            throws Exception {
        byte[] content = content(directoryOf("traffic"), file("payload/traffic/a"), entry);
        Path file = Files.write(directory.resolve("content"), content);

        assertThatThrownBy(() -> PayloadExtractor.extract(file, TRAFFIC, target))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageContaining(reason);

        assertThat(slots).isEmptyDirectory();
        try (var files = Files.list(directory)) {
            assertThat(files.map(Path::getFileName).map(Path::toString))
                    .containsExactlyInAnyOrder("fixture", "slots", "content");
        }
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource("hostile")
    @Tag("PKG-3")
    void aPackageWithSuchAnEntryIsRefusedThoughItsSignatureIsGood(
            String reason, TarArchiveEntry entry) throws Exception {
        Path file =
                fixture.signed(
                        PackageFixture.draft(),
                        content(directoryOf("traffic"), file("payload/traffic/a"), entry));

        assertThat(PackageFixture.refusal(PackageReader.verify(file, fixture.verifier)))
                .contains(reason);
    }

    @Test
    @Tag("REL-3")
    void refusesEntriesOutOfOrderOrTwice() throws Exception {
        Path file =
                Files.write(
                        directory.resolve("content"),
                        content(file("payload/b"), file("payload/a")));
        assertThatThrownBy(() -> PayloadExtractor.extract(file, TRAFFIC, target))
                .hasMessage("payload entry a is out of order or there twice");

        Files.write(file, content(file("payload/a"), file("payload/a")));
        assertThatThrownBy(() -> PayloadExtractor.extract(file, TRAFFIC, target))
                .hasMessage("payload entry a is out of order or there twice");
    }

    @Test
    @Tag("PKG-3")
    void aPackageWithoutWhatItsManifestInstallsIsRefused() throws Exception {
        Path file =
                fixture.signed(
                        PackageFixture.draft(),
                        content(directoryOf("master"), directoryOf("traffic")));

        assertThat(PackageFixture.refusal(PackageReader.verify(file, fixture.verifier)))
                .isEqualTo(
                        "roles.traffic.command: expected an executable file payload/traffic/bin/site,"
                                + " found nothing there");
    }

    @Test
    @Tag("REL-3")
    void namesADirectoryThatIsNotThere() throws Exception {
        Path content = fixture.contentOf(fixture.build());

        assertThatThrownBy(
                        () -> PayloadExtractor.extract(content, new PayloadPath("backup"), target))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("the payload has no directory payload/backup");
        assertThatThrownBy(() ->
                        PayloadExtractor.extractFile(content, new PayloadPath("traffic"), target))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("the payload has no file payload/traffic");
        assertThat(slots).isEmptyDirectory();
    }

    @Test
    @Tag("REL-3")
    void leavesATargetThatExistsAsItIs() throws Exception {
        Path content = fixture.contentOf(fixture.build());
        Files.createDirectory(target);
        Files.writeString(target.resolve("running"), "25.0.0");

        assertThatThrownBy(() -> PayloadExtractor.extract(content, TRAFFIC, target))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining(target.toString());

        assertThat(target.resolve("running")).hasContent("25.0.0");
    }

    @Test
    void cleansUpWhatACrashLeft() throws Exception {
        Path content = fixture.contentOf(fixture.build());
        Path left = Files.createDirectories(slots.resolve(".25.1.0.extracting/bin"));
        Files.writeString(left.resolve("half"), "ha");

        PayloadExtractor.extract(content, TRAFFIC, target);

        assertThat(target.resolve("bin")).isDirectoryNotContaining("glob:**half");
        try (var files = Files.list(slots)) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    @Tag("REL-3")
    void unpacksNothingOfAContentThatEndsEarlyOrIsNoise() throws Exception {
        byte[] content = Files.readAllBytes(fixture.contentOf(fixture.build()));
        Path file = directory.resolve("content");
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            byte[] damaged = content.clone();
            random.nextBytes(damaged);
            System.arraycopy(content, 0, damaged, 0, random.nextInt(4096));
            Files.write(file, damaged);
            assertThatThrownBy(() -> PayloadExtractor.extract(file, TRAFFIC, target))
                    .as("round %d", i)
                    .isInstanceOf(IOException.class);
            assertThat(slots).isEmptyDirectory();
        }
    }
}
