package dev.sluice.control.channel;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An HTTP proxy that makes tunnels, or refuses to. */
final class ConnectProxy implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final boolean willing;
    final List<String> asked = new CopyOnWriteArrayList<>();

    ConnectProxy(boolean willing) throws IOException {
        this.willing = willing;
        threads.execute(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                sockets.add(client);
                threads.execute(() -> serve(client));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private void serve(Socket client) {
        try {
            InputStream in = client.getInputStream();
            BufferedReader head =
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII), 1);
            String request = String.valueOf(head.readLine());
            for (String line = head.readLine(); line != null && !line.isEmpty(); ) {
                line = head.readLine();
            }
            String target = request.substring(8, request.indexOf(" ", 8));
            asked.add("CONNECT " + target);
            OutputStream out = client.getOutputStream();
            if (!willing) {
                out.write(
                        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                return;
            }
            int colon = target.lastIndexOf(':');
            Socket server =
                    new Socket(
                            InetAddress.getLoopbackAddress(),
                            Integer.parseInt(target.substring(colon + 1)));
            sockets.add(server);
            out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            threads.execute(() -> copy(server, client));
            copy(client, server);
        } catch (IOException closed) {
            // One side has gone.
        }
    }

    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException closed) {
            // One side has gone.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        threads.shutdownNow();
    }
}
