package dev.sluice.trust.pki;

import dev.sluice.trust.x509.CertificateDraft;
import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.EcKeys;
import dev.sluice.trust.x509.PemFiles;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/**
 * The cluster's own certificate authority: an ECDSA P-256 key with a self-signed certificate, which
 * issues one certificate to every node, master and operator.
 *
 * <p>It cannot sign packages: those are verified against {@code TrustedSigners}, so that whoever
 * holds a master does not hold what nodes install.
 */
public final class CertificateAuthority {
    /**
     * How far a certificate's validity begins in the past: a fresh one is used at once by peers
     * whose clocks may run behind.
     */
    public static final Duration BACKDATE = Duration.ofMinutes(5);

    private static final int MAX_HOSTS = 64;
    private static final Pattern DNS_NAME =
            Pattern.compile(
                    "(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                            + "(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");

    private final PrivateKey key;
    private final X509Certificate certificate;
    private final InstantSource clock;

    private CertificateAuthority(PrivateKey key, X509Certificate certificate, InstantSource clock) {
        this.key = key;
        this.certificate = certificate;
        this.clock = clock;
    }

    /**
     * A new authority.
     *
     * @param name the cluster's name, 1 to 64 characters; it becomes the certificate's common name
     */
    public static CertificateAuthority create(String name, Duration validity, InstantSource clock) {
        if (name.isBlank() || name.length() > 64) {
            throw new IllegalArgumentException(
                    "an authority's name has 1 to 64 characters, not " + name.length());
        }
        Instant now = clock.instant();
        KeyPair pair = EcKeys.generate();
        X509Certificate certificate =
                CertificateDraft.of(
                                CertificateDraft.name(name),
                                pair.getPublic(),
                                name,
                                pair.getPublic(),
                                now.minus(BACKDATE),
                                now.plus(positive(validity)))
                        .with(Extension.basicConstraints, true, new BasicConstraints(0))
                        .with(
                                Extension.keyUsage,
                                true,
                                new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                        .sign(pair.getPrivate());
        return new CertificateAuthority(pair.getPrivate(), certificate, clock);
    }

    /**
     * The authority in two PEM files.
     *
     * @throws CredentialsException when one is missing or wrong, or they do not belong together
     */
    public static CertificateAuthority load(Path certificateFile, Path keyFile, InstantSource clock)
            throws CredentialsException {
        List<X509Certificate> certificates = PemFiles.readCertificates(certificateFile);
        X509Certificate certificate = certificates.getFirst();
        if (certificates.size() != 1 || certificate.getBasicConstraints() < 0) {
            throw new CredentialsException(
                    certificateFile + " should hold one certificate of an authority (CA:TRUE)");
        }
        PrivateKey key = PemFiles.readPrivateKey(keyFile);
        if (!EcKeys.match(key, certificate.getPublicKey())) {
            throw new CredentialsException(
                    keyFile
                            + " holds a key that does not match the certificate in "
                            + certificateFile);
        }
        return new CertificateAuthority(key, certificate, clock);
    }

    /**
     * Writes certificate and key (mode 0600).
     *
     * @throws CredentialsException when one exists already or cannot be written; then none is left
     */
    public void store(Path certificateFile, Path keyFile) throws CredentialsException {
        PemFiles.writeNew(
                List.of(
                        PemFiles.privateKey(keyFile, key),
                        PemFiles.certificates(certificateFile, List.of(certificate))));
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /**
     * A fresh key with a certificate for {@code name}, valid as client and as server.
     *
     * @param hosts DNS names and IP literals for tools that check them (at most 64); Sluice does
     *     not
     * @throws IllegalArgumentException when a host is neither, or the certificate would outlive the
     *     authority
     */
    public Credentials issue(PeerName name, Set<String> hosts, Duration validity) {
        Instant now = clock.instant();
        Instant end = now.plus(positive(validity));
        Instant authorityEnd = certificate.getNotAfter().toInstant();
        if (end.isAfter(authorityEnd)) {
            throw new IllegalArgumentException(
                    String.format(
                            "a certificate for %s until %s would outlive its authority, which is valid"
                                    + " until %s; ask for less or renew the authority",
                            name, end, authorityEnd));
        }
        KeyPair pair = EcKeys.generate();
        X509Certificate issued =
                CertificateDraft.of(
                                X500Name.getInstance(
                                        certificate.getSubjectX500Principal().getEncoded()),
                                certificate.getPublicKey(),
                                name.kind().label() + " " + name.id(),
                                pair.getPublic(),
                                now.minus(BACKDATE),
                                end)
                        .with(Extension.basicConstraints, true, new BasicConstraints(false))
                        .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                        .with(
                                Extension.extendedKeyUsage,
                                false,
                                new ExtendedKeyUsage(
                                        new KeyPurposeId[] {
                                            KeyPurposeId.id_kp_serverAuth,
                                            KeyPurposeId.id_kp_clientAuth
                                        }))
                        .with(Extension.subjectAlternativeName, false, names(name, hosts))
                        .sign(key);
        return new Credentials(pair.getPrivate(), List.of(issued, certificate));
    }

    private static GeneralNames names(PeerName name, Set<String> hosts) {
        if (hosts.size() > MAX_HOSTS) {
            throw new IllegalArgumentException(
                    name + ": at most " + MAX_HOSTS + " host names, not " + hosts.size());
        }
        List<GeneralName> names = new ArrayList<>();
        names.add(new GeneralName(GeneralName.uniformResourceIdentifier, name.uri()));
        for (String host : new TreeSet<>(hosts)) {
            if (isAddress(host)) {
                names.add(new GeneralName(GeneralName.iPAddress, host));
            } else if (DNS_NAME.matcher(host).matches()) {
                names.add(new GeneralName(GeneralName.dNSName, host));
            } else {
                throw new IllegalArgumentException(
                        name + ": '" + host + "' is neither an IP address nor a DNS name");
            }
        }
        return new GeneralNames(names.toArray(GeneralName[]::new));
    }

    private static boolean isAddress(String host) {
        try {
            InetAddress.ofLiteral(host);
            return !host.contains("%");
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Duration positive(Duration validity) {
        if (!validity.isPositive()) {
            throw new IllegalArgumentException("a validity must be positive, not " + validity);
        }
        return validity;
    }
}
