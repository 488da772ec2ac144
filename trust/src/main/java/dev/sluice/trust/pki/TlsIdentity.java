package dev.sluice.trust.pki;

import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.EcKeys;
import dev.sluice.trust.x509.PemFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Who this process is to its peers, and whom it trusts: a private key, its certificate, and the
 * cluster's authorities.
 *
 * <p>Everything needed to speak TLS is offered as the JDK's own types, so that Netty, gRPC and the
 * JDK build their contexts from the same identity. Only TLS 1.3 is to be offered: {@link
 * #sslContext} sees to it; whoever builds another context passes {@link #PROTOCOL} to it. Host
 * names are not checked, see {@link ClusterTrustManager}; Netty with OpenSSL has to be told by
 * setting its endpoint identification algorithm to none.
 */
public final class TlsIdentity {
    /** The only protocol that Sluice speaks. */
    public static final String PROTOCOL = "TLSv1.3";

    private static final int URI_NAME = 6;

    private final List<X509Certificate> authorities;
    private final X509Certificate certificate;
    private final PeerName self;
    private final InstantSource clock;

    /** Made once: the key store in it encrypts the key and decrypts it, which takes 40 ms. */
    private final KeyManagerFactory keyManagers;

    private TlsIdentity(
            List<X509Certificate> authorities,
            X509Certificate certificate,
            PrivateKey key,
            PeerName self,
            InstantSource clock) {
        this.authorities = List.copyOf(authorities);
        this.certificate = certificate;
        this.self = self;
        this.clock = clock;
        this.keyManagers = keyManagers(key, certificate, self);
    }

    private static KeyManagerFactory keyManagers(
            PrivateKey key, X509Certificate certificate, PeerName self) {
        try {
            char[] inMemoryOnly = {};
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("self", key, inMemoryOnly, new X509Certificate[] {certificate});
            KeyManagerFactory factory =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, inMemoryOnly);
            return factory;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(self + ": this JDK cannot hold the key", e);
        }
    }

    /** The identity in a directory that {@link Credentials#store} wrote. */
    public static TlsIdentity load(Path directory, InstantSource clock)
            throws CredentialsException {
        if (!Files.isDirectory(directory)) {
            throw new CredentialsException(
                    directory
                            + " is not a directory; expected one with "
                            + String.join(
                                    ", ",
                                    Credentials.CA_FILE,
                                    Credentials.CERTIFICATE_FILE,
                                    Credentials.KEY_FILE));
        }
        return load(
                directory.resolve(Credentials.CA_FILE),
                directory.resolve(Credentials.CERTIFICATE_FILE),
                directory.resolve(Credentials.KEY_FILE),
                clock);
    }

    /**
     * The identity in three PEM files; {@code caFile} may hold several authorities while one
     * replaces another.
     *
     * @throws CredentialsException when a file is missing or is not what it should be, the key does
     *     not match the certificate, or the certificate is out of its time or not of this authority
     */
    public static TlsIdentity load(
            Path caFile, Path certificateFile, Path keyFile, InstantSource clock)
            throws CredentialsException {
        List<X509Certificate> authorities = PemFiles.readCertificates(caFile);
        for (X509Certificate authority : authorities) {
            if (authority.getBasicConstraints() < 0) {
                throw new CredentialsException(
                        String.format(
                                "%s: %s is not a certificate of an authority (CA:TRUE)",
                                caFile, authority.getSubjectX500Principal().getName()));
            }
        }
        X509Certificate certificate = PemFiles.readCertificates(certificateFile).getFirst();
        PrivateKey key = PemFiles.readPrivateKey(keyFile);
        if (!EcKeys.match(key, certificate.getPublicKey())) {
            throw new CredentialsException(
                    keyFile
                            + " holds a key that does not match the certificate in "
                            + certificateFile);
        }
        return checked(certificateFile.toString(), authorities, certificate, key, clock);
    }

    /** The identity in credentials that were just issued. */
    public static TlsIdentity of(Credentials credentials, InstantSource clock)
            throws CredentialsException {
        return checked(
                "the issued certificate",
                List.of(credentials.issuer()),
                credentials.certificate(),
                credentials.key(),
                clock);
    }

    private static TlsIdentity checked(
            String source,
            List<X509Certificate> authorities,
            X509Certificate certificate,
            PrivateKey key,
            InstantSource clock)
            throws CredentialsException {
        X509Certificate[] chain = {certificate};
        ClusterTrustManager trust =
                new ClusterTrustManager(authorities, PeerExpectation.any(), clock);
        try {
            trust.checkServerTrusted(chain, "UNKNOWN");
            trust.checkClientTrusted(chain, "UNKNOWN");
            return new TlsIdentity(authorities, certificate, key, peer(certificate), clock);
        } catch (CertificateException e) {
            throw new CredentialsException(source + ": " + e.getMessage(), e);
        }
    }

    /**
     * The name in a peer's certificate, which must have been verified before.
     *
     * @throws CertificateException when there is no URI, more than one, or one that names no peer
     */
    public static PeerName peer(X509Certificate certificate) throws CertificateException {
        String subject = certificate.getSubjectX500Principal().getName();
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        List<String> uris =
                names == null
                        ? List.of()
                        : names.stream()
                                .filter(name -> Integer.valueOf(URI_NAME).equals(name.get(0)))
                                .map(name -> String.valueOf(name.get(1)))
                                .toList();
        if (uris.size() != 1) {
            throw new CertificateException(
                    subject
                            + ": expected exactly one URI such as sluice://node/ID in the certificate,"
                            + " found "
                            + uris);
        }
        try {
            return PeerName.parse(uris.getFirst());
        } catch (IllegalArgumentException e) {
            throw new CertificateException(subject + ": " + e.getMessage(), e);
        }
    }

    /** The name in the own certificate. */
    public PeerName self() {
        return self;
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** When the own certificate ends. */
    public Instant expiry() {
        return certificate.getNotAfter().toInstant();
    }

    /** A key manager factory that is initialised with the own key and certificate. */
    public KeyManagerFactory keyManagerFactory() {
        return keyManagers;
    }

    /** A trust manager for the cluster's authorities that accepts only expected peers. */
    public X509ExtendedTrustManager trustManager(PeerExpectation expectation) {
        return new ClusterTrustManager(authorities, expectation, clock);
    }

    /** A trust manager that looks as if it were then: for what was signed and is checked later. */
    X509ExtendedTrustManager trustManager(PeerExpectation expectation, Instant then) {
        return new ClusterTrustManager(authorities, expectation, InstantSource.fixed(then));
    }

    /** The same as {@link #trustManager}, where a factory is wanted. */
    public TrustManagerFactory trustManagerFactory(PeerExpectation expectation) {
        return new ClusterTrustManagerFactory(trustManager(expectation));
    }

    /**
     * A context whose engines and sockets offer TLS 1.3 alone, and as servers demand a client
     * certificate.
     */
    public SSLContext sslContext(PeerExpectation expectation) {
        try {
            SSLContext context = SSLContext.getInstance(PROTOCOL);
            context.init(
                    keyManagerFactory().getKeyManagers(),
                    trustManagerFactory(expectation).getTrustManagers(),
                    null);
            return new Tls13Context(context);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(self + ": this JDK has no " + PROTOCOL, e);
        }
    }

    /** Never the key. */
    @Override
    public String toString() {
        return "TlsIdentity[" + self + "]";
    }
}
