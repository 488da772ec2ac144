package dev.sluice.trust.pki;

import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.PemFiles;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A private key with the certificate that was issued for it.
 *
 * @param chain the certificate, then the authority that issued it
 */
public record Credentials(PrivateKey key, List<X509Certificate> chain) {
    /** File names inside a credentials directory. */
    public static final String CA_FILE = "ca.pem";

    public static final String CERTIFICATE_FILE = "cert.pem";
    public static final String KEY_FILE = "key.pem";

    public Credentials {
        chain = List.copyOf(chain);
        if (chain.size() != 2) {
            throw new IllegalArgumentException(
                    "a chain is the certificate and its issuer, but has "
                            + chain.size()
                            + " parts");
        }
    }

    public X509Certificate certificate() {
        return chain.getFirst();
    }

    public X509Certificate issuer() {
        return chain.getLast();
    }

    /**
     * Writes {@value #CA_FILE}, {@value #CERTIFICATE_FILE} and {@value #KEY_FILE} (mode 0600) into
     * an existing directory; {@link TlsIdentity#load(Path, java.time.InstantSource)} reads them.
     *
     * @throws CredentialsException when one exists already or cannot be written; then none is left
     */
    public void store(Path directory) throws CredentialsException {
        PemFiles.writeNew(
                List.of(
                        PemFiles.privateKey(directory.resolve(KEY_FILE), key),
                        PemFiles.certificates(
                                directory.resolve(CERTIFICATE_FILE), List.of(certificate())),
                        PemFiles.certificates(directory.resolve(CA_FILE), List.of(issuer()))));
    }

    /** Never the key. */
    @Override
    public String toString() {
        return "Credentials[" + certificate().getSubjectX500Principal() + "]";
    }
}
