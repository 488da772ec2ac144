package dev.sluice.trust.pki;

import dev.sluice.trust.x509.NativeCrypto;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Checks a peer's certificate against the cluster's authority and its name against an expectation.
 *
 * <p>It does not compare host names. Peers are addressed by IP, through the shared address or
 * through a NAT, which all may move from one machine to another in an upgrade; who the peer is
 * stands in the URI of its certificate, and that is what is compared. Being an <em>extended</em>
 * trust manager matters: around a plain one the JDK would add the host name check by itself.
 */
final class ClusterTrustManager extends X509ExtendedTrustManager {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

    private final List<X509Certificate> authorities;
    private final PeerExpectation expectation;
    private final InstantSource clock;

    ClusterTrustManager(
            List<X509Certificate> authorities, PeerExpectation expectation, InstantSource clock) {
        this.authorities = List.copyOf(authorities);
        this.expectation = expectation;
        this.clock = clock;
    }

    /** Checks everything; {@code purpose} is the extended key usage that the peer needs. */
    private void check(X509Certificate[] presented, String purpose) throws CertificateException {
        if (presented == null || presented.length == 0) {
            throw new CertificateException("the peer presented no certificate");
        }
        X509Certificate leaf = presented[0];
        String subject = leaf.getSubjectX500Principal().getName();
        checkTime(leaf, subject, clock.instant());
        checkIssuer(presented, subject);
        List<String> purposes = leaf.getExtendedKeyUsage();
        if (leaf.getBasicConstraints() >= 0 || purposes == null || !purposes.contains(purpose)) {
            throw new CertificateException(
                    subject
                            + ": the certificate is not one for TLS in this role, but for "
                            + purposes);
        }
        PeerName name = TlsIdentity.peer(leaf);
        if (!expectation.accepts().test(name)) {
            throw new CertificateException(
                    subject + ": expected " + expectation.description() + ", found " + name);
        }
    }

    private static void checkTime(X509Certificate leaf, String subject, Instant now)
            throws CertificateException {
        Instant from = leaf.getNotBefore().toInstant();
        Instant until = leaf.getNotAfter().toInstant();
        if (now.isBefore(from)) {
            throw new CertificateException(
                    String.format(
                            "%s: the certificate is valid from %s, but it is %s here; check both clocks",
                            subject, from, now));
        }
        if (now.isAfter(until)) {
            throw new CertificateException(
                    String.format(
                            "%s: the certificate expired: valid until %s, and it is %s here; renew it, or"
                                    + " check this clock",
                            subject, until, now));
        }
    }

    private void checkIssuer(X509Certificate[] presented, String subject)
            throws CertificateException {
        List<X509Certificate> path =
                Arrays.stream(presented).filter(part -> !authorities.contains(part)).toList();
        if (path.isEmpty()) {
            throw new CertificateException(
                    subject + ": the peer presented the authority's certificate as its own");
        }
        try {
            Set<TrustAnchor> anchors =
                    authorities.stream()
                            .map(authority -> new TrustAnchor(authority, null))
                            .collect(Collectors.toUnmodifiableSet());
            PKIXParameters parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false);
            NativeCrypto.verifyPath(
                    parameters, authorities.stream().map(X509Certificate::getPublicKey).toList());
            parameters.setDate(Date.from(clock.instant()));
            CertPathValidator.getInstance("PKIX")
                    .validate(
                            CertificateFactory.getInstance("X.509").generateCertPath(path),
                            parameters);
        } catch (CertificateException e) {
            throw e;
        } catch (GeneralSecurityException e) {
            throw new CertificateException(
                    String.format(
                            "%s: expected a certificate issued by %s, found one by %s (%s)",
                            subject,
                            authorities.getFirst().getSubjectX500Principal().getName(),
                            path.getLast().getIssuerX500Principal().getName(),
                            e.getMessage()),
                    e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check(chain, CLIENT_AUTH);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check(chain, SERVER_AUTH);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check(chain, CLIENT_AUTH);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check(chain, SERVER_AUTH);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain, CLIENT_AUTH);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain, SERVER_AUTH);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return authorities.toArray(X509Certificate[]::new);
    }
}
