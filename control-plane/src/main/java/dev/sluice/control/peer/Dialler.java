package dev.sluice.control.peer;

import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Dials an address to see who is there: name, connection, TLS handshake, certificate. */
final class Dialler {

    /** Masters are at most a lost packet and its repetition away from each other. */
    private static final Duration LONGEST_CONNECT = Duration.ofSeconds(2);

    private static final Duration LONGEST_HANDSHAKE = Duration.ofSeconds(2);

    private final SSLSocketFactory tls;
    private final Duration handshake;

    Dialler(TlsIdentity identity) {
        this(identity, LONGEST_HANDSHAKE);
    }

    Dialler(TlsIdentity identity, Duration handshake) {
        this.tls = identity.sslContext(PeerExpectation.any()).getSocketFactory();
        this.handshake = handshake;
    }

    /** Who answers at an address; its name is resolved anew. */
    Dialled dial(InetSocketAddress address) {
        String host = address.getHostString();
        InetAddress resolved;
        try {
            resolved = InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            return new Dialled.Unresolvable(host);
        }
        try (Socket plain = new Socket()) {
            try {
                plain.connect(
                        new InetSocketAddress(resolved, address.getPort()),
                        (int) LONGEST_CONNECT.toMillis());
            } catch (SocketTimeoutException e) {
                return new Dialled.Closed(
                        "no connection within %d s".formatted(LONGEST_CONNECT.toSeconds()));
            } catch (IOException e) {
                return new Dialled.Closed(String.valueOf(e.getMessage()));
            }
            return handshake(plain, host, address.getPort());
        } catch (IOException e) {
            return new Dialled.OtherProgram(String.valueOf(e.getMessage()));
        }
    }

    private Dialled handshake(Socket plain, String host, int port) throws IOException {
        plain.setSoTimeout((int) handshake.toMillis());
        try (SSLSocket socket = (SSLSocket) tls.createSocket(plain, host, port, true)) {
            socket.startHandshake();
            X509Certificate certificate =
                    (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return new Dialled.Answered(TlsIdentity.peer(certificate));
        } catch (SocketTimeoutException e) {
            return new Dialled.OtherProgram(
                    "it answers no TLS handshake within %d ms".formatted(handshake.toMillis()));
        } catch (CertificateException e) {
            return new Dialled.OtherProgram(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return new Dialled.OtherProgram(words(e));
        }
    }

    /** A certificate's fault says more than the handshake that failed because of it. */
    private static String words(IOException failure) {
        return certificate(failure)
                .map(fault -> String.valueOf(fault.getMessage()))
                .orElseGet(() -> "it speaks no TLS 1.3: " + failure.getMessage());
    }

    private static Optional<CertificateException> certificate(Throwable failure) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException fault) {
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }
}
