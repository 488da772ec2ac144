package dev.sluice.control.pki;

import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.TlsIdentity;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import javax.net.ssl.SSLException;

/** Mutual TLS 1.3 for gRPC, from this process's identity. */
public final class GrpcTls {

    /**
     * BoringSSL where it is: a handshake and a byte cost a fraction of the JDK's before its JIT is
     * warm.
     */
    private static final SslProvider PROVIDER =
            OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;

    private GrpcTls() {}

    /** For a server: every client has to prove a name of this cluster. */
    public static SslContext server(TlsIdentity identity) throws SSLException {
        return GrpcSslContexts.configure(
                        SslContextBuilder.forServer(identity.keyManagerFactory()), PROVIDER)
                .protocols(TlsIdentity.PROTOCOL)
                .trustManager(identity.trustManagerFactory(PeerExpectation.any()))
                .clientAuth(ClientAuth.REQUIRE)
                .build();
    }

    /** For a client: the server has to be the expected peer. */
    public static SslContext client(TlsIdentity identity, PeerExpectation expectation)
            throws SSLException {
        return GrpcSslContexts.configure(SslContextBuilder.forClient(), PROVIDER)
                .protocols(TlsIdentity.PROTOCOL)
                .keyManager(identity.keyManagerFactory())
                .trustManager(identity.trustManagerFactory(expectation))
                // A peer is known by the name in its certificate; its address may be a shared one.
                .endpointIdentificationAlgorithm(null)
                .build();
    }
}
