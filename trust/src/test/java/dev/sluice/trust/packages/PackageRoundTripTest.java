package dev.sluice.trust.packages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is built can be verified, shipped, unpacked and looked at with other tools. */
final class PackageRoundTripTest {
    @TempDir private Path directory;
    private PackageFixture fixture;

    @BeforeEach
    void setUp() {
        fixture = new PackageFixture(directory);
    }

    @Test
    @Tag("PKG-3")
    void acceptsWhatATrustedSignerBuilt() throws Exception {
        Path file = directory.resolve("site.sluice");

        Manifest built =
                PackageBuilder.build(
                        PackageFixture.draft(), fixture.payload(), fixture.signer(), file);

        assertThat(PackageReader.verify(file, fixture.verifier))
                .isEqualTo(new Verification.Verified("CN=Acme releases", built));
        assertThat(built.description()).isEqualTo(PackageFixture.draft());
    }

    @Test
    void leavesNothingButThePackage() throws Exception {
        Path out = Files.createDirectory(directory.resolve("out"));

        var _ =
                PackageBuilder.build(
                        PackageFixture.draft(),
                        fixture.payload(),
                        fixture.signer(),
                        out.resolve("site.sluice"));

        try (var files = Files.list(out)) {
            assertThat(files).containsExactly(out.resolve("site.sluice"));
        }
    }

    @Test
    void buildsTheSameContentWhateverTheTimesAndOtherModesOfTheFiles() throws Exception {
        Manifest first =
                PackageBuilder.build(
                        PackageFixture.draft(),
                        fixture.payload(),
                        fixture.signer(),
                        directory.resolve("a"));
        Path data = fixture.payload().resolve("traffic/data.bin");
        Files.setLastModifiedTime(data, FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rw-rw-rw-"));

        Manifest second =
                PackageBuilder.build(
                        PackageFixture.draft(),
                        fixture.payload(),
                        fixture.signer(),
                        directory.resolve("b"));

        assertThat(second).isEqualTo(first);
        assertThat(PackageReader.open(directory.resolve("b")).manifestBytes())
                .isEqualTo(PackageReader.open(directory.resolve("a")).manifestBytes());
    }

    @Test
    void theContentIsTheRestOfTheFileAndUnpacksAlone() throws Exception {
        Path content = fixture.contentOf(fixture.build());
        Path target = directory.resolve("slot");

        PayloadExtractor.extract(content, new PayloadPath("traffic"), target);

        Path source = fixture.payload().resolve("traffic");
        assertThat(target.resolve("data.bin")).hasSameBinaryContentAs(source.resolve("data.bin"));
        assertThat(target.resolve("empty")).isEmptyDirectory();
        assertThat(Files.getPosixFilePermissions(target.resolve("bin/site")))
                .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(Files.getPosixFilePermissions(target.resolve("data.bin")))
                .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        try (var files = Files.list(target)) {
            assertThat(files.map(Path::getFileName).map(Path::toString).sorted())
                    .containsExactly("bin", "data.bin", "empty");
        }
    }

    @Test
    void unpacksNamesTooLongForATarHeader() throws Exception {
        Path content = fixture.contentOf(fixture.build());

        PayloadExtractor.extract(content, new PayloadPath("master"), directory.resolve("slot"));

        assertThat(directory.resolve("slot/lib/" + "l".repeat(120) + ".jar")).hasContent("jar");
    }

    @Test
    void unpacksASingleFile() throws Exception {
        Path content = fixture.contentOf(fixture.build());

        PayloadExtractor.extractFile(
                content, new PayloadPath("traffic/bin/site"), directory.resolve("image"));

        assertThat(directory.resolve("image")).hasContent("#!/bin/sh\necho 25.1.0\n");
    }

    @Test
    void tarListsAPackage() throws Exception {
        Path file = fixture.build();

        List<String> names = run("tar", "tf", file.toString());

        assertThat(names)
                .startsWith("manifest.json", "manifest.p7s", "payload/", "payload/master/")
                .endsWith("payload/traffic/data.bin", "payload/traffic/empty/")
                .contains("payload/master/lib/" + "l".repeat(120) + ".jar");
    }

    @Test
    @Tag("PKG-3")
    void opensslVerifiesTheSignature() throws Exception {
        Path file = fixture.build();
        PackageHead head = PackageReader.open(file);
        Path manifest = Files.write(directory.resolve("manifest.json"), head.manifestBytes());
        Path signature = Files.write(directory.resolve("manifest.p7s"), head.signatureBytes());
        Path signer = directory.resolve("signer.pem");
        fixture.key.store(signer, directory.resolve("signer.key"));
        String[] verify = {
            "openssl",
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            signature.toString(),
            "-content",
            manifest.toString(),
            "-CAfile",
            signer.toString(),
            "-purpose",
            "any",
            "-attime",
            Long.toString(PackageFixture.NOW.getEpochSecond()),
            "-out",
            "/dev/null"
        };

        assertThat(exitCode(verify)).isZero();

        Files.writeString(manifest, "{}");
        assertThat(exitCode(verify)).isNotZero();
    }

    private List<String> run(String... command) throws Exception {
        Path output = directory.resolve("output");
        assumeThat(onPath(command[0])).as(command[0] + " is on the path").isTrue();
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        assertThat(process.waitFor()).as(() -> read(output)).isZero();
        return Files.readAllLines(output);
    }

    private int exitCode(String... command) throws Exception {
        assumeThat(onPath(command[0])).as(command[0] + " is on the path").isTrue();
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("output").toFile())
                        .start();
        return process.waitFor();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }

    private static boolean onPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, program)));
    }
}
