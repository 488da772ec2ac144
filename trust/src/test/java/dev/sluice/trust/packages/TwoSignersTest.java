package dev.sluice.trust.packages;

import static dev.sluice.trust.packages.PackageFixture.CLOCK;
import static dev.sluice.trust.packages.PackageFixture.NOW;
import static dev.sluice.trust.packages.PackageFixture.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.trust.packages.Verification.Refused;
import dev.sluice.trust.packages.Verification.Verified;
import dev.sluice.trust.x509.CertificateDraft;
import dev.sluice.trust.x509.PemFiles;
import dev.sluice.trust.x509.SignatureScheme;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.SignerInformationStore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A package's second signature, by ML-DSA-65: written, demanded, and never ignored. */
final class TwoSignersTest {
    private static final byte[] MANIFEST = manifest();

    private final PackageSigningKey first = key(SignatureScheme.ECDSA_P256, "Acme releases");
    private final PackageSigningKey second = key(SignatureScheme.ML_DSA_65, "Acme releases 2");
    private final byte[] both = new PackageSigner(first, second, CLOCK).sign(MANIFEST);

    @TempDir private Path directory;

    private static PackageSigningKey key(SignatureScheme scheme, String name) {
        return PackageSigningKey.create(scheme, name, Duration.ofDays(365), CLOCK);
    }

    private static byte[] manifest() {
        return new Manifest(
                        PackageFixture.draft(),
                        new PackageContent(
                                1536,
                                new Sha256("a".repeat(64)),
                                PackageContent.LEAF_SIZE,
                                new Sha256("b".repeat(64))))
                .encoded();
    }

    private static Verification verified(byte[] signature, X509Certificate... pinned) {
        return new SignatureVerifier(TrustedSigners.of(pinned), CLOCK).verify(MANIFEST, signature);
    }

    @Test
    @Tag("PKG-3")
    void bothSignersAreNamedWhereBothArePinned() {
        assertThat(verified(both, first.certificate(), second.certificate()))
                .isInstanceOfSatisfying(
                        Verified.class,
                        verified ->
                                assertThat(verified.signer())
                                        .isEqualTo("CN=Acme releases; CN=Acme releases 2"));
    }

    @Test
    @Tag("PKG-3")
    void aSiteThatPinsOnlyTheFirstSignerAcceptsASecondAndDoesNotNameIt() {
        assertThat(verified(both, first.certificate()))
                .isInstanceOfSatisfying(
                        Verified.class,
                        verified -> assertThat(verified.signer()).isEqualTo("CN=Acme releases"));
    }

    @Test
    @Tag("PKG-3")
    void aSiteThatPinsAnMlDsaSignerRefusesAPackageWithoutItsSignature() {
        byte[] one = new PackageSigner(first, CLOCK).sign(MANIFEST);

        assertThat(refusal(verified(one, first.certificate(), second.certificate())))
                .isEqualTo(
                        "not signed with ML-DSA-65, which is demanded here because a signer of that"
                                + " kind is pinned: CN=Acme releases; CN=Acme releases 2");
    }

    @Test
    @Tag("PKG-3")
    void aSiteThatPinsAnMlDsaSignerRefusesAnotherOfThatKind() {
        PackageSigningKey stranger = key(SignatureScheme.ML_DSA_65, "Somebody");
        byte[] signature = new PackageSigner(first, stranger, CLOCK).sign(MANIFEST);

        assertThat(refusal(verified(signature, first.certificate(), second.certificate())))
                .startsWith("signed by CN=Somebody (issued by CN=Somebody), who is not trusted");
    }

    @Test
    @Tag("PKG-3")
    void theFirstSignerHasToBeTrustedEvenWhenTheSecondIs() {
        assertThat(refusal(verified(both, second.certificate())))
                .startsWith("signed by CN=Acme releases (issued by");
    }

    @Test
    @Tag("PKG-3")
    void anMlDsaAuthorityVouchesForItsSignersAndAnEcdsaOneDoesNot() throws Exception {
        assertThat(verified(issuedBy(SignatureScheme.ML_DSA_65), pins(SignatureScheme.ML_DSA_65)))
                .isInstanceOf(Verified.class);
        // With the ML-DSA pin that makes the demand, the ECDSA authority alone is not enough.
        assertThat(
                        refusal(
                                verified(
                                        issuedBy(SignatureScheme.ECDSA_P256),
                                        first.certificate(),
                                        second.certificate(),
                                        authority(SignatureScheme.ECDSA_P256))))
                .startsWith("signed by CN=Issued (issued by CN=Authority), who is not trusted");
    }

