package dev.sluice.control.depot;

import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Requirement;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.packages.VersionRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Packages signed by a maker whom the tests' depots trust. */
public final class SignedPackages {

    public static final InstantSource CLOCK =
            InstantSource.fixed(Instant.parse("2026-03-01T12:00:00Z"));

    private final Path directory;
    private final PackageSigningKey key =
            PackageSigningKey.create("Acme releases", Duration.ofDays(365), CLOCK);

    public SignedPackages(Path directory) {
        this.directory = directory;
    }

    public TrustedSigners signers() {
        return TrustedSigners.of(key.certificate());
    }

    /** A site package whose one file has so many random bytes. */
    public Path site(String version, int bytes) throws IOException {
        return build(draft("site", version), bytes);
    }

    ManifestDraft draft(String name, String version) {
        return ManifestDraft.of(
                        new PackageName(name),
                        PackageKind.SITE,
                        new PackageVersion(version),
                        7,
                        Installation.Roles.of(
                                Map.of(
                                        Role.TRAFFIC,
                                        new RolePayload(new PayloadPath("traffic"), List.of()))))
                .withRequires(
                        List.of(
                                new Requirement(
                                        new PackageName("base"),
                                        new VersionRange(">=6.1.0 <8.0.0"))))
                .withCompatible(List.of("b300", "b300p"))
                .withMinDirectUpgradeFrom(new PackageVersion("24.1.0"))
                .withSoak(Duration.ofHours(24));
    }

    Path build(ManifestDraft draft, int bytes) throws IOException {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return build(draft, data);
    }

    Path build(ManifestDraft draft, byte[] data) throws IOException {
        Path payload = Files.createTempDirectory(directory, "payload-");
        Files.createDirectory(payload.resolve("traffic"));
        Files.write(payload.resolve("traffic/data.bin"), data);
        Path file = directory.resolve(draft.name() + "-" + draft.version() + ".sluice");
        var _ = PackageBuilder.build(draft, payload, new PackageSigner(key, CLOCK), file);
        return file;
    }
}
