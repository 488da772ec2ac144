package dev.sluice.transfer.net;

import dev.sluice.transfer.memory.TransferMemory;
import dev.sluice.transfer.wire.Frames;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.TlsIdentity;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * The event loops of this process's transfers, and what connections on them have in common: epoll
 * and BoringSSL where they are, TLS 1.3 with certificates of both sides, the protocol's name in
 * ALPN.
 */
public final class TransferNetwork implements AutoCloseable {

    private static final SslProvider PROVIDER =
            OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;

    /** A handshake that takes longer is given up. */
    private static final Duration HANDSHAKE = Duration.ofSeconds(5);

    /**
     * One read of a socket: four TLS records. It also bounds what comes after reading was paused.
     */
    private static final int READ_BYTES = 64 << 10;

    /** Reads of one socket before the others of its loop have their turn. */
    private static final int READS_IN_A_ROW = 4;

    /** Bytes on their way into a socket: above the high mark nothing more is written. */
    private static final WriteBufferWaterMark WRITE_MARKS =
            new WriteBufferWaterMark(256 << 10, 512 << 10);

    /**
     * Bytes that wait unsent in the kernel before a socket counts as full. More would only stand
     * between a decision (pace, take back, go away) and its effect.
     */
    private static final long UNSENT_BYTES = 256L << 10;

    private final TlsIdentity identity;
    private final boolean epoll = Epoll.isAvailable();
    private final EventLoopGroup loops;

    /**
     * A network.
     *
     * @param threads event loops; one moves some Gbit/s
     */
    public TransferNetwork(TlsIdentity identity, int threads) {
        this.identity = identity;
        this.loops =
                new MultiThreadIoEventLoopGroup(
                        threads,
                        new DefaultThreadFactory("transfer", true),
                        epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    public EventLoop nextLoop() {
        return loops.next();
    }

    /** How a connection to a peer is opened, on one loop. */
    public Bootstrap client(EventLoop loop, Duration connect) {
        Bootstrap bootstrap =
                new Bootstrap()
                        .group(loop)
                        .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                        .option(ChannelOption.ALLOCATOR, TransferMemory.pool())
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) connect.toMillis())
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new FixedRecvByteBufAllocator(READ_BYTES)
                                        .maxMessagesPerRead(READS_IN_A_ROW));
        return bootstrap;
    }

    /** How connections are accepted. */
    public ServerBootstrap server() {
        ServerBootstrap bootstrap =
                new ServerBootstrap()
                        .group(loops)
                        .channel(
                                epoll
                                        ? EpollServerSocketChannel.class
                                        : NioServerSocketChannel.class)
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .childOption(ChannelOption.ALLOCATOR, TransferMemory.pool())
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_MARKS);
        if (epoll) {
            bootstrap.childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_BYTES);
        }
        return bootstrap;
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

    /** The handler that does TLS on a channel. */
    public static SslHandler tlsHandler(SslContext context, ByteBufAllocator allocator) {
        SslHandler handler = context.newHandler(allocator);
        handler.setHandshakeTimeoutMillis(HANDSHAKE.toMillis());
        // Whoever ends a connection has nothing to say any more: no waiting for its goodbye.
        handler.setCloseNotifyReadTimeoutMillis(0);
        handler.setCloseNotifyFlushTimeoutMillis(TimeUnit.SECONDS.toMillis(1));
        return handler;
    }

    /** Whether both sides agreed on the protocol; known once the handshake is done. */
    public static boolean speaksTransfer(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        return tls != null && Frames.PROTOCOL.equals(tls.applicationProtocol());
    }

    /** Ends all connections and waits until the loops are gone. */
    @Override
    public void close() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