    private KeyPair authorityKey = SignatureScheme.ML_DSA_65.generate();

    private X509Certificate authority(SignatureScheme scheme) {
        if (!SignatureScheme.of(authorityKey.getPublic()).orElseThrow().equals(scheme)) {
            authorityKey = scheme.generate();
        }
        return CertificateDraft.of(
                        CertificateDraft.name("Authority"),
                        authorityKey.getPublic(),
                        "Authority",
                        authorityKey.getPublic(),
                        NOW,
                        NOW.plus(Duration.ofDays(100)))
                .with(Extension.basicConstraints, true, new BasicConstraints(0))
                .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign))
                .sign(authorityKey.getPrivate());
    }

    private X509Certificate[] pins(SignatureScheme scheme) {
        return new X509Certificate[] {first.certificate(), authority(scheme)};
    }

    /** A signature whose second signer the authority of this kind issued. */
    private byte[] issuedBy(SignatureScheme scheme) throws Exception {
        var _ = authority(scheme);
        KeyPair pair = SignatureScheme.ML_DSA_65.generate();
        X509Certificate certificate =
                CertificateDraft.of(
                                CertificateDraft.name("Authority"),
                                authorityKey.getPublic(),
                                "Issued",
                                pair.getPublic(),
                                NOW,
                                NOW.plus(Duration.ofDays(10)))
                        .with(
                                Extension.extendedKeyUsage,
                                true,
                                new ExtendedKeyUsage(KeyPurposeId.id_kp_codeSigning))
                        .sign(authorityKey.getPrivate());
        Path files = Files.createTempDirectory(directory, "issued");
        PemFiles.writeNew(
                List.of(
                        PemFiles.certificates(files.resolve("c"), List.of(certificate)),
                        PemFiles.privateKey(files.resolve("k"), pair.getPrivate())));
        return new PackageSigner(
                        first,
                        PackageSigningKey.load(files.resolve("c"), files.resolve("k")),
                        CLOCK)
                .sign(MANIFEST);
    }

    @Test
    @Tag("PKG-3")
    void everyByteOfBothSignaturesMattersEvenWhereOnlyOneIsPinned() {
        SignatureVerifier one =
                new SignatureVerifier(TrustedSigners.of(first.certificate()), CLOCK);
        for (int at = 0; at < both.length; at++) {
            byte[] changed = both.clone();
            changed[at] ^= (byte) (1 << at % 8);
            assertThat(one.verify(MANIFEST, changed))
                    .as("bit %d of byte %d of %d", at % 8, at, both.length)
                    .isInstanceOf(Refused.class);
        }
    }

    @Test
    @Tag("PKG-3")
    void aSecondSignatureOverAnotherManifestIsRefusedThoughNobodyPinnedItsSigner()
            throws Exception {
        byte[] other =
                new PackageSigner(first, second, CLOCK)
                        .sign("{}".getBytes(StandardCharsets.US_ASCII));
        byte[] mixed =
                assembled(
                        List.of(
                                signer(both, SignatureScheme.ECDSA_P256),
                                signer(other, SignatureScheme.ML_DSA_65)));

        assertThat(refusal(verified(mixed, first.certificate())))
                .isEqualTo("manifest.json was changed after CN=Acme releases 2 signed it");
    }

    @Test
    @Tag("PKG-3")
    void twoSignersOfOneKindAndAnMlDsaSignerAloneAreRefused() throws Exception {
        byte[] twice =
                assembled(
                        List.of(
                                signer(both, SignatureScheme.ECDSA_P256),
                                signer(
                                        new PackageSigner(
                                                        key(SignatureScheme.ECDSA_P256, "Other"),
                                                        CLOCK)
                                                .sign(MANIFEST),
                                        SignatureScheme.ECDSA_P256)));
        byte[] alone = assembled(List.of(signer(both, SignatureScheme.ML_DSA_65)));

        assertThat(refusal(verified(twice, first.certificate())))
                .endsWith("two signers of one algorithm");
        assertThat(refusal(verified(alone, first.certificate(), second.certificate())))
                .endsWith("no signer is one of ECDSA with SHA-256");
    }

    @Test
    @Tag("PKG-3")
    void anExpiredSecondSignerIsRefusedThoughNobodyPinnedIt() {
        PackageSigningKey brief =
                PackageSigningKey.create(
                        SignatureScheme.ML_DSA_65, "Brief", Duration.ofDays(1), CLOCK);
        byte[] signature = new PackageSigner(first, brief, CLOCK).sign(MANIFEST);
        InstantSource later = InstantSource.fixed(NOW.plus(Duration.ofDays(2)));

        assertThat(
                        refusal(
                                new SignatureVerifier(TrustedSigners.of(first.certificate()), later)
                                        .verify(MANIFEST, signature)))
                .startsWith("the certificate of CN=Brief expired");
    }

    @Test
    @Tag("PKG-3")
    void aSecondSignatureIsAddedByWhoeverHoldsOnlyThatKey() throws Exception {
        PackageFixture fixture = new PackageFixture(directory);
        Path file = fixture.build();
        byte[] content = Files.readAllBytes(fixture.contentOf(file));
        Path out = directory.resolve("both.sluice");

        PackageBuilder.sign(file, new PackageSigner(second, CLOCK), out);

        SignatureVerifier strict =
                new SignatureVerifier(
                        TrustedSigners.of(fixture.key.certificate(), second.certificate()), CLOCK);
        assertThat(PackageReader.verify(file, strict)).isInstanceOf(Refused.class);
        assertThat(PackageReader.verify(out, strict)).isInstanceOf(Verified.class);
        assertThat(Files.readAllBytes(fixture.contentOf(out))).isEqualTo(content);

        PackageSigningKey renewed = key(SignatureScheme.ECDSA_P256, "Acme renewed");
        PackageBuilder.sign(out, new PackageSigner(renewed, CLOCK), out);

        assertThat(
                        PackageReader.verify(
                                out,
                                new SignatureVerifier(
                                        TrustedSigners.of(
                                                renewed.certificate(), second.certificate()),
                                        CLOCK)))
                .isInstanceOfSatisfying(
                        Verified.class,
                        verified ->
                                assertThat(verified.signer())
                                        .isEqualTo("CN=Acme renewed; CN=Acme releases 2"));
    }

    @Test
    void aPackageIsNotSignedAnewWhenWhatItCarriesIsNoSignatureOverIt() {
        PackageSigner signer = new PackageSigner(second, CLOCK);

        assertThatThrownBy(() -> signer.addTo(both, "{}".getBytes(StandardCharsets.US_ASCII)))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("manifest.json was changed after CN=Acme releases signed it");
    }

    /** OpenSSL 3.0 knows no ML-DSA and verifies all signers or none: the ECDSA one is cut out. */
    @Test
    @Tag("PKG-3")
    void opensslVerifiesTheEcdsaSignerOfATwoSignerPackage() throws Exception {
        assumeThat(
                        Arrays.stream(System.getenv("PATH").split(":"))
                                .anyMatch(entry -> Files.isExecutable(Path.of(entry, "openssl"))))
                .isTrue();
        Path manifest = Files.write(directory.resolve("m"), MANIFEST);
        Path cut =
                Files.write(
                        directory.resolve("cut.p7s"),
                        assembled(List.of(signer(both, SignatureScheme.ECDSA_P256))));
        Path pem = directory.resolve("c.pem");
        first.store(pem, directory.resolve("k.pem"));
        List<String> command =
                List.of(
                        "openssl",
                        "cms",
                        "-verify",
                        "-binary",
                        "-inform",
                        "DER",
                        "-in",
                        cut.toString(),
                        "-content",
                        manifest.toString(),
                        "-CAfile",
                        pem.toString(),
                        "-purpose",
                        "any",
                        "-attime",
                        Long.toString(NOW.getEpochSecond()),
                        "-out",
                        "/dev/null");

        assertThat(exitCode(command)).isZero();
        Files.writeString(manifest, "{}");
        assertThat(exitCode(command)).isNotZero();
    }

    private int exitCode(List<String> command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start()
                .waitFor();
    }

    private static DetachedSignature.Signer signer(byte[] signature, SignatureScheme scheme)
            throws Exception {
        byte[] content = MANIFEST;
        return DetachedSignature.parse(content, signature).signer(scheme).orElseThrow();
    }

    /** A CMS with exactly these signers. */
    private static byte[] assembled(List<DetachedSignature.Signer> signers) throws Exception {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        List<SignerInformation> informations = new ArrayList<>();
        for (DetachedSignature.Signer signer : signers) {
            informations.add(signer.information());
            generator.addCertificate(new JcaX509CertificateHolder(signer.certificate()));
        }
        generator.addSigners(new SignerInformationStore(informations));
        return generator
                .generate(new CMSProcessableByteArray(MANIFEST), false)
                .toASN1Structure()
                .getEncoded(ASN1Encoding.DER);
    }
}
