package dev.sluice.agent;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A customer of the sample site. */
final class SiteClient implements AutoCloseable {

    private static final int DEADLINE_MILLIS = 30_000;

    private final Socket socket;
    private final BufferedReader in;
    private final @Nullable String greeting;

    SiteClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(DEADLINE_MILLIS);
        in =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        send("HELLO customer c-1");
        greeting = in.readLine();
    }

    @Nullable String greeting() {
        return greeting;
    }

    /** What the site answers to a ping; null when it has ended the connection. */
    @Nullable String ping() throws IOException {
        try {
            send("PING 1");
            return in.readLine();
        } catch (SocketException _) {
            return null;
        }
    }

    private void send(String line) throws IOException {
        socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
