package dev.sluice.trust.packages;

import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.Time;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.SignerInfoGenerator;
import org.bouncycastle.cms.SignerInformationStore;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * Signs manifests: a detached CMS signature (RFC 5652) in DER, with the signers' certificates and
 * the signing time. The first signer is ECDSA P-256 with SHA-256, which {@code openssl cms -verify}
 * can check; the second, where there is one, is ML-DSA-65 with SHA-512 (RFC 9882).
 */
public final class PackageSigner {
    private final List<PackageSigningKey> keys;
    private final InstantSource clock;

    /** One signer, of either kind; a package needs an ECDSA one, see {@link #addTo}. */
    public PackageSigner(PackageSigningKey key, InstantSource clock) {
        this(List.of(key), clock);
    }

    /** Two signers, ECDSA P-256 and ML-DSA-65, in this order. */
    public PackageSigner(PackageSigningKey first, PackageSigningKey second, InstantSource clock) {
        this(List.of(first, second), clock);
        if (first.scheme() != SignatureScheme.ECDSA_P256
                || second.scheme() != SignatureScheme.ML_DSA_65) {
            throw new IllegalArgumentException(
                    String.format(
                            "a package's signers are %s and %s, found %s and %s",
                            SignatureScheme.ECDSA_P256,
                            SignatureScheme.ML_DSA_65,
                            first.scheme(),
                            second.scheme()));
        }
    }

    private PackageSigner(List<PackageSigningKey> keys, InstantSource clock) {
        this.keys = keys;
        this.clock = clock;
    }

    /**
     * The signature over exactly these bytes.
     *
     * @throws IllegalStateException when a signing certificate is out of its time: nobody would
     *     accept the signature
     */
    public byte[] sign(byte[] manifest) {
        return signed(manifest, Optional.empty());
    }

    /**
     * A signature that has these keys' signers, and of {@code existing} the signer of a kind that
     * they do not have: so whoever holds one key needs not hold the other.
     *
     * @throws InvalidPackageException when {@code existing} is not a signature over these bytes
     */
    public byte[] addTo(byte[] existing, byte[] manifest) throws InvalidPackageException {
        DetachedSignature before = DetachedSignature.parse(manifest, existing);
        for (DetachedSignature.Signer signer : before.signers()) {
            signer.check();
        }
        return signed(manifest, Optional.of(before));
    }

    private byte[] signed(byte[] manifest, Optional<DetachedSignature> before) {
        Instant now = clock.instant();
        try {
            CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
            for (PackageSigningKey key : keys) {
                generator.addSignerInfoGenerator(signerInfo(key, now));
                generator.addCertificate(new JcaX509CertificateHolder(key.certificate()));
            }
            for (DetachedSignature.Signer kept : kept(before)) {
                generator.addSigners(new SignerInformationStore(kept.information()));
                generator.addCertificate(new JcaX509CertificateHolder(kept.certificate()));
            }
            return generator
                    .generate(new CMSProcessableByteArray(manifest), false)
                    .toASN1Structure()
                    .getEncoded(ASN1Encoding.DER);
        } catch (OperatorCreationException
                | CertificateEncodingException
                | CMSException
                | IOException e) {
            throw new IllegalStateException(keys + " could not sign", e);
        }
    }

    private List<DetachedSignature.Signer> kept(Optional<DetachedSignature> before) {
        return before.stream()
                .flatMap(signature -> signature.signers().stream())
                .filter(signer -> keys.stream().noneMatch(key -> key.scheme() == signer.scheme()))
                .toList();
    }

    private static SignerInfoGenerator signerInfo(PackageSigningKey key, Instant now)
            throws OperatorCreationException, CertificateEncodingException {
        Instant from = key.certificate().getNotBefore().toInstant();
        Instant until = key.certificate().getNotAfter().toInstant();
        if (now.isBefore(from) || now.isAfter(until)) {
            throw new IllegalStateException(
                    String.format(
                            "%s is valid from %s until %s, and it is %s here: renew the key, or check"
                                    + " this clock",
                            key, from, until, now));
        }
        return new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build())
                .setSignedAttributeGenerator(
                        new DefaultSignedAttributeTableGenerator(attributes(key, now)))
                .build(
                        new JcaContentSignerBuilder(key.scheme().algorithm()).build(key.key()),
                        key.certificate());
    }

    @SuppressWarnings("JdkObsolete") // Bouncy Castle takes nothing but a Hashtable.
    private static AttributeTable attributes(PackageSigningKey key, Instant now) {
        Hashtable<ASN1ObjectIdentifier, Attribute> attributes = new Hashtable<>();
        put(attributes, CMSAttributes.signingTime, new Time(Date.from(now)));
        if (key.scheme() == SignatureScheme.ML_DSA_65) {
            put(
                    attributes,
                    PKCSObjectIdentifiers.id_aa_signingCertificateV2,
                    DetachedSignature.boundCertificate(key.certificate()));
        }
        return new AttributeTable(attributes);
    }

    private static void put(
            Hashtable<ASN1ObjectIdentifier, Attribute> attributes,
            ASN1ObjectIdentifier type,
            ASN1Encodable value) {
        attributes.put(type, new Attribute(type, new DERSet(value)));
    }
}
