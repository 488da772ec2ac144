package dev.sluice.trust.packages;

import static dev.sluice.trust.packages.PackageFixture.CLOCK;
import static dev.sluice.trust.packages.PackageFixture.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A build that fails says why and leaves the file that was there before. */
final class PackageBuilderTest {
    @TempDir private Path directory;
    private PackageFixture fixture;
    private Path payload;
    private Path out;

    @BeforeEach
    void setUp() throws IOException {
        fixture = new PackageFixture(Files.createDirectory(directory.resolve("fixture")));
        payload = fixture.payload();
        out = Files.createDirectory(directory.resolve("out")).resolve("site.sluice");
        Files.writeString(out, "the previous build");
    }

    @AfterEach
    void onlyThePreviousBuildIsThere() throws IOException {
        assertThat(out).hasContent("the previous build");
        try (var files = Files.list(out.getParent())) {
            assertThat(files).containsExactly(out);
        }
    }

    private void refuses(ManifestDraft draft, String message) {
        assertThatThrownBy(() -> PackageBuilder.build(draft, payload, fixture.signer(), out))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageContaining(message);
    }

    @Test
    @Tag("REL-3")
    void refusesSymbolicLinks() throws Exception {
        Path link = payload.resolve("traffic/link");
        Files.createSymbolicLink(link, Path.of("/etc/passwd"));

        refuses(PackageFixture.draft(), link.getFileName() + " is a symbolic link");
    }

    @Test
    @Tag("REL-3")
    void refusesNamesThatMeanSomethingElseElsewhere() throws Exception {
        Files.writeString(payload.resolve("traffic/back\\slash"), "");

        refuses(PackageFixture.draft(), "path 'traffic/back\\slash' is not a relative path");
    }

    @Test
    @Tag("REL-3")
    void refusesACommandThatCannotBeExecuted() throws Exception {
        Files.setPosixFilePermissions(
                payload.resolve("traffic/bin/site"), PosixFilePermissions.fromString("rw-r--r--"));

        refuses(
                PackageFixture.draft(),
                "roles.traffic.command: expected an executable file payload/traffic/bin/site, found a"
                        + " file that is not executable");
    }

    @Test
    @Tag("REL-3")
    void refusesAnImageThatIsADirectory() {
        ManifestDraft base =
                ManifestDraft.of(
                        new PackageName("base"),
                        PackageKind.BASE,
                        new PackageVersion("7.0.0"),
                        1,
                        new Installation.Image(new PayloadPath("traffic")));

        refuses(base, "image: expected a file payload/traffic, found a directory");
    }

    @Test
    @Tag("REL-3")
    void refusesAPayloadThatIsNoDirectory() {
        payload = payload.resolve("traffic/data.bin");

        refuses(PackageFixture.draft(), "data.bin is not a directory");
    }

    @Test
    @Tag("PKG-3")
    void doesNotSignWithAKeyThatExpired() {
        PackageSigner late =
                new PackageSigner(fixture.key, InstantSource.fixed(NOW.plus(Duration.ofDays(400))));

        assertThatThrownBy(() -> PackageBuilder.build(PackageFixture.draft(), payload, late, out))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("CN=Acme releases] is valid from")
                .hasMessageContaining("renew the key, or check this clock");
        assertThat(CLOCK.instant()).isEqualTo(NOW);
    }
}
