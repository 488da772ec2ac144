package dev.sluice.trust.packages;

import dev.sluice.trust.packages.Verification.Refused;
import dev.sluice.trust.packages.Verification.Verified;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignerDigestMismatchException;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;

/**
 * Decides whether a manifest was signed by a trusted signer, and reads it only then.
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
            X509Certificate certificate = parsed.certificate();
            checkSigner(certificate);
            checkSignature(parsed.signer(), certificate);
            return new Verified(subject(certificate), Manifest.parse(manifest));
        } catch (InvalidPackageException e) {
            return new Refused(e.reason());
        }
    }

    private void checkSigner(X509Certificate certificate) throws InvalidPackageException {
        X509Certificate pinned =
                pinned(certificate)
                        .orElseThrow(() ->
                                new InvalidPackageException(
                                        String.format(
                                                "signed by %s (issued by %s), who is not"
                                                        + " trusted; expected one of: %s",
                                                subject(certificate),
                                                certificate.getIssuerX500Principal().getName(),
                                                trusted)));
        Instant now = clock.instant();
        checkTime(certificate, now);
        checkTime(pinned, now);
        if (!isForCodeSigning(certificate)) {
            throw new InvalidPackageException(
                    "signed by "
                            + subject(certificate)
                            + ", whose certificate is not for code signing");
        }
    }

    /** The pinned certificate that vouches for this one: itself, or its authority. */
    private Optional<X509Certificate> pinned(X509Certificate certificate) {
        return trusted.certificates().stream()
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

    private static void checkSignature(SignerInformation signer, X509Certificate certificate)
            throws InvalidPackageException {
        try {
            if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().build(certificate))) {
                throw new InvalidPackageException(
                        "the signature is not one by the key of " + subject(certificate));
            }
        } catch (CMSSignerDigestMismatchException e) {
            throw new InvalidPackageException(
                    "manifest.json was changed after " + subject(certificate) + " signed it", e);
        } catch (InvalidPackageException e) {
            throw e;
        } catch (CMSException | OperatorCreationException | RuntimeException e) {
            // Bouncy Castle meets some malformed attributes with IllegalArgumentException.
            throw new InvalidPackageException("the signature is damaged: " + e.getMessage(), e);
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
