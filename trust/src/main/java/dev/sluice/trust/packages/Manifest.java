package dev.sluice.trust.packages;

/**
 * What a package is and what it holds: the thing that is signed.
 *
 * @param description name, version, conditions and how to install
 */
public record Manifest(ManifestDraft description, PackageContent content) {
    /** The value of {@code schema}. */
    public static final String SCHEMA = "sluice/package/v1";

    /** The largest manifest in bytes. */
    public static final int MAX_BYTES = 1 << 20;

    public PackageName name() {
        return description.name();
    }

    public PackageKind kind() {
        return description.kind();
    }

    public PackageVersion version() {
        return description.version();
    }

    public Installation installation() {
        return description.installation();
    }

    /** Name and version, as messages show it. */
    public String title() {
        return name() + " " + version();
    }

    /**
     * The manifest in JSON. It says nothing about who signed it: {@link SignatureVerifier} does.
     *
     * @throws InvalidPackageException which names the key that is wrong
     */
    public static Manifest parse(byte[] json) throws InvalidPackageException {
        return ManifestJson.parse(json);
    }

    /** The manifest as JSON; equal manifests give equal bytes. */
    public byte[] encoded() {
        return ManifestJson.encode(this);
    }
}
