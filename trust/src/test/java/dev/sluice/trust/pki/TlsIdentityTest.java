package dev.sluice.trust.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.x509.CredentialsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TlsIdentityTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);

    private final CertificateAuthority authority =
            CertificateAuthority.create("acme", Duration.ofDays(3650), CLOCK);

    @TempDir private Path directory;

    private void stored(PeerName name) throws IOException {
        authority
                .issue(name, Set.of("localhost", "127.0.0.1"), Duration.ofDays(30))
                .store(directory);
    }

    @Test
    void isWhatTheAuthorityIssued() throws Exception {
        stored(PeerName.node("eu-3"));

        TlsIdentity identity = TlsIdentity.load(directory, CLOCK);

        assertThat(identity.self()).isEqualTo(PeerName.node("eu-3"));
        assertThat(identity.expiry()).isEqualTo(NOW.plus(Duration.ofDays(30)));
        assertThat(identity.certificate().getSubjectAlternativeNames())
                .extracting(name -> String.valueOf(name.get(1)))
                .containsExactlyInAnyOrder("sluice://node/eu-3", "localhost", "127.0.0.1");
    }

    @Test
    void keepsTheKeyFromOtherUsers() throws Exception {
        stored(PeerName.node("eu-3"));

        assertThat(Files.getPosixFilePermissions(directory.resolve("key.pem")))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    @Tag("REL-3")
    void namesTheMissingFile() throws Exception {
        stored(PeerName.node("eu-3"));
        Files.delete(directory.resolve("ca.pem"));

        assertThatThrownBy(() -> TlsIdentity.load(directory, CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(directory.resolve("ca.pem") + " does not exist");
    }

    @Test
    @Tag("REL-3")
    void namesADirectoryThatDoesNotExist() {
        assertThatThrownBy(() -> TlsIdentity.load(directory.resolve("nowhere"), CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("nowhere is not a directory; expected one with ca.pem");
    }

    @Test
    @Tag("REL-3")
    void namesAFileThatIsNoCertificate() throws Exception {
        stored(PeerName.node("eu-3"));
        Files.writeString(directory.resolve("cert.pem"), "hello");

        assertThatThrownBy(() -> TlsIdentity.load(directory, CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(
                        directory.resolve("cert.pem")
                                + " should hold a certificate in PEM form, but holds nothing like it");
    }

    @Test
    @Tag("REL-3")
    void namesADamagedCertificate() throws Exception {
        stored(PeerName.node("eu-3"));
        String pem = Files.readString(directory.resolve("cert.pem"));
        Files.writeString(directory.resolve("cert.pem"), pem.replace("MII", "AAA"));

        assertThatThrownBy(() -> TlsIdentity.load(directory, CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("cert.pem")
                .hasMessageContaining("damaged");
    }

    @Test
    @Tag("REL-3")
    void namesAKeyFileThatHoldsACertificate() throws Exception {
        stored(PeerName.node("eu-3"));
        Files.copy(
                directory.resolve("cert.pem"), Files.newOutputStream(directory.resolve("key.pem")));

        assertThatThrownBy(() -> TlsIdentity.load(directory, CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(
                        directory.resolve("key.pem")
                                + " should hold an unencrypted private key, but holds a certificate");
    }

    @Test
    @Tag("REL-3")
    void namesAFileTooLargeToBeAKey() throws Exception {
        stored(PeerName.node("eu-3"));
        Files.write(directory.resolve("key.pem"), new byte[(1 << 20) + 1]);

        assertThatThrownBy(() -> TlsIdentity.load(directory, CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("key.pem has more than 1048576 bytes");
    }

    @Test
    @Tag("REL-3")
    void refusesAKeyOfAnotherCertificate() throws Exception {
        stored(PeerName.node("eu-3"));
        Path other = Files.createDirectory(directory.resolve("other"));
        authority.issue(PeerName.node("eu-4"), Set.of(), Duration.ofDays(1)).store(other);

        assertThatThrownBy(() ->
                        TlsIdentity.load(
                                directory.resolve("ca.pem"),
                                directory.resolve("cert.pem"),
                                other.resolve("key.pem"),
                                CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(
                        other.resolve("key.pem")
                                + " holds a key that does not match the certificate in "
                                + directory.resolve("cert.pem"));
    }

    @Test
    @Tag("REL-3")
    void refusesAnExpiredCertificateAndNamesBothTimes() throws Exception {
        stored(PeerName.node("eu-3"));
        Instant later = NOW.plus(Duration.ofDays(31));

        assertThatThrownBy(() -> TlsIdentity.load(directory, InstantSource.fixed(later)))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("cert.pem")
                .hasMessageContaining("valid until 2026-03-31T12:00:00Z")
                .hasMessageContaining("it is 2026-04-01T12:00:00Z here");
    }

    @Test
    @Tag("REL-3")
    void refusesACertificateOfTheFutureAndPointsAtTheClocks() throws Exception {
        stored(PeerName.node("eu-3"));
        Instant earlier = NOW.minus(Duration.ofDays(1));

        assertThatThrownBy(() -> TlsIdentity.load(directory, InstantSource.fixed(earlier)))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("valid from 2026-03-01T11:55:00Z")
                .hasMessageContaining("check both clocks");
    }

    @Test
    @Tag("REL-3")
    void refusesACertificateOfAnotherAuthorityOfTheSameName() throws Exception {
        stored(PeerName.node("eu-3"));
        Path other = Files.createDirectory(directory.resolve("other"));
        CertificateAuthority.create("acme", Duration.ofDays(10), CLOCK)
                .issue(PeerName.node("eu-3"), Set.of(), Duration.ofDays(1))
                .store(other);

        assertThatThrownBy(() ->
                        TlsIdentity.load(
                                other.resolve("ca.pem"),
                                directory.resolve("cert.pem"),
                                directory.resolve("key.pem"),
                                CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("expected a certificate issued by CN=acme");
    }

    @Test
    @Tag("REL-3")
    void refusesANodesCertificateAsAnAuthority() throws Exception {
        stored(PeerName.node("eu-3"));

        assertThatThrownBy(() ->
                        TlsIdentity.load(
                                directory.resolve("cert.pem"),
                                directory.resolve("cert.pem"),
                                directory.resolve("key.pem"),
                                CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("CN=node eu-3 is not a certificate of an authority");
    }

    @Test
    @Tag("REL-3")
    void refusesToNameAPeerWithoutAUri() {
        assertThatThrownBy(() -> TlsIdentity.peer(authority.certificate()))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining("CN=acme: expected exactly one URI")
                .hasMessageContaining("found []");
    }

    @Test
    void showsNoKeyAsText() throws Exception {
        Credentials credentials =
                authority.issue(PeerName.operator("ann"), Set.of(), Duration.ofDays(1));

        assertThat(credentials.toString()).isEqualTo("Credentials[CN=operator ann]");
        assertThat(TlsIdentity.of(credentials, CLOCK).toString())
                .isEqualTo("TlsIdentity[sluice://operator/ann]");
    }

    @Test
    void theKeyIsPutIntoAKeyStoreOnce() throws Exception {
        TlsIdentity identity =
                TlsIdentity.of(
                        authority.issue(PeerName.node("eu-1"), Set.of(), Duration.ofDays(1)),
                        CLOCK);

        assertThat(identity.keyManagerFactory()).isSameAs(identity.keyManagerFactory());
    }
}
