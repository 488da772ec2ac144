package dev.sluice.trust.packages;

import dev.sluice.trust.x509.NativeCrypto;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.SignedData;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignerDigestMismatchException;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;

/**
 * A CMS signature of exactly the form that {@link PackageSigner} writes: DER, one ECDSA signer,
 * perhaps an ML-DSA one, a certificate for each, nothing that is not signed. CMS leaves much room
 * beside the signature; here a package with any bit changed is another package, and is refused.
 *
 * @param signers at most one of each kind, in the order of {@link SignatureScheme}
 */
record DetachedSignature(List<Signer> signers) {
    private static final int VERSION = 1;

    DetachedSignature {
        signers = List.copyOf(signers);
    }

    /** One signer, and the certificate that it names. */
    record Signer(
            SignatureScheme scheme, SignerInformation information, X509Certificate certificate) {

        /**
         * Checks that the certificate's key signed the content that was parsed with it.
         *
         * @throws InvalidPackageException which names the signer
         */
        void check() throws InvalidPackageException {
            String subject = certificate.getSubjectX500Principal().getName();
            try {
                if (!information.verify(verifier().build(certificate))) {
                    throw new InvalidPackageException(
                            "the signature is not one by the key of " + subject);
                }
            } catch (CMSSignerDigestMismatchException e) {
                throw new InvalidPackageException(
                        "manifest.json was changed after " + subject + " signed it", e);
            } catch (InvalidPackageException e) {
                throw e;
            } catch (CMSException | OperatorCreationException | RuntimeException e) {
                // Bouncy Castle meets some malformed attributes with IllegalArgumentException.
                throw new InvalidPackageException("the signature is damaged: " + e.getMessage(), e);
            }
        }

        private JcaSimpleSignerInfoVerifierBuilder verifier() {
            JcaSimpleSignerInfoVerifierBuilder builder = new JcaSimpleSignerInfoVerifierBuilder();
            NativeCrypto.provider("Signature", scheme.algorithm()).ifPresent(builder::setProvider);
            return builder;
        }
    }

