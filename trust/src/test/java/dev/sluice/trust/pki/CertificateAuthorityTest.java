package dev.sluice.trust.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.x509.CertificateDraft;
import dev.sluice.trust.x509.CredentialsException;
import dev.sluice.trust.x509.EcKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CertificateAuthorityTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);

    private final CertificateAuthority authority =
            CertificateAuthority.create("acme", Duration.ofDays(100), CLOCK);

    @TempDir private Path directory;
    private Path certificateFile;
    private Path keyFile;

    @BeforeEach
    void setUp() {
        certificateFile = directory.resolve("ca.pem");
        keyFile = directory.resolve("ca.key");
    }

    @Test
    void issuesTheSameAfterItWasStoredAndLoaded() throws Exception {
        authority.store(certificateFile, keyFile);

        CertificateAuthority loaded = CertificateAuthority.load(certificateFile, keyFile, CLOCK);
        Credentials node = loaded.issue(PeerName.node("eu-1"), Set.of(), Duration.ofDays(1));

        assertThat(node.issuer()).isEqualTo(authority.certificate());
        node.certificate().verify(authority.certificate().getPublicKey());
        assertThat(node.certificate().getExtendedKeyUsage())
                .containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        assertThat(node.certificate().getBasicConstraints()).isEqualTo(-1);
        assertThat(Files.getPosixFilePermissions(keyFile))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    @Tag("REL-3")
    void overwritesNoKeyAndThenWritesNoCertificate() throws Exception {
        Files.writeString(keyFile, "precious");

        assertThatThrownBy(() -> authority.store(certificateFile, keyFile))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(keyFile + " exists already and is not overwritten; move it away first");

        assertThat(keyFile).hasContent("precious");
        assertThat(certificateFile).doesNotExist();
    }

    @Test
    @Tag("REL-3")
    void leavesNoKeyWhenTheCertificateCannotBeWritten() {
        Path unreachable = directory.resolve("nowhere/ca.pem");

        assertThatThrownBy(() -> authority.store(unreachable, keyFile))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("could not be written")
                .hasMessageContaining("nowhere/ca.pem");

        assertThat(keyFile).doesNotExist();
    }

    @Test
    @Tag("REL-3")
    void isNotLoadedWithAnotherKey() throws Exception {
        authority.store(certificateFile, keyFile);
        Path otherKey = directory.resolve("other.key");
        CertificateAuthority.create("other", Duration.ofDays(1), CLOCK)
                .store(directory.resolve("other.pem"), otherKey);

        assertThatThrownBy(() -> CertificateAuthority.load(certificateFile, otherKey, CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(
                        otherKey
                                + " holds a key that does not match the certificate in "
                                + certificateFile);
    }

    @Test
    @Tag("REL-3")
    void aNodesCertificateIsNotAnAuthority() throws Exception {
        authority.issue(PeerName.node("eu-1"), Set.of(), Duration.ofDays(1)).store(directory);

        assertThatThrownBy(() ->
                        CertificateAuthority.load(
                                directory.resolve("cert.pem"), directory.resolve("key.pem"), CLOCK))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("cert.pem should hold one certificate of an authority");
    }

    @Test
    @Tag("REL-3")
    void issuesNothingThatOutlivesIt() {
        assertThatThrownBy(() ->
                        authority.issue(PeerName.node("eu-1"), Set.of(), Duration.ofDays(101)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sluice://node/eu-1 until 2026-06-10T12:00:00Z")
                .hasMessageContaining("valid until 2026-06-09T12:00:00Z");
    }

    @ParameterizedTest
    @Tag("REL-3")
    @ValueSource(strings = {"", "a b", "-a", "a..b", "*.example.org", "http://a", "fe80::1%eth0"})
    void refusesAHostThatIsNeitherNameNorAddress(String host) {
        assertThatThrownBy(() ->
                        authority.issue(PeerName.node("eu-1"), Set.of(host), Duration.ofDays(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "sluice://node/eu-1: '"
                                + host
                                + "' is neither an IP address nor a DNS name");
    }

    @Test
    @Tag("SEC-1")
    void aPeerWithTwoNamesIsNobody() {
        KeyPair key = EcKeys.generate();
        X509Certificate certificate =
                CertificateDraft.of(
                                CertificateDraft.name("x"),
                                key.getPublic(),
                                "x",
                                key.getPublic(),
                                NOW,
                                NOW.plusSeconds(60))
                        .with(
                                Extension.subjectAlternativeName,
                                false,
                                new GeneralNames(
                                        new GeneralName[] {
                                            new GeneralName(6, "sluice://node/eu-1"),
                                            new GeneralName(6, "sluice://master/m-a")
                                        }))
                        .sign(key.getPrivate());

        assertThatThrownBy(() -> TlsIdentity.peer(certificate))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining("CN=x: expected exactly one URI")
                .hasMessageContaining("[sluice://node/eu-1, sluice://master/m-a]");
    }

    @Test
    @Tag("SEC-1")
    void aTrustManagerRefusesExpiredPeersAndTheAuthorityItself() throws Exception {
        Credentials node = authority.issue(PeerName.node("eu-1"), Set.of(), Duration.ofDays(1));
        Credentials longer = authority.issue(PeerName.node("eu-2"), Set.of(), Duration.ofDays(50));
        InstantSource later = InstantSource.fixed(NOW.plus(Duration.ofDays(2)));
        var trust = TlsIdentity.of(longer, later).trustManager(PeerExpectation.any());

        assertThatThrownBy(() -> trust.checkClientTrusted(chain(node.certificate()), "UNKNOWN"))
                .isInstanceOf(CertificateException.class)
                .hasMessage(
                        "CN=node eu-1: the certificate expired: valid until 2026-03-02T12:00:00Z, and"
                                + " it is 2026-03-03T12:00:00Z here; renew it, or check this clock");
        assertThatThrownBy(
                        () -> trust.checkServerTrusted(chain(authority.certificate()), "UNKNOWN"))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining("presented the authority's certificate as its own");
        assertThatThrownBy(() -> trust.checkServerTrusted(chain(), "UNKNOWN"))
                .isInstanceOf(CertificateException.class)
                .hasMessage("the peer presented no certificate");
    }

    @Test
    void peersOfTwoAuthoritiesAreTrustedWhileOneReplacesTheOther() throws Exception {
        CertificateAuthority next = CertificateAuthority.create("acme", Duration.ofDays(9), CLOCK);
        Credentials own = authority.issue(PeerName.node("eu-1"), Set.of(), Duration.ofDays(1));
        own.store(directory);
        Path both = directory.resolve("both.pem");
        Files.writeString(both, Files.readString(directory.resolve("ca.pem")));
        next.store(directory.resolve("next.pem"), keyFile);
        Files.write(
                both,
                List.of(Files.readString(directory.resolve("next.pem"))),
                java.nio.file.StandardOpenOption.APPEND);

        TlsIdentity identity =
                TlsIdentity.load(
                        both, directory.resolve("cert.pem"), directory.resolve("key.pem"), CLOCK);

        X509Certificate peer =
                next.issue(PeerName.node("eu-2"), Set.of(), Duration.ofDays(1)).certificate();
        identity.trustManager(PeerExpectation.any()).checkClientTrusted(chain(peer), "UNKNOWN");
        assertThat(identity.trustManager(PeerExpectation.any()).getAcceptedIssuers())
                .containsExactly(authority.certificate(), next.certificate());
    }

    private static X509Certificate[] chain(X509Certificate... certificates) {
        return certificates;
    }
}
