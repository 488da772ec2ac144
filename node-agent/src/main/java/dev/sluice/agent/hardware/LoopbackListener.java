package dev.sluice.agent.hardware;

import dev.sluice.agent.config.HostPort;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shared address that is a listening socket: the kernel gives it to one process at a time. While
 * it is held, its connections are forwarded to the local control plane.
 */
public final class LoopbackListener implements SharedAddress {

    private static final Logger LOG = LoggerFactory.getLogger(LoopbackListener.class);
    private static final Duration LEASE_CHECK = Duration.ofMillis(20);
    private static final Duration ACCEPTOR_END = Duration.ofSeconds(2);
    private static final int BACKLOG = 128;
    private static final int MAX_CONNECTIONS = 1024;
    private static final int CONNECT_MILLIS = 2000;
    private static final int BUFFER_BYTES = 16 << 10;

    private final HostPort address;
    private final HostPort forwardTo;
    private final Runnable changed;
    private final ScheduledExecutorService lease =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().name("lease").factory());
    private final AtomicReference<@Nullable Holding> holding = new AtomicReference<>();

    /**
     * @param changed called when the address was taken or released
     */
    public LoopbackListener(HostPort address, HostPort forwardTo, Runnable changed) {
        this.address = address;
        this.forwardTo = forwardTo;
        this.changed = changed;
        var _ =
                lease.scheduleWithFixedDelay(
                        this::releaseWhenLate,
                        LEASE_CHECK.toMillis(),
                        LEASE_CHECK.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    public void hold(Duration time) throws IOException {
        Holding current = holding.get();
        if (current != null) {
            current.extend(time);
            return;
        }
        Holding next = new Holding(bind(), time);
        if (!holding.compareAndSet(null, next)) {
            next.close();
            throw new IOException("shared address " + address + ": taken twice at once");
        }
        next.start();
        LOG.info("shared address {}: held, forwarded to {}", address, forwardTo);
        changed.run();
    }

    @Override
    public void renew(Duration time) {
        Holding current = holding.get();
        if (current != null) {
            current.extend(time);
        }
    }

    @Override
    public void release() {
        Holding current = holding.getAndSet(null);
        if (current != null) {
            current.close();
            LOG.info("shared address {}: released", address);
            changed.run();
        }
    }

    @Override
    public String held() {
        return holding.get() == null ? "" : address.toString();
    }

    @Override
    public String configured() {
        return address.toString();
    }

    @Override
    public void close() {
        lease.shutdownNow();
        lease.close();
        release();
    }

    private ServerSocket bind() throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            // Connections of the last owner in TIME_WAIT must not keep the next one waiting.
            listener.setReuseAddress(true);
            listener.bind(address.resolve(), BACKLOG);
            return listener;
        } catch (IOException e) {
            listener.close();
            throw new IOException(
                    "shared address %s: expected it to be free, found: %s; another master still has it"
                            .formatted(address, e.getMessage()),
                    e);
        }
    }

    private void releaseWhenLate() {
        Holding current = holding.get();
        if (current != null && current.isLate() && holding.compareAndSet(current, null)) {
            current.close();
            LOG.warn("shared address {}: released, its lease was not renewed", address);
            changed.run();
        }
    }

    /** One time of holding the address. */
    private final class Holding implements Closeable {
        private final ServerSocket listener;
        private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
        private volatile long endNanos;
        private final Thread acceptor =
                Thread.ofVirtual().name("shared-address").unstarted(this::accept);
        private volatile boolean closed;

        Holding(ServerSocket listener, Duration time) {
            this.listener = listener;
            extend(time);
        }

        void start() {
            acceptor.start();
        }

        void extend(Duration time) {
            Duration bounded = time.compareTo(MAX_LEASE) < 0 ? time : MAX_LEASE;
            endNanos = System.nanoTime() + bounded.toNanos();
        }

        boolean isLate() {
            return System.nanoTime() - endNanos > 0;
        }

        void accept() {
            while (!closed) {
                try {
                    Socket client = listener.accept();
                    if (sockets.size() >= 2 * MAX_CONNECTIONS) {
                        client.close();
                        continue;
                    }
                    sockets.add(client);
                    Thread.ofVirtual().name("shared-address-in").start(() -> forward(client));
                } catch (IOException e) {
                    if (!closed) {
                        LOG.warn("shared address {}: {}", address, e.getMessage());
                        pauseAfterFailure();
                    }
                }
            }
        }

        /** Out of file descriptors, most likely: without a pause this would only burn the CPU. */
        private void pauseAfterFailure() {
            try {
                Thread.sleep(LEASE_CHECK);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        private void forward(Socket client) {
            Socket local = new Socket();
            sockets.add(local);
            try {
                if (closed) {
                    return;
                }
                local.connect(forwardTo.resolve(), CONNECT_MILLIS);
                local.setTcpNoDelay(true);
                client.setTcpNoDelay(true);
                Thread back =
                        Thread.ofVirtual()
                                .name("shared-address-out")
                                .start(() -> copy(local, client));
                copy(client, local);
                back.join();
            } catch (IOException e) {
                LOG.debug("shared address {}: {}: {}", address, forwardTo, e.getMessage());
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } finally {
                discard(client);
                discard(local);
            }
        }

        /** One direction, to its end; the other goes on until its own. */
        private void copy(Socket from, Socket to) {
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                byte[] buffer = new byte[BUFFER_BYTES];
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    out.write(buffer, 0, count);
                }
                to.shutdownOutput();
            } catch (IOException _) {
                discard(from);
                discard(to);
            }
        }

        private void discard(Socket socket) {
            sockets.remove(socket);
            try {
                socket.close();
            } catch (IOException e) {
                LOG.debug("shared address {}: {}", address, e.getMessage());
            }
        }

        @Override
        public void close() {
            closed = true;
            try {
                listener.close();
            } catch (IOException e) {
                LOG.warn("shared address {}: {}", address, e.getMessage());
            }
            sockets.forEach(this::discard);
            awaitAcceptor();
        }

        /**
         * The kernel frees the port only when nobody is inside accept() any more; until then the
         * next master would find it in use.
         */
        private void awaitAcceptor() {
            try {
                if (acceptor.getState() != Thread.State.NEW && !acceptor.join(ACCEPTOR_END)) {
                    LOG.warn("shared address {}: its port is not free yet", address);
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
