package dev.sluice.loadtest.sim;

import dev.sluice.control.depot.ManifestReading;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Requirement;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.packages.VersionRange;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The packages of a history: real manifests, whose content is a size and a digest. */
final class Packages {

    static final String BASE = "base";
    static final String SITE = "site";

    private static final long MEGABYTE = 1 << 20;

    private final SortedMap<String, Manifest> byContent = new TreeMap<>();
    private final List<Manifest> all = new ArrayList<>();

    /**
     * One SITE package with the BASE it needs, and another SITE after it when there are two passes.
     */
    static Packages of(Dice dice, boolean twoPasses) {
        Packages packages = new Packages();
        long least = 20;
        packages.add(BASE, "7.0.0", dice.between(least, 200), BASE + " >=6.1.0", "");
        packages.add(SITE, "24.3.0", dice.between(least, 200), BASE + " >=7.0.0", "");
        if (twoPasses) {
            packages.add(SITE, "25.1.0", dice.between(least, 200), BASE + " >=7.0.0", "24.3.0");
        }
        return packages;
    }

    /** What runs on every node before. */
    static SortedMap<String, String> before() {
        return new TreeMap<>(Map.of(BASE, "6.2.0", SITE, "24.1.0"));
    }

    /** The versions that the last of them brings. */
    SortedMap<String, String> target() {
        SortedMap<String, String> target = new TreeMap<>();
        all.forEach(manifest -> target.put(manifest.name().value(), manifest.version().value()));
        return target;
    }

    private void add(String name, String version, long megabytes, String needs, String from) {
        PackageKind kind = name.equals(BASE) ? PackageKind.BASE : PackageKind.SITE;
        Installation installation =
                kind == PackageKind.BASE
                        ? new Installation.Image(new PayloadPath("image"))
                        : Installation.Roles.of(
                                Map.of(
                                        Role.MASTER,
                                        new RolePayload(new PayloadPath("m"), List.of("run")),
                                        Role.TRAFFIC,
                                        new RolePayload(new PayloadPath("t"), List.of("run"))));
        ManifestDraft draft =
                ManifestDraft.of(
                                new PackageName(name),
                                kind,
                                new PackageVersion(version),
                                all.size() + 1,
                                installation)
                        .withRequires(List.of(requirement(needs)));
        if (!from.isEmpty()) {
            draft = draft.withMinDirectUpgradeFrom(new PackageVersion(from));
        }
        Sha256 digest = digest(name + version);
        Manifest manifest =
                new Manifest(
                        draft,
                        new PackageContent(
                                megabytes * MEGABYTE, digest, PackageContent.LEAF_SIZE, digest));
        all.add(manifest);
        byContent.put(digest.hex(), manifest);
    }

    private static Requirement requirement(String text) {
        String[] parts = text.split(" ", 2);
        return new Requirement(new PackageName(parts[0]), new VersionRange(parts[1]));
    }

    /** Stands for a digest: as long, and another one for each text. */
    private static Sha256 digest(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Sha256.of(ByteBuffer.allocate(Sha256.BYTES).put(bytes).array());
    }

    Manifest byContent(String sha256) {
        Manifest manifest = byContent.get(sha256);
        if (manifest == null) {
            throw new IllegalArgumentException("there is no package with content " + sha256);
        }
        return manifest;
    }

    Manifest byRef(PackageRef ref) {
        return all.stream()
                .filter(m -> m.name().value().equals(ref.name().value()))
                .filter(m -> m.version().value().equals(ref.version().toString()))
                .findFirst()
                .orElseThrow();
    }

    List<Manifest> all() {
        return all;
    }

    static PackageRecord record(Manifest manifest) {
        Blob blob = Blob.of(manifest.encoded());
        return new PackageRecord(
                ManifestReading.descriptor(manifest),
                blob,
                Blob.of(new byte[] {1}),
                manifest.content().sha256().hex(),
                "CN=Releases");
    }
}
