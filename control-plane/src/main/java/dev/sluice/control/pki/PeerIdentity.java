package dev.sluice.control.pki;

import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The verified name of the peer of a call. The interceptor takes it from the certificate of the TLS
 * session, whose chain the handshake has verified; a call over a connection that proves no name
 * ends with UNAUTHENTICATED before it reaches a service.
 */
public final class PeerIdentity {

    private static final Context.Key<PeerName> PEER = Context.key("sluice-peer");
    private static final Context.Key<X509Certificate> CERTIFICATE =
            Context.key("sluice-peer-certificate");

    private static final Context.Key<String> ADDRESS = Context.key("sluice-peer-address");

    private PeerIdentity() {}

    /** The address that the current call comes from; {@code unknown} where none is known. */
    public static String address() {
        String address = ADDRESS.get();
        return address == null ? "unknown" : address;
    }

    private static String address(ServerCall<?, ?> call) {
        return call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)
                        instanceof InetSocketAddress from
                ? from.getAddress().getHostAddress()
                : "unknown";
    }

    /** Puts the peer's name into the context of every call; belongs on every server. */
    public static ServerInterceptor interceptor() {
        return new FromTlsSession();
    }

    /** A context whose calls come from this peer, for a transport that proves names otherwise. */
    public static Context as(PeerName peer) {
        return Context.current().withValue(PEER, peer);
    }

    /**
     * The peer of the current call.
     *
     * @throws io.grpc.StatusRuntimeException UNAUTHENTICATED when the interceptor is not installed
     */
    public static PeerName current() {
        PeerName peer = PEER.get();
        if (peer == null) {
            throw Status.UNAUTHENTICATED
                    .withDescription("the connection proves no peer; expected mutual TLS")
                    .asRuntimeException();
        }
        return peer;
    }

    /**
     * The certificate that the peer of the current call showed.
     *
     * @throws io.grpc.StatusRuntimeException UNAUTHENTICATED when the interceptor is not installed
     */
    public static X509Certificate certificate() {
        X509Certificate certificate = CERTIFICATE.get();
        if (certificate == null) {
            throw Status.UNAUTHENTICATED
                    .withDescription("the connection proves no peer; expected mutual TLS")
                    .asRuntimeException();
        }
        return certificate;
    }

    /**
     * The peer of the current call, which must be of one of these kinds.
     *
     * @throws io.grpc.StatusRuntimeException PERMISSION_DENIED when it is of another
     */
    public static PeerName require(PeerName.Kind first, PeerName.Kind... others) {
        Set<PeerName.Kind> allowed = EnumSet.of(first);
        allowed.addAll(Arrays.asList(others));
        PeerName peer = current();
        if (!allowed.contains(peer.kind())) {
            throw Status.PERMISSION_DENIED
                    .withDescription("%s: expected a peer of kind %s".formatted(peer, allowed))
                    .asRuntimeException();
        }
        return peer;
    }

    private static final class FromTlsSession implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
            if (session == null) {
                return refuse(call, "the connection is not TLS; expected mutual TLS 1.3");
            }
            PeerName peer;
            X509Certificate certificate;
            try {
                certificate = (X509Certificate) session.getPeerCertificates()[0];
                peer = TlsIdentity.peer(certificate);
            } catch (SSLPeerUnverifiedException e) {
                return refuse(call, "the peer showed no certificate; expected one of this cluster");
            } catch (CertificateException e) {
                return refuse(call, String.valueOf(e.getMessage()));
            }
            return Contexts.interceptCall(
                    Context.current()
                            .withValues(
                                    PEER, peer, CERTIFICATE, certificate, ADDRESS, address(call)),
                    call,
                    headers,
                    next);
        }

        private static <Q, A> ServerCall.Listener<Q> refuse(ServerCall<Q, A> call, String reason) {
            call.close(Status.UNAUTHENTICATED.withDescription(reason), new Metadata());
            return new ServerCall.Listener<>() {};
        }
    }
}
