package dev.sluice.sample;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The listener for clients: takes connections and gives each a session on a virtual thread of its
 * own.
 */
final class ClientPort implements Closeable {

    /**
     * Connections above the sessions: so that probes and refusals still get an answer on a full
     * site.
     */
    private static final int SPARE_CONNECTIONS = 256;

    private static final int BACKLOG = 1_024;
    private static final long ACCEPT_RETRY_MILLIS = 100;

    private final ServerSocket listener;
    private final SiteOptions options;
    private final Admission admission;
    private final ScheduledExecutorService timer;
    private final Set<ClientSession> connections = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);

    private ClientPort(
            ServerSocket listener,
            SiteOptions options,
            Admission admission,
            ScheduledExecutorService timer) {
        this.listener = listener;
        this.options = options;
        this.admission = admission;
        this.timer = timer;
    }

    /** Binds the address of the options and starts to take connections. */
    static ClientPort open(SiteOptions options, Admission admission, ScheduledExecutorService timer)
            throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            listener.bind(options.listen(), BACKLOG);
        } catch (IOException e) {
            listener.close();
            throw new IOException(
                    "listen address "
                            + hostPort(options.listen())
                            + ": cannot be bound: "
                            + e.getMessage()
                            + "; stop the process that has it or choose another --listen",
                    e);
        }
        ClientPort port = new ClientPort(listener, options, admission, timer);
        Thread.ofPlatform().name("client-port").daemon().start(port::acceptAll);
        return port;
    }

    /** The bound address as HOST:PORT. */
    String address() {
        return hostPort(new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort()));
    }

    /** Stops listening and ends every connection. */
    @Override
    public void close() throws IOException {
        closed.countDown();
        listener.close();
        for (ClientSession connection : connections) {
            connection.close();
        }
    }

    private void acceptAll() {
        while (closed.getCount() > 0) {
            try {
                serve(listener.accept());
            } catch (IOException e) {
                if (closed.getCount() > 0) {
                    // Out of file descriptors, most likely: the ones in use go on, new ones wait in
                    // the backlog.
                    System.err.println("sample-site: cannot take a connection: " + e.getMessage());
                    pause();
                }
            }
        }
    }

    private void serve(Socket socket) throws IOException {
        if (connections.size() >= options.maxSessions() + SPARE_CONNECTIONS) {
            admission.refuse();
            socket.close();
            return;
        }
        ClientSession session =
                new ClientSession(socket, options, admission, timer, connections::remove);
        connections.add(session);
        Thread.ofVirtual().name("client").start(session);
        if (closed.getCount() == 0) {
            session.close();
        }
    }

    private void pause() {
        try {
            boolean _ = closed.await(ACCEPT_RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static String hostPort(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        String text = host == null ? address.getHostString() : host.getHostAddress();
        return (text.indexOf(':') >= 0 ? "[" + text + "]" : text) + ":" + address.getPort();
    }
}
