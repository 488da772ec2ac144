package dev.sluice.trust.x509;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * An X.509 v3 certificate that is not signed yet: subject, key, validity and the key identifiers;
 * the caller adds the extensions that say what it is for. Used once.
 */
public final class CertificateDraft {
    private static final int SERIAL_BITS = 127;

    private final X509v3CertificateBuilder builder;

    private CertificateDraft(X509v3CertificateBuilder builder) {
        this.builder = builder;
    }

    /**
     * A draft for {@code key}.
     *
     * @param commonName the subject's and only part
     * @param notBefore rounded down to seconds, which is what X.509 can say
     * @param notAfter rounded down to seconds
     */
    public static CertificateDraft of(
            X500Name issuer,
            PublicKey issuerKey,
            String commonName,
            PublicKey key,
            Instant notBefore,
            Instant notAfter) {
        X509v3CertificateBuilder builder =
                new JcaX509v3CertificateBuilder(
                        issuer,
                        new BigInteger(SERIAL_BITS, new SecureRandom()).add(BigInteger.ONE),
                        Date.from(notBefore.truncatedTo(ChronoUnit.SECONDS)),
                        Date.from(notAfter.truncatedTo(ChronoUnit.SECONDS)),
                        name(commonName),
                        key);
        try {
            JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    identifiers.createSubjectKeyIdentifier(key));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    identifiers.createAuthorityKeyIdentifier(issuerKey));
        } catch (GeneralSecurityException | CertIOException e) {
            throw new IllegalStateException("key identifiers of " + commonName, e);
        }
        return new CertificateDraft(builder);
    }

    /** The X.500 name with one common name. */
    public static X500Name name(String commonName) {
        return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, commonName).build();
    }

    /** Adds one extension and returns this draft. */
    public CertificateDraft with(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
        try {
            builder.addExtension(oid, critical, value);
            return this;
        } catch (CertIOException e) {
            throw new IllegalStateException("extension " + oid, e);
        }
    }

    /**
     * The certificate, signed by its issuer's key.
     *
     * @throws IllegalArgumentException for a key of no {@link SignatureScheme}
     */
    public X509Certificate sign(PrivateKey issuerKey) {
        SignatureScheme scheme =
                SignatureScheme.of(issuerKey)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "a key of the kind "
                                                + issuerKey.getAlgorithm()
                                                + " signs no certificates here"));
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(
                                    new JcaContentSignerBuilder(scheme.algorithm())
                                            .build(issuerKey)));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("the certificate could not be signed", e);
        }
    }
}
