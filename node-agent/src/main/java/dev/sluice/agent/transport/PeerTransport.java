package dev.sluice.agent.transport;

import dev.sluice.agent.config.HostPort;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.TlsIdentity;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** Channels to peers and the server for them, on one event loop; epoll where it is available. */
public final class PeerTransport implements AutoCloseable {

    /**
     * BoringSSL where it is: a handshake and a byte cost a fraction of the JDK's before its JIT is
     * warm.
     */
    private static final SslProvider PROVIDER =
            OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;

    /**
     * How long sent bytes may stay unacknowledged before a connection counts as dead. Reports go
     * out each second, so that a half-open connection is noticed in about this time.
     */
    private static final Duration UNACKNOWLEDGED = Duration.ofSeconds(5);

    /** gRPC does not ping more often; servers have to permit it (permitKeepAliveTime). */
    private static final Duration PING_AFTER = Duration.ofSeconds(10);

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final int MAX_MESSAGE_BYTES = 4 << 20;
    private static final int MAX_CALLS_PER_CONNECTION = 16;

    private final TlsIdentity identity;
    private final boolean epoll = Epoll.isAvailable();
    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(
                    1, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

    public PeerTransport(TlsIdentity identity) {
        this.identity = identity;
    }

    /**
     * A channel to a peer, which connects when it is first used. Its callbacks run on the event
     * loop and must not block.
     */
    public ManagedChannel channel(HostPort address, PeerExpectation peer) {
        Class<? extends Channel> type = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
        NettyChannelBuilder builder =
                NettyChannelBuilder.forAddress(address.host(), address.port())
                        .sslContext(clientContext(peer))
                        .eventLoopGroup(loop)
                        .channelType(type)
                        .directExecutor()
                        .disableRetry()
                        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT.toMillis())
                        .keepAliveTime(PING_AFTER.toSeconds(), TimeUnit.SECONDS)
                        .keepAliveTimeout(UNACKNOWLEDGED.toSeconds(), TimeUnit.SECONDS)
                        .maxInboundMessageSize(MAX_MESSAGE_BYTES);
        if (epoll) {
            builder.withOption(
                    EpollChannelOption.TCP_USER_TIMEOUT, (int) UNACKNOWLEDGED.toMillis());
        }
        return builder.build();
    }

    /**
     * Starts a server for peers.
     *
     * @throws IOException when the address cannot be bound
     */
    public Server serve(
            HostPort address, PeerExpectation peers, Executor calls, BindableService service)
            throws IOException {
        Class<? extends ServerChannel> type =
                epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        try {
            return NettyServerBuilder.forAddress(address.resolve())
                    .sslContext(serverContext(peers))
                    .bossEventLoopGroup(loop)
                    .workerEventLoopGroup(loop)
                    .channelType(type)
                    .executor(calls)
                    .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                    .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                    .permitKeepAliveTime(PING_AFTER.toSeconds() / 2, TimeUnit.SECONDS)
                    .addService(service)
                    .build()
                    .start();
        } catch (IOException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    "listen address %s: cannot be bound: %s; choose another or stop its owner"
                            .formatted(address, cause.getMessage()),
                    e);
        }
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private SslContext clientContext(PeerExpectation peer) {
        try {
            return GrpcSslContexts.configure(SslContextBuilder.forClient(), PROVIDER)
                    .keyManager(identity.keyManagerFactory())
                    .trustManager(identity.trustManagerFactory(peer))
                    .protocols(TlsIdentity.PROTOCOL)
                    .endpointIdentificationAlgorithm(null)
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("TLS for " + peer.description(), e);
        }
    }

    private SslContext serverContext(PeerExpectation peers) {
        try {
            return GrpcSslContexts.configure(
                            SslContextBuilder.forServer(identity.keyManagerFactory()), PROVIDER)
                    .trustManager(identity.trustManagerFactory(peers))
                    .protocols(TlsIdentity.PROTOCOL)
                    .clientAuth(ClientAuth.REQUIRE)
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("TLS for " + peers.description(), e);
        }
    }
}
