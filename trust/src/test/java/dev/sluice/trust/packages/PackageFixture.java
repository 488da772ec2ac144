package dev.sluice.trust.packages;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** A small site package, its signer, and who trusts it. */
final class PackageFixture {
    static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    static final InstantSource CLOCK = InstantSource.fixed(NOW);
    static final PackageName NAME = new PackageName("site");

    final PackageSigningKey key =
            PackageSigningKey.create("Acme releases", Duration.ofDays(365), CLOCK);
    final SignatureVerifier verifier =
            new SignatureVerifier(TrustedSigners.of(key.certificate()), CLOCK);
    final Path directory;

    PackageFixture(Path directory) {
        this.directory = directory;
    }

    static ManifestDraft draft() {
        return ManifestDraft.of(
                NAME,
                PackageKind.SITE,
                new PackageVersion("25.1.0"),
                7,
                Installation.Roles.of(
                        Map.of(
                                Role.TRAFFIC,
                                new RolePayload(
                                        new PayloadPath("traffic"),
                                        List.of("bin/site", "--port", "7000")),
                                Role.MASTER,
                                new RolePayload(new PayloadPath("master"), List.of()))));
    }

    /**
     * A payload with two roles, a program, an empty directory, a long name and three leaves of
     * data.
     */
    Path payload() throws IOException {
        Path root = directory.resolve("payload");
        if (Files.exists(root)) {
            return root;
        }
        Files.createDirectories(root.resolve("traffic/bin"));
        Files.createDirectories(root.resolve("traffic/empty"));
        Files.createDirectories(root.resolve("master/lib"));
        Path program = root.resolve("traffic/bin/site");
        Files.writeString(program, "#!/bin/sh\necho 25.1.0\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-x---"));
        byte[] data = new byte[150_000];
        new Random(1).nextBytes(data);
        Files.write(root.resolve("traffic/data.bin"), data);
        Files.writeString(root.resolve("master/lib/" + "l".repeat(120) + ".jar"), "jar");
        Files.write(root.resolve("master/lib-of-nothing"), new byte[0]);
        return root;
    }

    PackageSigner signer() {
        return new PackageSigner(key, CLOCK);
    }

    Path build() throws IOException {
        return build(draft());
    }

    Path build(ManifestDraft draft) throws IOException {
        Path file = directory.resolve(draft.name() + "-" + draft.version() + ".sluice");
        var _ = PackageBuilder.build(draft, payload(), signer(), file);
        return file;
    }

    /** The content of a package as a file of its own, as distribution delivers it. */
    Path contentOf(Path file) throws IOException {
        PackageHead head = PackageReader.open(file);
        byte[] whole = Files.readAllBytes(file);
        return Files.write(
                directory.resolve("content"),
                Arrays.copyOfRange(whole, (int) head.contentOffset(), whole.length));
    }

    /** A package with this content, correctly signed whatever it holds. */
    Path signed(ManifestDraft draft, byte[] content) throws IOException {
        ContentDigest digest = new ContentDigest();
        digest.update(ByteBuffer.wrap(content));
        byte[] manifest = new Manifest(draft, digest.end().content()).encoded();
        return Files.write(
                directory.resolve("signed.sluice"),
                concat(
                        entry(TarLayout.MANIFEST, manifest),
                        entry(TarLayout.SIGNATURE, signer().sign(manifest)),
                        content));
    }

    /** Header, data and padding of an entry in a package's head. */
    static byte[] entry(String name, byte[] data) {
        return concat(
                TarLayout.header(name, data.length),
                Arrays.copyOf(data, (int) TarLayout.padded(data.length)));
    }

    static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            whole.writeBytes(part);
        }
        return whole.toByteArray();
    }

    /** A content with these entries after {@code payload/}. */
    static byte[] content(TarArchiveEntry... entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, 512, "UTF-8")) {
            tar.putArchiveEntry(new TarArchiveEntry("payload/"));
            tar.closeArchiveEntry();
            for (TarArchiveEntry entry : entries) {
                tar.putArchiveEntry(entry);
                tar.write(new byte[(int) entry.getSize()]);
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    static String refusal(Verification verification) {
        return switch (verification) {
            case Verification.Refused(String reason) -> reason;
            case Verification.Verified verified ->
                    throw new AssertionError("expected a refusal, found " + verified);
        };
    }
}
