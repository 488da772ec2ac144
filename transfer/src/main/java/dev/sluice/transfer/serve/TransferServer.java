package dev.sluice.transfer.serve;

import dev.sluice.transfer.net.Connection;
import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.trust.pki.PeerExpectation;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves contents to pullers that have a certificate of the cluster. */
public final class TransferServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TransferServer.class);

    /** How long pullers have to take the goodbye. */
    private static final Duration CLOSE = Duration.ofSeconds(1);

    private final ServerSocketChannel listener;
    private final InetSocketAddress address;
    private final TransferNetwork network;
    private final SslContext tls;
    private final Shared shared;
    private final Set<ServeConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();
    private final Object ends = new Object();

    /** What the connections of a server have in common. */
    record Shared(
            ContentLibrary library,
            Admission admission,
            RateLimit limit,
            Ticker ticker,
            ScheduledExecutorService control,
            LongAdder sentBytes,
            UplinkMeter uplink,
            InStep inStep) {}

    private TransferServer(
            ServerSocketChannel listener, TransferNetwork network, SslContext tls, Shared shared)
            throws IOException {
        this.listener = listener;
        this.address = (InetSocketAddress) listener.getLocalAddress();
        this.network = network;
        this.tls = tls;
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
        Shared shared =
                new Shared(
                        library,
                        new Admission(limits),
                        limit,
                        ticker,
                        network.control(),
                        new LongAdder(),
                        new UplinkMeter(),
                        new InStep(ticker));
        ServerSocketChannel listener = ServerSocketChannel.open();
        try {
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            listener.bind(listen);
        } catch (IOException | UnresolvedAddressException e) {
            listener.close();
            throw new IOException(
                    "transfer address %s: it can't be bound (%s); is another process using it?"
                            .formatted(listen, e.getMessage()),
                    e);
        }
        TransferServer server =
                new TransferServer(listener, network, network.serverTls(peers), shared);
        Thread.ofPlatform().daemon().name("transfer-accept").start(server::accept);
        return server;
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                accept(listener.accept());
            } catch (ClosedChannelException _) {
                return;
            } catch (IOException | RuntimeException e) {
                LOG.warn("transfer: a connection can't be accepted: {}", e.toString());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }

    private void accept(SocketChannel socket) throws IOException {
        if (!shared.admission().connect()) {
            LOG.warn("transfer: {}: too many connections, refused", socket.getRemoteAddress());
            socket.close();
            return;
        }
        Connection connection;
        try {
            connection = network.toPuller(socket, tls);
        } catch (IOException | RuntimeException e) {
            shared.admission().disconnect();
            socket.close();
            throw e;
        }
        ServeConnection serve = new ServeConnection(connection, shared, this::gone);
        connections.add(serve);
        Thread.ofPlatform()
                .daemon()
                .name("transfer-serve-" + accepted.incrementAndGet())
                .start(serve);
        if (!listener.isOpen()) {
            serve.goAway();
        }
    }

    private void gone(ServeConnection connection) {
        shared.admission().disconnect();
        connections.remove(connection);
        synchronized (ends) {
            ends.notifyAll();
        }
    }

    /** A content is in the library that was not: pulls of it that came early begin at once. */
    public void appeared() {
        connections.forEach(ServeConnection::lookAgain);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** Bytes of contents that were given to the network since the start. */
    public long sentBytes() {
        return shared.sentBytes().sum();
    }

    /**
     * The rate at which the network last took the bytes of all pulls together, while it was what
     * held one of them back; 0: it never was.
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
        try {
            listener.close();
        } catch (IOException e) {
            LOG.warn("transfer address {}: {}", address, e.getMessage());
        }
        connections.forEach(ServeConnection::goAway);
        if (!awaitNone()) {
            connections.forEach(ServeConnection::close);
            awaitNone();
        }
    }

    private boolean awaitNone() {
        long deadline = System.nanoTime() + CLOSE.toNanos();
        synchronized (ends) {
            for (long left = CLOSE.toMillis(); left > 0 && !connections.isEmpty(); ) {
                try {
                    ends.wait(left);
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                    return false;
                }
                left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            }
        }
        return connections.isEmpty();
    }
}
