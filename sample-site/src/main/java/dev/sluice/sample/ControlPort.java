package dev.sluice.sample;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The unix socket over which the node's agent controls the site: a request line, an answer line of
 * JSON.
 *
 * <p>Who may connect is decided by the file system: the socket has mode 0600 in a directory of mode
 * 0700, which also covers the moment between binding the socket and setting its mode.
 */
final class ControlPort implements Closeable {

    /** Answers one request line; it may block, and must return one line without its end. */
    interface Requests {
        String answer(String request);

        /** Called once an answer is on its way to the peer. */
        void answered(String request);
    }

    private static final Duration IDLE = Duration.ofSeconds(60);
    private static final Duration ACCEPT_RETRY = Duration.ofMillis(100);
    private static final int MAX_CONNECTIONS = 16;
    private static final Set<PosixFilePermission> DIRECTORY_MODE =
            PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> SOCKET_MODE =
            PosixFilePermissions.fromString("rw-------");

    private final ServerSocketChannel listener;
    private final Path path;
    private final Requests requests;
    private final ScheduledExecutorService timer;
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();

    private ControlPort(
            ServerSocketChannel listener,
            Path path,
            Requests requests,
            ScheduledExecutorService timer) {
        this.listener = listener;
        this.path = path;
        this.requests = requests;
        this.timer = timer;
    }

    static ControlPort open(Path path, Requests requests, ScheduledExecutorService timer)
            throws IOException {
        prepareDirectory(path);
        removeStaleSocket(path);
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path), MAX_CONNECTIONS);
            Files.setPosixFilePermissions(path, SOCKET_MODE);
        } catch (IOException e) {
            listener.close();
            throw new IOException(
                    "control socket "
                            + path
                            + ": cannot be bound: "
                            + e.getMessage()
                            + "; choose another --control (its path may have 107 bytes at most)",
                    e);
        }
        ControlPort port = new ControlPort(listener, path, requests, timer);
        Thread.ofPlatform().name("control-port").daemon().start(port::acceptAll);
        return port;
    }

    @Override
    public void close() throws IOException {
        if (listener.isOpen()) {
            listener.close();
            Files.deleteIfExists(path);
        }
        for (SocketChannel connection : connections) {
            connection.close();
        }
    }

    private void acceptAll() {
        while (listener.isOpen()) {
            try {
                SocketChannel connection = listener.accept();
                if (connections.size() >= MAX_CONNECTIONS) {
                    connection.close();
                    continue;
                }
                connections.add(connection);
                Thread.ofVirtual().name("control").start(() -> serve(connection));
                if (!listener.isOpen()) {
                    connection.close();
                }
            } catch (IOException e) {
                if (listener.isOpen()) {
                    // Out of file descriptors, most likely: the agent's next connection waits
                    // meanwhile.
                    System.err.println(
                            "sample-site: cannot take a control connection: " + e.getMessage());
                    LockSupport.parkNanos(ACCEPT_RETRY.toNanos());
                }
            }
        }
    }

    private void serve(SocketChannel connection) {
        try (connection;
                Expiry expiry = Expiry.after(IDLE, timer, connection)) {
            LineReader lines = new LineReader(Channels.newInputStream(connection));
            OutputStream out = Channels.newOutputStream(connection);
            @Nullable String request;
            while ((request = lines.readLine()) != null) {
                expiry.extend(IDLE);
                send(out, requests.answer(request));
                requests.answered(request);
            }
        } catch (ProtocolException e) {
            System.err.println("sample-site: control connection closed: " + e.getMessage());
        } catch (IOException _) {
            // The peer went away; a request whose answer was lost is asked again.
        } finally {
            connections.remove(connection);
        }
    }

    private static void send(OutputStream out, String line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static void prepareDirectory(Path path) throws IOException {
        Path directory = path.getParent();
        if (directory == null) {
            throw new IOException(
                    "control socket " + path + ": has no directory; give a file below one");
        }
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(DIRECTORY_MODE));
        }
        Set<PosixFilePermission> mode =
                Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
        if (!DIRECTORY_MODE.containsAll(mode)) {
            throw new IOException(
                    "control directory "
                            + directory
                            + ": expected mode rwx------, found "
                            + PosixFilePermissions.toString(mode)
                            + "; give the socket a directory of its own or chmod 700 this one");
        }
    }

    /** Removes the socket of a site that died, and refuses the one of a site that lives. */
    private static void removeStaleSocket(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean socket =
                Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .isOther();
        if (!socket) {
            throw new IOException(
                    "control socket "
                            + path
                            + ": is a file; remove it or choose another --control");
        }
        try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            throw new IOException(
                    "control socket "
                            + path
                            + ": in use by a running site; stop it or choose another --control");
        } catch (ConnectException _) {
            Files.delete(path);
        }
    }
}
