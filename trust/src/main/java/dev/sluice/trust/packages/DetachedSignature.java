package dev.sluice.trust.packages;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.SignedData;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;

/**
 * A CMS signature of exactly the form that {@link PackageSigner} writes: DER, one signer, one
 * certificate, nothing that is not signed. CMS leaves much room beside the signature; here a
 * package with any bit changed is another package, and is refused.
 */
record DetachedSignature(SignerInformation signer, X509Certificate certificate) {
    private static final int VERSION = 1;

    static DetachedSignature parse(byte[] content, byte[] signature)
            throws InvalidPackageException {
        if (signature.length == 0) {
            throw new InvalidPackageException("the package is not signed: manifest.p7s is empty");
        }
        try {
            ASN1Primitive asn1 = ASN1Primitive.fromByteArray(signature);
            require(
                    asn1 != null && Arrays.equals(asn1.getEncoded(ASN1Encoding.DER), signature),
                    "it is not DER");
            CMSSignedData data = new CMSSignedData(new CMSProcessableByteArray(content), signature);
            SignedData fields = SignedData.getInstance(data.toASN1Structure().getContent());
            Collection<SignerInformation> signers = data.getSignerInfos().getSigners();
            Collection<X509CertificateHolder> certificates =
                    data.getCertificates().getMatches(null);
            require(signers.size() == 1, signers.size() + " signers, expected one");
            require(certificates.size() == 1, certificates.size() + " certificates, expected one");
            SignerInformation signer = signers.iterator().next();
            X509CertificateHolder certificate = certificates.iterator().next();
            checkFields(data, fields, signer);
            require(
                    names(signer, certificate),
                    "its certificate is not the one that its signer names");
            return new DetachedSignature(
                    signer, new JcaX509CertificateConverter().getCertificate(certificate));
        } catch (InvalidPackageException e) {
            throw e;
        } catch (IOException | CMSException | CertificateException | RuntimeException e) {
            throw new InvalidPackageException(
                    "manifest.p7s is not a CMS signature that can be read: " + e.getMessage(), e);
        }
    }

    private static void checkFields(CMSSignedData data, SignedData fields, SignerInformation signer)
            throws InvalidPackageException {
        require(
                data.toASN1Structure().getContentType().equals(CMSObjectIdentifiers.signedData)
                        && fields.getVersion().hasValue(VERSION)
                        && signer.getVersion() == VERSION,
                "its type or version is unknown");
        require(
                fields.getEncapContentInfo().getContentType().equals(CMSObjectIdentifiers.data)
                        && fields.getEncapContentInfo().getContent() == null,
                "it is not detached");
        require(
                fields.getCRLs() == null && signer.getUnsignedAttributes() == null,
                "it holds something that is not signed");
        require(
                data.getDigestAlgorithmIDs().size() == 1
                        && data.getDigestAlgorithmIDs().stream()
                                .allMatch(DetachedSignature::isSha256)
                        && isSha256(signer.getDigestAlgorithmID())
                        && signer.getEncryptionAlgOID()
                                .equals(X9ObjectIdentifiers.ecdsa_with_SHA256.getId())
                        && signer.getEncryptionAlgParams() == null,
                "its algorithm is not ECDSA with SHA-256");
    }

    /**
     * By bytes: names also match when they differ in case, and are not covered by the signature.
     */
    private static boolean names(SignerInformation signer, X509CertificateHolder certificate)
            throws IOException {
        IssuerAndSerialNumber expected =
                new IssuerAndSerialNumber(certificate.getIssuer(), certificate.getSerialNumber());
        return Arrays.equals(
                signer.toASN1Structure().getSID().getEncoded(ASN1Encoding.DER),
                expected.getEncoded(ASN1Encoding.DER));
    }

    private static boolean isSha256(AlgorithmIdentifier algorithm) {
        return algorithm.getAlgorithm().equals(NISTObjectIdentifiers.id_sha256)
                && (algorithm.getParameters() == null
                        || algorithm.getParameters().equals(DERNull.INSTANCE));
    }

    private static void require(boolean holds, String problem) throws InvalidPackageException {
        if (!holds) {
            throw new InvalidPackageException(
                    "manifest.p7s is not the signature of a package: " + problem);
        }
    }
}
