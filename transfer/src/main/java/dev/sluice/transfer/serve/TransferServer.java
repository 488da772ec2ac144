package dev.sluice.transfer.serve;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.trust.pki.PeerExpectation;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves contents to pullers that have a certificate of the cluster. */
public final class TransferServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TransferServer.class);

    /** Threads that read disks; a pull waits for one read at a time. */
    private static final int DISK_THREADS = 2;

    /** How long pullers have to take the goodbye. */
    private static final Duration CLOSE = Duration.ofSeconds(1);

    private final Channel listener;
    private final Shared shared;

    /** What the connections of a server have in common. */
    record Shared(
            ContentLibrary library,
            Admission admission,
            RateLimit limit,
            Ticker ticker,
            ThreadPoolExecutor disk,
            ChannelGroup connections,
            LongAdder sentBytes,
            UplinkMeter uplink) {}

    private TransferServer(Channel listener, Shared shared) {
        this.listener = listener;
        this.shared = shared;
    }

    /**
     * Starts to serve.
     *
     * @param limit of everything that is sent, in all pulls together
     * @throws IOException when the address cannot be bound
     */
    public static TransferServer start(
            TransferNetwork network,
            InetSocketAddress listen,
            PeerExpectation peers,
            ContentLibrary library,
            ServeLimits limits,
            RateLimit limit,
            Ticker ticker)
            throws IOException {
        ThreadPoolExecutor disk =
                new ThreadPoolExecutor(
                        DISK_THREADS,
                        DISK_THREADS,
                        10,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(2 * limits.connections()),
                        Thread.ofPlatform().daemon().name("transfer-read-", 0).factory());
        disk.allowCoreThreadTimeOut(true);
        Shared shared =
                new Shared(
                        library,
                        new Admission(limits),
                        limit,
                        ticker,
                        disk,
                        new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true),
                        new LongAdder(),
                        new UplinkMeter(ticker));
        SslContext tls = network.serverTls(peers);
        var bound =
                network.server()
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        accept(channel, tls, shared);
                                    }
                                })
                        .bind(listen)
                        .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            disk.shutdown();
            throw new IOException(
                    "transfer address %s: it can't be bound (%s); is another process using it?"
                            .formatted(listen, bound.cause().getMessage()),
                    bound.cause());
        }
        return new TransferServer(bound.channel(), shared);
    }

    private static void accept(Channel channel, SslContext tls, Shared shared) {
        if (!shared.admission().connect()) {
            LOG.warn("transfer: {}: too many connections, refused", channel.remoteAddress());
            var _ = channel.close();
            return;
        }
        var _ = channel.closeFuture().addListener(_ -> shared.admission().disconnect());
        shared.connections().add(channel);
        channel.pipeline()
                .addLast(TransferNetwork.tlsHandler(tls, channel.alloc()))
                .addLast(shared.uplink().handler())
                .addLast(new ServeConnection(channel, shared));
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Bytes of contents that were given to the network since the start. */
    public long sentBytes() {
        return shared.sentBytes().sum();
    }

    /**
     * The rate at which the network last took the bytes of one pull, while it was what held them
     * back; 0: it never was.
     */
    public long uplinkBytesPerSecond() {
        return shared.uplink().bytesPerSecond();
    }

    /** Pulls that are served now. */
    public int pulls() {
        return shared.admission().pulls();
    }

    /** Tells every puller that nothing more comes, and ends. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        for (Channel channel : shared.connections()) {
            channel.pipeline().fireUserEventTriggered(ServeConnection.GOING_AWAY);
        }
        shared.connections().newCloseFuture().awaitUninterruptibly(CLOSE.toMillis());
        shared.connections().close().awaitUninterruptibly(CLOSE.toMillis());
        shared.disk().shutdown();
    }
}
