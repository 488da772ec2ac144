package dev.sluice.transfer.net;

import dev.sluice.transfer.wire.Frames;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.TlsIdentity;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import javax.net.ssl.SSLException;

/**
 * What the connections of this process's transfers have in common: BoringSSL where it is, TLS 1.3
 * with certificates of both sides, the protocol's name in ALPN, and one thread that keeps time.
 */
public final class TransferNetwork implements AutoCloseable {

    private static final SslProvider PROVIDER =
            OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;

    private final TlsIdentity identity;
    private final ScheduledThreadPoolExecutor control;

    public TransferNetwork(TlsIdentity identity) {
        this.identity = identity;
        this.control =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("transfer-control").factory());
        control.setRemoveOnCancelPolicy(true);
    }

    /** The id in this process's certificate. */
    public String self() {
        return identity.self().id();
    }

    /** One thread for what has to be done in order, or later. Nothing on it may block. */
    public ScheduledExecutorService control() {
        return control;
    }

    /**
     * Where contents come from, over a socket that is connected; to be secured by its handshake.
     */
    public Connection toSource(SocketChannel socket, SslContext tls) throws IOException {
        return new Connection(socket, tls, Connection.READ_BYTES);
    }

    /** Where contents go to, over a socket that was accepted; to be secured by its handshake. */
    public Connection toPuller(SocketChannel socket, SslContext tls) throws IOException {
        return new Connection(socket, tls, Connection.ONE_RECORD_BYTES);
    }

    /** TLS as a client that expects a certain peer. */
    public SslContext clientTls(PeerExpectation peer) {
        return context(SslContextBuilder.forClient(), peer);
    }

    /** TLS as a server. */
    public SslContext serverTls(PeerExpectation peers) {
        return context(
                SslContextBuilder.forServer(identity.keyManagerFactory())
                        .clientAuth(ClientAuth.REQUIRE),
                peers);
    }

    private SslContext context(SslContextBuilder builder, PeerExpectation peers) {
        try {
            return builder.sslProvider(PROVIDER)
                    .keyManager(identity.keyManagerFactory())
                    .trustManager(identity.trustManagerFactory(peers))
                    .protocols(TlsIdentity.PROTOCOL)
                    .endpointIdentificationAlgorithm(null)
                    .applicationProtocolConfig(
                            new ApplicationProtocolConfig(
                                    ApplicationProtocolConfig.Protocol.ALPN,
                                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                                    ApplicationProtocolConfig.SelectedListenerFailureBehavior
                                            .ACCEPT,
                                    Frames.PROTOCOL))
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("TLS for " + peers.description(), e);
        }
    }

    /** Ends the thread after what is to be done now; connections are ended by who made them. */
    @Override
    public void close() {
        control.shutdown();
    }
}
