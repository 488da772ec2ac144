package dev.sluice.trust.pki;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.X509ExtendedTrustManager;

/** Finds out which operator of this cluster signed some bytes. */
public final class OperatorSignatures {

    private static final String ALGORITHM = "SHA256withECDSA";

    /** An operator's certificate and a few intermediate authorities. */
    private static final int MAX_CERTIFICATES = 5;

    private final TlsIdentity identity;

    /** Trusts the authorities that this identity trusts. */
    public OperatorSignatures(TlsIdentity identity) {
        this.identity = identity;
    }

    /** What was found. */
    public sealed interface Signer {

        record Operator(PeerName name) implements Signer {}

        record Nobody(String why) implements Signer {}
    }

    /**
     * Who signed.
     *
     * @param chain certificates in DER, the signer's first
     */
    public Signer signer(byte[] content, byte[] signature, List<byte[]> chain) {
        return signer(
                content,
                signature,
                chain,
                identity.trustManager(PeerExpectation.kind(PeerName.Kind.OPERATOR)));
    }

    /**
     * Who signed, if it was then: the certificates must have been valid at that time, and may have
     * ended since. For what has to be believed long after it was signed.
     */
    public Signer signerAt(Instant then, byte[] content, byte[] signature, List<byte[]> chain) {
        return signer(
                content,
                signature,
                chain,
                identity.trustManager(PeerExpectation.kind(PeerName.Kind.OPERATOR), then));
    }

    private static Signer signer(
            byte[] content,
            byte[] signature,
            List<byte[]> chain,
            X509ExtendedTrustManager trusted) {
        if (chain.isEmpty() || chain.size() > MAX_CERTIFICATES) {
            return new Signer.Nobody(
                    "expected the operator's certificate and at most %d others, found %d certificates"
                            .formatted(MAX_CERTIFICATES - 1, chain.size()));
        }
        PeerName name;
        X509Certificate[] certificates;
        try {
            certificates = parse(chain);
            trusted.checkClientTrusted(certificates, "UNKNOWN");
            name = TlsIdentity.peer(certificates[0]);
        } catch (CertificateException e) {
            return new Signer.Nobody(String.valueOf(e.getMessage()));
        }
        try {
            Signature check = Signature.getInstance(ALGORITHM);
            check.initVerify(certificates[0].getPublicKey());
            check.update(content);
            return check.verify(signature)
                    ? new Signer.Operator(name)
                    : new Signer.Nobody(
                            "the signature is not %s's over these bytes".formatted(name));
        } catch (GeneralSecurityException e) {
            return new Signer.Nobody(
                    "expected a signature %s of %s, found none that can be read: %s"
                            .formatted(ALGORITHM, name, e.getMessage()));
        }
    }

    private static X509Certificate[] parse(List<byte[]> chain) throws CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (byte[] der : chain) {
            certificates.add(
                    (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
        }
        return certificates.toArray(X509Certificate[]::new);
    }
}
