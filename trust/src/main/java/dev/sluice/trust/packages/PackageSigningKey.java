package dev.sluice.trust.packages;

import dev.sluice.trust.x509.CertificateDraft;
import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.KeyPassword;
import dev.sluice.trust.x509.PemFiles;
import dev.sluice.trust.x509.SignatureScheme;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/**
 * The key of whoever makes packages, with a certificate for code signing. It belongs on the machine
 * that builds, never on a node or master; those get the certificate, see {@link TrustedSigners}.
 */
public final class PackageSigningKey {
    private final PrivateKey key;
    private final X509Certificate certificate;
    private final SignatureScheme scheme;

    private PackageSigningKey(PrivateKey key, X509Certificate certificate, SignatureScheme scheme) {
        this.key = key;
        this.certificate = certificate;
        this.scheme = scheme;
    }

    /** A fresh ECDSA P-256 key with a self-signed certificate. */
    public static PackageSigningKey create(String name, Duration validity, InstantSource clock) {
        return create(SignatureScheme.ECDSA_P256, name, validity, clock);
    }

    /** A fresh key with a self-signed certificate. */
    public static PackageSigningKey create(
            SignatureScheme scheme, String name, Duration validity, InstantSource clock) {
        if (name.isBlank() || name.length() > 64 || !validity.isPositive()) {
            throw new IllegalArgumentException(
                    "a signing key has a name of 1 to 64 characters and a positive validity");
        }
        Instant now = clock.instant();
        KeyPair pair = scheme.generate();
        X509Certificate certificate =
                CertificateDraft.of(
                                CertificateDraft.name(name),
                                pair.getPublic(),
                                name,
                                pair.getPublic(),
                                now,
                                now.plus(validity))
                        .with(Extension.basicConstraints, true, new BasicConstraints(false))
                        .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                        .with(
                                Extension.extendedKeyUsage,
                                true,
                                new ExtendedKeyUsage(KeyPurposeId.id_kp_codeSigning))
                        .sign(pair.getPrivate());
        return new PackageSigningKey(pair.getPrivate(), certificate, scheme);
    }

    /**
     * The key in two PEM files; the certificate may also be issued by an authority for packages.
     *
     * @throws CredentialsException when one is missing or wrong, they do not belong together, or
     *     the certificate is not one for code signing
     */
    public static PackageSigningKey load(Path certificateFile, Path keyFile)
            throws CredentialsException {
        return load(certificateFile, keyFile, Optional.empty());
    }

    /**
     * As {@link #load(Path, Path)}, of a key that may be encrypted.
     *
     * @param password opens an encrypted key; one that is not encrypted is read without
     */
    public static PackageSigningKey load(
            Path certificateFile, Path keyFile, Optional<KeyPassword> password)
            throws CredentialsException {
        X509Certificate certificate = PemFiles.readCertificates(certificateFile).getFirst();
        PrivateKey key = PemFiles.readPrivateKey(keyFile, password);
        if (!SignatureScheme.match(key, certificate.getPublicKey())) {
            throw new CredentialsException(
                    keyFile
                            + " holds a key that does not match the certificate in "
                            + certificateFile);
        }
        if (!SignatureVerifier.isForCodeSigning(certificate)) {
            throw new CredentialsException(
                    certificateFile + " holds a certificate that is not for code signing");
        }
        return new PackageSigningKey(
                key,
                certificate,
                SignatureScheme.of(key)
                        .orElseThrow(() -> new IllegalStateException("the keys match")));
    }

    /**
     * Writes certificate and key (mode 0600).
     *
     * @throws CredentialsException when one exists already or cannot be written; then none is left
     */
    public void store(Path certificateFile, Path keyFile) throws CredentialsException {
        store(certificateFile, keyFile, Optional.empty());
    }

    /** As {@link #store(Path, Path)}, the key encrypted when there is a password. */
    public void store(Path certificateFile, Path keyFile, Optional<KeyPassword> password)
            throws CredentialsException {
        PemFiles.writeNew(
                List.of(
                        PemFiles.privateKey(keyFile, key, password),
                        PemFiles.certificates(certificateFile, List.of(certificate))));
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** The kind of the key. */
    public SignatureScheme scheme() {
        return scheme;
    }

    PrivateKey key() {
        return key;
    }

    /** Never the key. */
    @Override
    public String toString() {
        return "PackageSigningKey[" + certificate.getSubjectX500Principal().getName() + "]";
    }
}
