package dev.sluice.trust.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real handshakes over loopback, by an address that stands in no certificate. */
final class MutualTlsTest {
    private static final InstantSource CLOCK = InstantSource.system();
    private static final int READ_TIMEOUT_MILLIS = 10_000;

    private final CertificateAuthority authority =
            CertificateAuthority.create("acme", Duration.ofDays(10), CLOCK);

    @AutoClose private final ExecutorService server = Executors.newVirtualThreadPerTaskExecutor();

    private static TlsIdentity identity(CertificateAuthority authority, PeerName name)
            throws Exception {
        return TlsIdentity.of(authority.issue(name, Set.of(), Duration.ofDays(1)), CLOCK);
    }

    /** What both sides saw of each other. */
    private record Handshake(PeerName client, PeerName server, String protocol) {}

    private Handshake handshake(SSLContext serverSide, SSLContext clientSide) throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (SSLServerSocket listener =
                (SSLServerSocket)
                        serverSide.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            Future<PeerName> seen = server.submit((Callable<PeerName>) () -> accept(listener));
            PeerName serverName;
            String protocol;
            try (SSLSocket socket =
                    (SSLSocket)
                            clientSide
                                    .getSocketFactory()
                                    .createSocket(loopback, listener.getLocalPort())) {
                socket.setSoTimeout(READ_TIMEOUT_MILLIS);
                socket.startHandshake();
                socket.getInputStream().read();
                serverName = peer(socket);
                protocol = socket.getSession().getProtocol();
            } catch (IOException e) {
                try {
                    seen.get();
                } catch (ExecutionException atServer) {
                    e.addSuppressed(atServer.getCause());
                }
                throw e;
            }
            // Only now: the server's close waits for the client's.
            return new Handshake(seen.get(), serverName, protocol);
        }
    }

    private static PeerName accept(SSLServerSocket listener) throws Exception {
        try (SSLSocket socket = (SSLSocket) listener.accept()) {
            socket.setSoTimeout(READ_TIMEOUT_MILLIS);
            socket.startHandshake();
            socket.getOutputStream().write(1);
            return peer(socket);
        }
    }

    private static PeerName peer(SSLSocket socket) throws Exception {
        return TlsIdentity.peer((X509Certificate) socket.getSession().getPeerCertificates()[0]);
    }

    @Test
    @Tag("SEC-1")
    void bothSidesLearnWhoTheOtherIs() throws Exception {
        TlsIdentity master = identity(authority, PeerName.master("m-a"));
        TlsIdentity node = identity(authority, PeerName.node("eu-3"));

        Handshake handshake =
                handshake(
                        master.sslContext(PeerExpectation.kind(PeerName.Kind.NODE)),
                        node.sslContext(PeerExpectation.exactly(PeerName.master("m-a"))));

        assertThat(handshake)
                .isEqualTo(new Handshake(PeerName.node("eu-3"), PeerName.master("m-a"), "TLSv1.3"));
    }

    @Test
    @Tag("SEC-1")
    void aClientRefusesAServerOfTheWrongKind() throws Exception {
        TlsIdentity other = identity(authority, PeerName.node("eu-4"));
        TlsIdentity node = identity(authority, PeerName.node("eu-3"));

        assertThatThrownBy(() ->
                        handshake(
                                other.sslContext(PeerExpectation.any()),
                                node.sslContext(PeerExpectation.kind(PeerName.Kind.MASTER))))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("CN=node eu-4: expected a master, found sluice://node/eu-4");
    }

    @Test
    @Tag("SEC-1")
    void aServerRefusesAClientOfAnotherCluster() throws Exception {
        TlsIdentity master = identity(authority, PeerName.master("m-a"));
        CertificateAuthority stranger =
                CertificateAuthority.create("other", Duration.ofDays(10), CLOCK);
        Credentials foreign = stranger.issue(PeerName.node("eu-3"), Set.of(), Duration.ofDays(1));
        TlsIdentity intruder = TlsIdentity.of(foreign, CLOCK);
        SSLContext trusting = intruder.sslContext(PeerExpectation.any());

        assertThatThrownBy(() -> handshake(master.sslContext(PeerExpectation.any()), trusting))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining(
                        "expected a certificate issued by CN=other, found one by CN=acme");
        assertThatThrownBy(() ->
                        master.trustManager(PeerExpectation.any())
                                .checkClientTrusted(
                                        new X509Certificate[] {foreign.certificate()}, "UNKNOWN"))
                .hasMessageContaining(
                        "expected a certificate issued by CN=acme, found one by CN=other");
    }

    @Test
    @Tag("SEC-1")
    void aServerRefusesAClientWithoutACertificate() throws Exception {
        TlsIdentity master = identity(authority, PeerName.master("m-a"));
        SSLContext anonymous = SSLContext.getInstance("TLSv1.3");
        anonymous.init(
                null, master.trustManagerFactory(PeerExpectation.any()).getTrustManagers(), null);

        assertThatThrownBy(() -> handshake(master.sslContext(PeerExpectation.any()), anonymous))
                .isInstanceOf(IOException.class)
                .satisfies(e ->
                        assertThat(e.getSuppressed())
                                .singleElement()
                                .asString()
                                .contains("certificate"));
    }

    @Test
    @Tag("SEC-1")
    void anOlderProtocolIsNotOffered() throws Exception {
        TlsIdentity master = identity(authority, PeerName.master("m-a"));
        SSLContext context = master.sslContext(PeerExpectation.any());

        assertThat(context.createSSLEngine().getEnabledProtocols()).containsExactly("TLSv1.3");
        assertThat(context.createSSLEngine("localhost", 1).getEnabledProtocols())
                .containsExactly("TLSv1.3");
        assertThat(context.getDefaultSSLParameters().getProtocols()).containsExactly("TLSv1.3");
        assertThat(context.getSupportedSSLParameters().getProtocols()).containsExactly("TLSv1.3");
        try (Socket socket = context.getSocketFactory().createSocket()) {
            assertThat(((SSLSocket) socket).getEnabledProtocols()).containsExactly("TLSv1.3");
        }
    }
}
