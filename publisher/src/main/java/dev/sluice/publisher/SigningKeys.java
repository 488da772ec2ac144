package dev.sluice.publisher;

import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The keys that sign a package, each with its certificate. */
final class SigningKeys {
    @Option(
            names = "--key",
            required = true,
            paramLabel = "FILE",
            description = "A private key; may be given twice, ECDSA P-256 and ML-DSA-65.")
    private List<Path> keys = new ArrayList<>();

    @Option(
            names = "--certificate",
            required = true,
            paramLabel = "FILE",
            description = "The certificate of the key, in the same order.")
    private List<Path> certificates = new ArrayList<>();

    @Mixin private Leaf.Password password = new Leaf.Password();

    private List<PackageSigningKey> load() throws IOException {
        if (keys.size() != certificates.size() || keys.size() > 2) {
            throw PublisherException.badInput(
                    String.format(
                            "expected one or two --key with a --certificate each, found %d and %d",
                            keys.size(), certificates.size()));
        }
        var opened = password.read();
        List<PackageSigningKey> loaded = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            loaded.add(PackageSigningKey.load(certificates.get(i), keys.get(i), opened));
        }
        loaded.sort(Comparator.comparing(PackageSigningKey::scheme));
        return loaded;
    }

    /** For a new package, which needs an ECDSA signature. */
    PackageSigner firstAndSecond(InstantSource clock) throws IOException {
        List<PackageSigningKey> loaded = load();
        if (loaded.size() == 1 && loaded.getFirst().scheme() != SignatureScheme.ECDSA_P256) {
            throw PublisherException.badInput(
                    "a package needs a signature by an ECDSA P-256 key; the ML-DSA-65 one comes"
                            + " beside it");
        }
        return signer(loaded, clock);
    }

    /** For signatures that are added to those that a package has. */
    PackageSigner any(InstantSource clock) throws IOException {
        return signer(load(), clock);
    }

    private static PackageSigner signer(List<PackageSigningKey> loaded, InstantSource clock) {
        return loaded.size() == 1
                ? new PackageSigner(loaded.getFirst(), clock)
                : new PackageSigner(loaded.getFirst(), loaded.getLast(), clock);
    }
}