    Optional<Signer> signer(SignatureScheme scheme) {
        return signers.stream().filter(signer -> signer.scheme() == scheme).findFirst();
    }

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
            Collection<SignerInformation> found = data.getSignerInfos().getSigners();
            List<X509CertificateHolder> certificates =
                    new ArrayList<>(data.getCertificates().getMatches(null));
            require(
                    found.size() == 1 || found.size() == 2,
                    found.size() + " signers, expected one or two");
            require(
                    certificates.size() == found.size(),
                    certificates.size() + " certificates, expected " + found.size());
            checkFields(data);
            List<Signer> signers = new ArrayList<>();
            for (SignerInformation information : found) {
                signers.add(signer(information, certificates));
            }
            signers.sort(Comparator.comparing(Signer::scheme));
            checkKinds(data, signers);
            return new DetachedSignature(signers);
        } catch (InvalidPackageException e) {
            throw e;
        } catch (IOException | CMSException | CertificateException | RuntimeException e) {
            throw new InvalidPackageException(
                    "manifest.p7s is not a CMS signature that can be read: " + e.getMessage(), e);
        }
    }

    private static void checkFields(CMSSignedData data) throws InvalidPackageException {
        SignedData fields = SignedData.getInstance(data.toASN1Structure().getContent());
        require(
                data.toASN1Structure().getContentType().equals(CMSObjectIdentifiers.signedData)
                        && fields.getVersion().hasValue(VERSION),
                "its type or version is unknown");
        require(
                fields.getEncapContentInfo().getContentType().equals(CMSObjectIdentifiers.data)
                        && fields.getEncapContentInfo().getContent() == null,
                "it is not detached");
        require(fields.getCRLs() == null, "it holds something that is not signed");
    }

    /** The signer, with the certificate that it names, which leaves the list. */
    private static Signer signer(
            SignerInformation information, List<X509CertificateHolder> certificates)
            throws IOException, CertificateException {
        require(information.getVersion() == VERSION, "its type or version is unknown");
        require(
                information.getUnsignedAttributes() == null,
                "it holds something that is not signed");
        X509CertificateHolder named = null;
        for (X509CertificateHolder candidate : certificates) {
            if (names(information, candidate)) {
                named = candidate;
            }
        }
        if (named == null) {
            throw notOurs("its certificate is not the one that its signer names");
        }
        certificates.remove(named);
        SignatureScheme scheme = scheme(information);
        X509Certificate certificate = new JcaX509CertificateConverter().getCertificate(named);
        require(
                SignatureScheme.of(certificate.getPublicKey()).equals(Optional.of(scheme)),
                "a certificate's key is not one of its signer's algorithm");
        if (scheme == SignatureScheme.ML_DSA_65) {
            checkBound(information, certificate);
        }
        return new Signer(scheme, information, certificate);
    }

    private static SignatureScheme scheme(SignerInformation signer) throws InvalidPackageException {
        String algorithm = signer.getEncryptionAlgOID();
        if (signer.getEncryptionAlgParams() == null) {
            if (algorithm.equals(X9ObjectIdentifiers.ecdsa_with_SHA256.getId())
                    && isDigest(signer.getDigestAlgorithmID(), NISTObjectIdentifiers.id_sha256)) {
                return SignatureScheme.ECDSA_P256;
            }
            if (algorithm.equals(NISTObjectIdentifiers.id_ml_dsa_65.getId())
                    && isDigest(signer.getDigestAlgorithmID(), NISTObjectIdentifiers.id_sha512)) {
                return SignatureScheme.ML_DSA_65;
            }
        }
        throw notOurs("its algorithm is not ECDSA with SHA-256, nor ML-DSA-65 with SHA-512");
    }

    private static void checkKinds(CMSSignedData data, List<Signer> signers)
            throws InvalidPackageException {
        require(
                signers.getFirst().scheme() == SignatureScheme.ECDSA_P256,
                "no signer is one of ECDSA with SHA-256");
        require(
                signers.stream().map(Signer::scheme).distinct().count() == signers.size(),
                "two signers of one algorithm");
        Set<AlgorithmIdentifier> digests =
                signers.stream()
                        .map(signer -> signer.information().getDigestAlgorithmID())
                        .collect(Collectors.toSet());
        require(
                data.getDigestAlgorithmIDs().equals(digests)
                        && data.getDigestAlgorithmIDs().size() == signers.size(),
                "its digests are not those of its signers");
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

    /** The second signer need not be pinned, so nothing else would hold its certificate's bytes. */
    private static void checkBound(SignerInformation signer, X509Certificate certificate)
            throws IOException {
        Attribute bound =
                signer.getSignedAttributes() == null
                        ? null
                        : signer.getSignedAttributes()
                                .get(PKCSObjectIdentifiers.id_aa_signingCertificateV2);
        require(
                bound != null
                        && bound.getAttrValues().size() == 1
                        && Arrays.equals(
                                bound.getAttrValues()
                                        .getObjectAt(0)
                                        .toASN1Primitive()
                                        .getEncoded(ASN1Encoding.DER),
                                boundCertificate(certificate)
                                        .toASN1Primitive()
                                        .getEncoded(ASN1Encoding.DER)),
                "the certificate of its second signer is not the one that was signed with");
    }

    /** What the signed attribute signing-certificate-v2 (RFC 5035) says of a certificate. */
    static ASN1Encodable boundCertificate(X509Certificate certificate) {
        try {
            byte[] hash = Sha256.digest().digest(certificate.getEncoded());
            return new SigningCertificateV2(
                    new ESSCertIDv2(
                            new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256), hash));
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was parsed has bytes", e);
        }
    }

    private static boolean isDigest(AlgorithmIdentifier algorithm, ASN1ObjectIdentifier digest) {
        return algorithm.getAlgorithm().equals(digest)
                && (algorithm.getParameters() == null
                        || algorithm.getParameters().equals(DERNull.INSTANCE));
    }

    private static void require(boolean holds, String problem) throws InvalidPackageException {
        if (!holds) {
            throw notOurs(problem);
        }
    }

    private static InvalidPackageException notOurs(String problem) {
        return new InvalidPackageException(
                "manifest.p7s is not the signature of a package: " + problem);
    }
}
