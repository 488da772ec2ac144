package dev.sluice.trust.packages;

import static dev.sluice.trust.packages.PackageFixture.CLOCK;
import static dev.sluice.trust.packages.PackageFixture.NOW;
import static dev.sluice.trust.packages.PackageFixture.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.x509.CertificateDraft;
import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.EcKeys;
import dev.sluice.trust.x509.PemFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may sign: pinned signers, those of a pinned authority, and nobody else. */
final class TrustedSignersTest {
    private final KeyPair authorityKey = EcKeys.generate();
    private final X509Certificate authority = authority("Acme package authority", authorityKey);

    @TempDir private Path directory;

    private static X509Certificate authority(String name, KeyPair key) {
        return CertificateDraft.of(
                        CertificateDraft.name(name),
                        key.getPublic(),
                        name,
                        key.getPublic(),
                        NOW,
                        NOW.plus(Duration.ofDays(100)))
                .with(Extension.basicConstraints, true, new BasicConstraints(0))
                .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign))
                .sign(key.getPrivate());
    }

    /** A signing key whose certificate the authority issued. */
    private PackageSigningKey issued(Duration validity, KeyPurposeId purpose) throws IOException {
        KeyPair key = EcKeys.generate();
        X509Certificate certificate =
                CertificateDraft.of(
                                CertificateDraft.name("Acme package authority"),
                                authorityKey.getPublic(),
                                "Release 25",
                                key.getPublic(),
                                NOW,
                                NOW.plus(validity))
                        .with(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(purpose))
                        .sign(authorityKey.getPrivate());
        Path certificateFile = directory.resolve("signer.pem");
        Path keyFile = directory.resolve("signer.key");
        PemFiles.writeNew(
                List.of(
                        PemFiles.certificates(certificateFile, List.of(certificate)),
                        PemFiles.privateKey(keyFile, key.getPrivate())));
        return PackageSigningKey.load(certificateFile, keyFile);
    }

    private Verification verified(
            PackageSigningKey key, InstantSource clock, X509Certificate... trusted)
            throws IOException {
        PackageFixture fixture = new PackageFixture(directory);
        byte[] manifest = PackageReader.open(fixture.build()).manifestBytes();
        return new SignatureVerifier(TrustedSigners.of(trusted), clock)
                .verify(manifest, new PackageSigner(key, CLOCK).sign(manifest));
    }

    @Test
    @Tag("PKG-3")
    void aSignerOfAPinnedAuthorityIsAccepted() throws Exception {
        PackageSigningKey key = issued(Duration.ofDays(10), KeyPurposeId.id_kp_codeSigning);

        assertThat(verified(key, CLOCK, authority))
                .isInstanceOfSatisfying(
                        Verification.Verified.class,
                        verified -> assertThat(verified.signer()).isEqualTo("CN=Release 25"));
    }

    @Test
    @Tag("PKG-3")
    void aSignerOfAnAuthorityThatOnlyHasTheNameIsRefused() throws Exception {
        PackageSigningKey key = issued(Duration.ofDays(10), KeyPurposeId.id_kp_codeSigning);
        X509Certificate impostor = authority("Acme package authority", EcKeys.generate());

        assertThat(refusal(verified(key, CLOCK, impostor)))
                .startsWith(
                        "signed by CN=Release 25 (issued by CN=Acme package authority), who is not"
                                + " trusted");
    }

    @Test
    @Tag("PKG-3")
    void aSignerThatOutlivesItsAuthorityIsRefusedWithIt() throws Exception {
        PackageSigningKey key = issued(Duration.ofDays(1000), KeyPurposeId.id_kp_codeSigning);
        InstantSource later = InstantSource.fixed(NOW.plus(Duration.ofDays(200)));

        assertThat(refusal(verified(key, later, authority)))
                .startsWith("the certificate of CN=Acme package authority expired");
    }

    @Test
    @Tag("PKG-3")
    void aCertificateForTlsSignsNoPackages() {
        assertThatThrownBy(() -> issued(Duration.ofDays(10), KeyPurposeId.id_kp_serverAuth))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("holds a certificate that is not for code signing");
    }

    @Test
    @Tag("PKG-3")
    void whatIsNoSignatureIsRefused() throws Exception {
        PackageFixture fixture = new PackageFixture(directory);
        byte[] manifest = PackageReader.open(fixture.build()).manifestBytes();

        assertThat(
                        refusal(
                                fixture.verifier.verify(
                                        manifest, "hello".getBytes(StandardCharsets.US_ASCII))))
                .startsWith("manifest.p7s is not");
        assertThat(refusal(fixture.verifier.verify(manifest, new byte[0])))
                .isEqualTo("the package is not signed: manifest.p7s is empty");
    }

    @Test
    void aStoredKeyIsPrivateAndNeverOverwritten() throws Exception {
        PackageSigningKey key = PackageSigningKey.create("Acme", Duration.ofDays(1), CLOCK);
        Path certificateFile = directory.resolve("a.pem");
        Path keyFile = directory.resolve("a.key");
        key.store(certificateFile, keyFile);

        assertThat(Files.getPosixFilePermissions(keyFile))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(PackageSigningKey.load(certificateFile, keyFile).certificate())
                .isEqualTo(key.certificate());
        assertThat(TrustedSigners.load(certificateFile))
                .isEqualTo(TrustedSigners.of(key.certificate()));
        assertThatThrownBy(() -> key.store(directory.resolve("b.pem"), keyFile))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(keyFile + " exists already and is not overwritten; move it away first");
        assertThat(directory.resolve("b.pem")).doesNotExist();
    }

    @Test
    @Tag("REL-3")
    void aKeyOfAnotherCertificateIsRefused() throws Exception {
        PackageSigningKey.create("A", Duration.ofDays(1), CLOCK)
                .store(directory.resolve("a.pem"), directory.resolve("a.key"));
        PackageSigningKey.create("B", Duration.ofDays(1), CLOCK)
                .store(directory.resolve("b.pem"), directory.resolve("b.key"));

        assertThatThrownBy(() ->
                        PackageSigningKey.load(
                                directory.resolve("a.pem"), directory.resolve("b.key")))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("b.key holds a key that does not match");
    }
}
