package dev.sluice.publisher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trust.channel.Bundle;
import dev.sluice.trust.channel.ChannelKey;
import dev.sluice.trust.channel.ChannelSigningKey;
import dev.sluice.trust.channel.DeviceKey;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.x509.PemFiles;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a vendor does, from a directory to a bundle on a stick. */
final class PublisherTest {
    private static final String INVENTORY =
            """
            {"apiVersion": "sluice/v1", "kind": "Cluster", "metadata": {"name": "prod"},
             "masters": [{"id": "m-1", "role": "primary", "region": "eu", "hardware": "sx-100",
                          "installed": {"site": "25.0.0"}}]}
            """;

    @TempDir private Path directory;
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private String said = "";

    @BeforeEach
    void makeKeysAndPayload() throws Exception {
        store(SignatureScheme.ECDSA_P256, "ec");
        store(SignatureScheme.ML_DSA_65, "pq");
        Path program = directory.resolve("payload/traffic/bin/site");
        Files.createDirectories(program.getParent());
        Files.writeString(program, "#!/bin/sh\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void store(SignatureScheme scheme, String name) throws IOException {
        PackageSigningKey.create(scheme, "Acme " + name, Duration.ofDays(3650), () -> now)
                .store(path(name + ".pem"), path(name + ".key"));
    }

    private Path path(String name) {
        return directory.resolve(name);
    }

    private String at(String name) {
        return path(name).toString();
    }

    private int run(String... arguments) {
        StringWriter out = new StringWriter();
        int exit = Publisher.run(() -> now, new PrintWriter(out), new PrintWriter(out), arguments);
        said = out.toString();
        return exit;
    }

    private void done(String... arguments) {
        assertThat(run(arguments)).as(() -> said).isZero();
    }

    private void refused(String reason, String... arguments) {
        assertThat(run(arguments)).as(() -> said).isEqualTo(Publisher.REFUSED);
        assertThat(said).contains(reason);
    }

    private String build(String version, int counter, String more) throws IOException {
        Files.writeString(
                path("draft.json"),
                """
                {"schema": "sluice/package/v1", "name": "site", "kind": "SITE", "version": "%s",
                 "releaseCounter": %d, %s
                 "roles": {"traffic": {"directory": "traffic", "command": ["bin/site"]}}}
                """
                        .formatted(version, counter, more));
        String file = at("site-" + version + ".sluice");
        done(
                "packages",
                "build",
                "--draft",
                at("draft.json"),
                "--payload",
                at("payload"),
                "--key",
                at("ec.key"),
                "--certificate",
                at("ec.pem"),
                "-o",
                file);
        return file;
    }

    private String channel() {
        return at("channel");
    }

    private void init(String... more) {
        String[] arguments = new String[5 + more.length];
        System.arraycopy(
                new String[] {"channel", "init", channel(), "--name", "stable"},
                0,
                arguments,
                0,
                5);
        System.arraycopy(more, 0, arguments, 5, more.length);
        done(arguments);
    }

    private void publish(String file) {
        done("channel", "publish", channel(), "--package", file, "--signers", at("ec.pem"));
    }

    @Test
    @Tag("PKG-3")
    void aPackageIsBuiltInspectedSignedASecondTimeAndVerified() throws Exception {
        String file = build("25.1.0", 1, "");

        done("packages", "inspect", file, "-o", "json");
        assertThat(said).contains("\"version\" : \"25.1.0\"");
        done("packages", "verify", file, "--signers", at("ec.pem"));
        assertThat(said).contains("signedBy: CN=Acme ec");
        Files.writeString(
                path("both.pem"),
                Files.readString(path("ec.pem")) + Files.readString(path("pq.pem")));
        refused("ML-DSA-65", "packages", "verify", file, "--signers", at("both.pem"));

        done("packages", "sign", file, "--key", at("pq.key"), "--certificate", at("pq.pem"));

        done("packages", "verify", file, "--signers", at("both.pem"));
        assertThat(said).contains("signedBy: CN=Acme ec; CN=Acme pq");
    }

    @Test
    @Tag("PKG-3")
    void privateKeysAreReadableByTheirOwnerAloneAndMayBeEncrypted() throws Exception {
        Files.writeString(path("password"), "correct horse\n");
        init("--password-file", at("password"));

        try (var files = Files.list(path("channel/keys"))) {
            for (Path key : files.filter(f -> f.toString().endsWith(".key")).toList()) {
                assertThat(Files.getPosixFilePermissions(key))
                        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
                assertThat(Files.readString(key)).contains("ENCRYPTED PRIVATE KEY");
            }
        }
        assertThat(run("channel", "refresh", channel())).isEqualTo(Publisher.BAD_INPUT);
        assertThat(said).contains("holds an encrypted one");
        done("channel", "refresh", channel(), "--password-file", at("password"));
    }

    @Test
    @Tag("PKG-1")
    void aPublishedPackageIsInTheChannelWithItsManifestBesideIt() throws Exception {
        init();
        publish(build("25.1.0", 1, ""));

        done("channel", "verify", channel());
        assertThat(said).contains("targets: 2", "site 25.1.0");
        try (var files = Files.list(path("channel/public/packages"))) {
            assertThat(files.map(f -> f.getFileName().toString().replaceFirst("^[0-9a-f]{64}", "")))
                    .containsExactlyInAnyOrder(".sluice", ".manifest", ".p7s");
        }
        try (var files = Files.list(path("channel/public"))) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .as("nothing temporary, and the state before for who reads it just now")
                    .containsExactlyInAnyOrder(
                            "1.root.json",
                            "1.targets.json",
                            "1.snapshot.json",
                            "2.targets.json",
                            "2.snapshot.json",
                            "timestamp.json",
                            "packages");
        }
    }

