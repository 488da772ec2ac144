package dev.sluice.trust.packages;

import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.PemFiles;
import dev.sluice.trust.x509.SignatureScheme;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * Whose packages are accepted: pinned certificates. One of an authority (CA:TRUE) stands for all
 * signers that it issued directly; any other for itself alone.
 *
 * <p>A certificate with an ML-DSA-65 key makes the second signature of a package a demand.
 *
 * <p>Deliberately apart from the cluster's authority: whoever takes over a master can then join
 * nodes to the cluster, but not make them install anything.
 */
public record TrustedSigners(List<X509Certificate> certificates) {
    public TrustedSigners {
        certificates = List.copyOf(certificates);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("at least one trusted signer is needed");
        }
    }

    public static TrustedSigners of(X509Certificate... certificates) {
        return new TrustedSigners(List.of(certificates));
    }

    /**
     * The certificates in a PEM file.
     *
     * @throws CredentialsException when there is none, or the file cannot be read
     */
    public static TrustedSigners load(Path file) throws CredentialsException {
        return new TrustedSigners(PemFiles.readCertificates(file));
    }

    /**
     * Whether packages need a second signature, by ML-DSA-65: a pinned certificate has such a key.
     */
    public boolean demandMlDsa() {
        return certificates.stream().anyMatch(TrustedSigners::isMlDsa);
    }

    static boolean isMlDsa(X509Certificate certificate) {
        return SignatureScheme.of(certificate.getPublicKey())
                .equals(Optional.of(SignatureScheme.ML_DSA_65));
    }

    /** The subjects, as messages show them. */
    @Override
    public String toString() {
        return String.join(
                "; ",
                certificates.stream()
                        .map(certificate -> certificate.getSubjectX500Principal().getName())
                        .toList());
    }
}
