package dev.sluice.trust.packages;

import dev.sluice.trust.packages.Verification.Refused;
import dev.sluice.trust.packages.Verification.Verified;
import dev.sluice.trust.x509.NativeCrypto;
import dev.sluice.trust.x509.SignatureScheme;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whether a manifest was signed by a trusted signer, and reads it only then.
 *
 * <p>The first signer, ECDSA, must be trusted. The second, ML-DSA, must be trusted where a signer
 * or authority of that kind is pinned; elsewhere it need not be known, but must have signed: a
 * signature that is there is never ignored.
 *
 * <p>Certificates are judged at the present time, not at the signing time that the signature
 * states: without a third party's time stamp a stolen, expired key could state any.
 */
public final class SignatureVerifier {
    private static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

    private final TrustedSigners trusted;
    private final InstantSource clock;

    public SignatureVerifier(TrustedSigners trusted, InstantSource clock) {
        this.trusted = trusted;
        this.clock = clock;
    }

    /** The decision on exactly these bytes. */
    public Verification verify(byte[] manifest, byte[] signature) {
        try {
            DetachedSignature parsed = DetachedSignature.parse(manifest, signature);
            List<String> signers = new ArrayList<>();
            for (DetachedSignature.Signer signer : parsed.signers()) {
                boolean demanded =
                        signer.scheme() == SignatureScheme.ECDSA_P256 || trusted.demandMlDsa();
                if (demanded) {
                    checkTrusted(signer);
                    signers.add(subject(signer.certificate()));
                }
                checkUsable(signer.certificate());
                signer.check();
            }
            checkSecond(parsed);
            return new Verified(String.join("; ", signers), Manifest.parse(manifest));
        } catch (InvalidPackageException e) {
            return new Refused(e.reason());
        }
    }

    private void checkTrusted(DetachedSignature.Signer signer) throws InvalidPackageException {
        X509Certificate certificate = signer.certificate();
        X509Certificate pinned =
                pinned(signer)
                        .orElseThrow(() ->
                                new InvalidPackageException(
                                        String.format(
                                                "signed by %s (issued by %s), who is not"
                                                        + " trusted; expected one of: %s",
                                                subject(certificate),
                                                certificate.getIssuerX500Principal().getName(),
                                                trusted)));
        checkTime(pinned, clock.instant());
    }

    private void checkUsable(X509Certificate certificate) throws InvalidPackageException {
        checkTime(certificate, clock.instant());
        if (!isForCodeSigning(certificate)) {
            throw new InvalidPackageException(
                    "signed by "
                            + subject(certificate)
                            + ", whose certificate is not for code signing");
        }
    }

    private void checkSecond(DetachedSignature parsed) throws InvalidPackageException {
        if (trusted.demandMlDsa() && parsed.signer(SignatureScheme.ML_DSA_65).isEmpty()) {
            throw new InvalidPackageException(
                    "not signed with ML-DSA-65, which is demanded here because a signer of that"
                            + " kind is pinned: "
                            + trusted);
        }
    }

    /** The pinned certificate that vouches for this one: itself, or its authority. */
    private Optional<X509Certificate> pinned(DetachedSignature.Signer signer) {
        X509Certificate certificate = signer.certificate();
        return trusted.certificates().stream()
                // An ECDSA authority that vouches for an ML-DSA key is as strong as ECDSA.
                .filter(pin ->
                        signer.scheme() != SignatureScheme.ML_DSA_65 || TrustedSigners.isMlDsa(pin))
                .filter(pin ->
                        pin.getBasicConstraints() < 0
                                ? pin.equals(certificate)
                                : issued(pin, certificate))
                .findFirst();
    }

    private static boolean issued(X509Certificate authority, X509Certificate certificate) {
        if (!authority.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
            return false;
        }
        try {
            PKIXParameters parameters =
                    new PKIXParameters(Set.of(new TrustAnchor(authority, null)));
            parameters.setRevocationEnabled(false);
            NativeCrypto.verifyPath(parameters, List.of(authority.getPublicKey()));
            // The time is judged apart, with a message that names it.
            parameters.setDate(Date.from(certificate.getNotBefore().toInstant()));
            CertPathValidator.getInstance("PKIX")
                    .validate(
                            CertificateFactory.getInstance("X.509")
                                    .generateCertPath(List.of(certificate)),
                            parameters);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static void checkTime(X509Certificate certificate, Instant now)
            throws InvalidPackageException {
        Instant from = certificate.getNotBefore().toInstant();
        Instant until = certificate.getNotAfter().toInstant();
        if (now.isBefore(from)) {
            throw new InvalidPackageException(
                    String.format(
                            "the certificate of %s is valid from %s, but this machine's clock says %s;"
                                    + " check the clock first",
                            subject(certificate), from, now));
        }
        if (now.isAfter(until)) {
            throw new InvalidPackageException(
                    String.format(
                            "the certificate of %s expired: valid until %s, and this machine's clock"
                                    + " says %s; check the clock, or get a newly signed package",
                            subject(certificate), until, now));
        }
    }

    static boolean isForCodeSigning(X509Certificate certificate) {
        try {
            List<String> purposes = certificate.getExtendedKeyUsage();
            return purposes != null && purposes.contains(CODE_SIGNING);
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    private static String subject(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }
}
