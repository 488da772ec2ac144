package dev.sluice.sample;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** The other end of a site's port, as the tests drive it: sends lines, reads lines. */
@NullMarked
final class Peer implements Closeable {

    private static final int READ_DEADLINE_MILLIS = 10_000;

    private final Closeable connection;
    private final BufferedReader in;
    private final OutputStream out;

    private Peer(Closeable connection, BufferedReader in, OutputStream out) {
        this.connection = connection;
        this.in = in;
        this.out = out;
    }

    static Peer client(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        Socket socket = new Socket();
        socket.setSoTimeout(READ_DEADLINE_MILLIS);
        socket.connect(
                new InetSocketAddress(
                        address.substring(0, colon),
                        Integer.parseInt(address.substring(colon + 1))));
        return new Peer(
                socket,
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8)),
                socket.getOutputStream());
    }

    static Peer control(Path path) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(path));
        return new Peer(
                channel,
                new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8)),
                Channels.newOutputStream(channel));
    }

    @Nullable String ask(String line) throws IOException {
        send((line + "\n").getBytes(StandardCharsets.UTF_8));
        return read();
    }

    void send(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /** The next line, or null when the other end has closed. */
    @Nullable String read() throws IOException {
        try {
            return in.readLine();
        } catch (java.net.SocketException e) {
            return null;
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