    @Test
    @Tag("PKG-3")
    void aReleaseCounterThatDoesNotGrowIsRefusedAndChangesNothing() throws Exception {
        init();
        publish(build("25.1.0", 5, ""));
        byte[] before = Files.readAllBytes(path("channel/public/timestamp.json"));
        String late = build("25.2.0", 5, "");

        refused(
                "site 25.2.0 has release counter 5, and the channel has site 25.1.0 with 5",
                "channel",
                "publish",
                channel(),
                "--package",
                late,
                "--signers",
                at("ec.pem"));
        assertThat(Files.readAllBytes(path("channel/public/timestamp.json"))).isEqualTo(before);
    }

    @Test
    @Tag("PKG-3")
    void aPackageThatNobodyTrustsIsNotPublished() throws Exception {
        init();
        String file = build("25.1.0", 1, "");

        refused(
                "who is not trusted",
                "channel",
                "publish",
                channel(),
                "--package",
                file,
                "--signers",
                at("pq.pem"));
    }

    @Test
    @Tag("PKG-3")
    void anExpiredChannelIsRefusedUntilItIsSignedAnew() throws Exception {
        init();
        publish(build("25.1.0", 1, ""));
        now = now.plus(Duration.ofDays(8));
        refused("timestamp.json: expired", "channel", "verify", channel());

        done("channel", "refresh", channel());
        done("channel", "verify", channel());

        now = now.plus(Duration.ofDays(100));
        done("channel", "refresh", channel());
        refused("snapshot.json: expired", "channel", "verify", channel());
        done("channel", "refresh", channel(), "--all");
        done("channel", "verify", channel());
    }

    @Test
    @Tag("PKG-3")
    void everyRoleGetsNewKeysAndWhoPinnedTheFirstRootFollows() throws Exception {
        init("--ml-dsa");
        publish(build("25.1.0", 1, ""));
        for (String role : new String[] {"timestamp", "snapshot", "targets", "root"}) {
            done(
                    "channel",
                    "rotate",
                    channel(),
                    "--role",
                    role,
                    "--count",
                    "2",
                    "--threshold",
                    "2");
        }

        done("channel", "verify", channel(), "--root", at("channel/public/1.root.json"));
        assertThat(said).contains("root: 8", "site 25.1.0");
        Files.delete(path("channel/keys/targets-6-2.key"));
        assertThat(run("channel", "refresh", channel(), "--all")).isEqualTo(Publisher.BAD_INPUT);
        assertThat(said).contains("1 of the keys for targets are here, at least 2 needed");
    }

    @Test
    @Tag("PKG-2")
    void aBundleHoldsExactlyThePathThatTheClusterNeeds() throws Exception {
        init();
        publish(build("25.1.0", 1, ""));
        publish(build("25.2.0", 2, "\"minDirectUpgradeFrom\": \"25.1.0\","));
        publish(build("25.3.0", 3, "\"minDirectUpgradeFrom\": \"25.1.0\","));
        Files.write(path("device.key"), deviceKey());

        done(
                "channel",
                "bundle",
                channel(),
                "--device-key",
                at("device.key"),
                "--target",
                "site=25.2.0",
                "-o",
                at("stick"));

        assertThat(said).contains("site 25.1.0", "site 25.2.0").doesNotContain("25.3.0");
        try (Bundle bundle = Bundle.open(path("stick"))) {
            assertThat(bundle.index().packages()).hasSize(2);
            assertThat(bundle.fetch("timestamp.json", 1 << 16)).isPresent();
        }
        try (var files = Files.list(directory)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .noneMatch(f -> f.startsWith("."));
        }
        refused(
                "no order of the packages that are known leads to {site=26.0.0}",
                "channel",
                "bundle",
                channel(),
                "--device-key",
                at("device.key"),
                "--target",
                "site=26.0.0",
                "-o",
                at("stick"));
    }

    @Test
    @Tag("PKG-2")
    @Tag("PRE-11")
    void aMachineWhoseClockIsBehindTheClustersIsToldSo() throws Exception {
        init();
        Files.write(path("device.key"), deviceKey());
        now = now.minus(Duration.ofHours(2));

        refused(
                "the clock is behind by at least PT2H",
                "channel",
                "bundle",
                channel(),
                "--device-key",
                at("device.key"),
                "--target",
                "site=25.2.0",
                "-o",
                at("stick"));
    }

    private byte[] deviceKey() {
        PackageSigningKey identity = identity();
        return new DeviceKey("prod", now, INVENTORY, Optional.empty(), identity.certificate())
                .signed(pair);
    }

    private ChannelSigningKey pair = ChannelSigningKey.create(SignatureScheme.ECDSA_P256);

    private PackageSigningKey identity() {
        try {
            PackageSigningKey key =
                    PackageSigningKey.create("master m-1", Duration.ofDays(10), () -> now);
            key.store(path("m.pem"), path("m.key"));
            pair =
                    ChannelSigningKey.of(
                            PemFiles.readPrivateKey(path("m.key")),
                            key.certificate().getPublicKey());
            assertThat(pair.key()).isEqualTo(ChannelKey.of(key.certificate().getPublicKey()));
            return key;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void badInputNamesTheCommandAndWhatWasExpected() {
        assertThat(run("channel", "init")).isEqualTo(Publisher.BAD_INPUT);
        assertThat(said).contains("sluice channel init: ", "--name", "--help");
        assertThat(run("packages", "inspect", at("nowhere"))).isEqualTo(Publisher.BAD_INPUT);
        assertThat(said).contains("nowhere");
    }
}
