package dev.sluice.trust.channel;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.Requirement;
import dev.sluice.trust.packages.Sha256;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A package as a channel offers it.
 *
 * @param file the package file
 * @param manifest its {@code manifest.json}, which lies beside it
 * @param signature its {@code manifest.p7s}, likewise
 * @param content SHA-256 of its content
 */
public record ChannelPackage(
        PackageName name,
        PackageVersion version,
        PackageKind kind,
        long releaseCounter,
        List<Requirement> requires,
        Optional<PackageVersion> minDirectUpgradeFrom,
        List<String> compatible,
        Digest file,
        Digest manifest,
        Digest signature,
        Sha256 content) {
    static final Comparator<ChannelPackage> BY_NAME_AND_VERSION =
            Comparator.comparing(ChannelPackage::name).thenComparing(ChannelPackage::version);

    /** The largest package file: content, head and padding. */
    public static final long MAX_FILE_BYTES = (1L << 36) + (1L << 21);

    /** Size in bytes and hash of a file. */
    public record Digest(long size, Sha256 sha256) {
        public Digest {
            if (size < 1 || size > MAX_FILE_BYTES) {
                throw new IllegalArgumentException(
                        "size " + size + ", 1 to " + MAX_FILE_BYTES + " expected");
            }
        }

        /** What these bytes are. */
        public static Digest of(byte[] bytes) {
            return new Digest(bytes.length, Sha256.of(ChannelKey.sha256(bytes)));
        }
    }

    public ChannelPackage {
        requires = List.copyOf(requires);
        compatible = List.copyOf(compatible);
        if (releaseCounter < 1 || releaseCounter > Metadata.MAX_VERSION) {
            throw new IllegalArgumentException(
                    "releaseCounter "
                            + releaseCounter
                            + ", 1 to "
                            + Metadata.MAX_VERSION
                            + " expected");
        }
        if (requires.size() > ManifestDraft.MAX_REQUIREMENTS
                || compatible.size() > ManifestDraft.MAX_MODELS) {
            throw new IllegalArgumentException("requires or compatible has too many entries");
        }
    }

    /** What a channel says of a package with this manifest. */
    public static ChannelPackage of(
            Manifest manifest, Digest file, Digest manifestFile, Digest signature) {
        ManifestDraft draft = manifest.description();
        return new ChannelPackage(
                draft.name(),
                draft.version(),
                draft.kind(),
                draft.releaseCounter(),
                draft.requires(),
                Optional.ofNullable(draft.minDirectUpgradeFrom()),
                draft.compatible(),
                file,
                manifestFile,
                signature,
                manifest.content().sha256());
    }

    /** Name and version, as messages show it. */
    public String title() {
        return name + " " + version;
    }

    /** The package's file below the channel. */
    public String path() {
        return "packages/" + file.sha256() + ".sluice";
    }

    /** Its manifest's. */
    public String manifestPath() {
        return "packages/" + file.sha256() + ".manifest";
    }

    /** Its signature's. */
    public String signaturePath() {
        return "packages/" + file.sha256() + ".p7s";
    }

    /**
     * Checks that a manifest, which the package's own signature vouches for, is the one that the
     * channel offers under this name.
     *
     * @throws InvalidPackageException which says what differs
     */
    public void check(Manifest found) throws InvalidPackageException {
        ChannelPackage described = of(found, file, manifest, signature);
        if (!described.equals(this)) {
            throw new InvalidPackageException(
                    String.format(
                            "the channel offers %s (release %d, content %s), and the package is %s"
                                    + " (release %d, content %s)",
                            title(),
                            releaseCounter,
                            content,
                            found.title(),
                            described.releaseCounter(),
                            described.content()));
        }
    }
}
