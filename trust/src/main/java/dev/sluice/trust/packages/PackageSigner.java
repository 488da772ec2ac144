package dev.sluice.trust.packages;

import dev.sluice.trust.x509.EcKeys;
import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Hashtable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.Time;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * Signs manifests: a detached CMS signature (RFC 5652) in DER, ECDSA P-256 with SHA-256, with the
 * signer's certificate and the signing time. {@code openssl cms -verify} can check it.
 */
public final class PackageSigner {
    private final PackageSigningKey key;
    private final InstantSource clock;

    public PackageSigner(PackageSigningKey key, InstantSource clock) {
        this.key = key;
        this.clock = clock;
    }

    /**
     * The signature over exactly these bytes.
     *
     * @throws IllegalStateException when the signing certificate is out of its time: nobody would
     *     accept the signature
     */
    public byte[] sign(byte[] manifest) {
        Instant now = clock.instant();
        Instant from = key.certificate().getNotBefore().toInstant();
        Instant until = key.certificate().getNotAfter().toInstant();
        if (now.isBefore(from) || now.isAfter(until)) {
            throw new IllegalStateException(
                    String.format(
                            "%s is valid from %s until %s, and it is %s here: renew the key, or check"
                                    + " this clock",
                            key, from, until, now));
        }
        try {
            CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
            generator.addSignerInfoGenerator(
                    new JcaSignerInfoGeneratorBuilder(
                                    new JcaDigestCalculatorProviderBuilder().build())
                            .setSignedAttributeGenerator(
                                    new DefaultSignedAttributeTableGenerator(signingTime(now)))
                            .build(
                                    new JcaContentSignerBuilder(EcKeys.SIGNATURE_ALGORITHM)
                                            .build(key.key()),
                                    key.certificate()));
            generator.addCertificate(new JcaX509CertificateHolder(key.certificate()));
            return generator
                    .generate(new CMSProcessableByteArray(manifest), false)
                    .toASN1Structure()
                    .getEncoded(ASN1Encoding.DER);
        } catch (OperatorCreationException
                | CertificateEncodingException
                | CMSException
                | IOException e) {
            throw new IllegalStateException(key + " could not sign", e);
        }
    }

    @SuppressWarnings("JdkObsolete") // Bouncy Castle takes nothing but a Hashtable.
    private static AttributeTable signingTime(Instant now) {
        Hashtable<ASN1ObjectIdentifier, Attribute> attributes = new Hashtable<>();
        attributes.put(
                CMSAttributes.signingTime,
                new Attribute(CMSAttributes.signingTime, new DERSet(new Time(Date.from(now)))));
        return new AttributeTable(attributes);
    }
}
