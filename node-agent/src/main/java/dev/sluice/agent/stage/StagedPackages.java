package dev.sluice.agent.stage;

import dev.sluice.trust.packages.ContentVerifier;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.Verification;
import dev.sluice.v1.InstallPackage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Staged packages, verified once more right before they are used: disks forget and people meddle.
 */
public final class StagedPackages {

    private final StageArea area;
    private final SignatureVerifier signatures;

    public StagedPackages(StageArea area, SignatureVerifier signatures) {
        this.area = area;
        this.signatures = signatures;
    }

    /**
     * A package of which the signature and every byte were verified just now.
     *
     * @param manifestBytes as they were signed
     */
    @SuppressWarnings("ArrayRecordComponent") // Written to a file as they are, never compared.
    public record Verified(Manifest manifest, byte[] manifestBytes, Path content) {}

    /**
     * Begins to use the package that an order names: it stays until that ends.
     *
     * @throws InvalidPackageException when it is being removed
     */
    public Use use(InstallPackage order) throws InvalidPackageException {
        Holds.Hold hold =
                area.hold(order.getContentSha256())
                        .orElseThrow(() ->
                                new InvalidPackageException(
                                        "content %s is being removed to make room; distribute it again"
                                                .formatted(order.getContentSha256())));
        return hold::close;
    }

    /** The use of a staged package, until it is closed. */
    public interface Use extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The package that an order names.
     *
     * @throws InvalidPackageException when it is not staged, or not what it was; then it is removed
     */
    public Verified verified(InstallPackage order) throws IOException {
        String sha256 = order.getContentSha256();
        Optional<Path> content = area.content(sha256);
        if (content.isEmpty()) {
            throw new InvalidPackageException(
                    "expected content %s to be staged, found it is not complete here; distribute it first"
                            .formatted(sha256));
        }
        byte[] manifestBytes = area.manifestOf(sha256);
        Manifest manifest =
                switch (signatures.verify(manifestBytes, area.signatureOf(sha256))) {
                    case Verification.Verified verified -> verified.manifest();
                    case Verification.Refused refused ->
                            throw new InvalidPackageException(refused.reason());
                };
        boolean asOrdered =
                manifest.name().value().equals(order.getPackage().getName())
                        && manifest.version().value().equals(order.getPackage().getVersion())
                        && manifest.content().sha256().hex().equals(sha256);
        if (!asOrdered) {
            throw new InvalidPackageException(
                    "content %s is that of %s".formatted(sha256, manifest.title()));
        }
        try {
            ContentVerifier.resume(manifest.content(), content.get()).finish();
        } catch (InvalidPackageException e) {
            area.remove(sha256);
            throw new InvalidPackageException(
                    e.getMessage() + "; it is removed from this node, distribute it again", e);
        }
        return new Verified(manifest, manifestBytes, content.get());
    }
}
