package dev.sluice.agent.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.agent.config.HostPort;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class LoopbackListenerTest {

    private static final Duration LONG = Duration.ofMinutes(1);
    private static final int DEADLINE_MILLIS = 30_000;

    private final ServerSocket controlPlane;
    private final HostPort address;
    private final CountDownLatch changes = new CountDownLatch(2);
    private final LoopbackListener here;
    private final LoopbackListener there;

    LoopbackListenerTest() throws IOException {
        controlPlane = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = new HostPort("127.0.0.1", probe.getLocalPort());
        }
        HostPort forwardTo = new HostPort("127.0.0.1", controlPlane.getLocalPort());
        here = new LoopbackListener(address, forwardTo, changes::countDown);
        there = new LoopbackListener(address, forwardTo, () -> {});
    }

    @BeforeEach
    void echo() {
        Thread.ofVirtual().start(this::serve);
    }

    @AfterEach
    void close() throws IOException {
        here.close();
        there.close();
        controlPlane.close();
    }

    private void serve() {
        try {
            while (true) {
                Socket socket = controlPlane.accept();
                Thread.ofVirtual().start(() -> echo(socket));
            }
        } catch (IOException _) {
            // Closed at the end of the test.
        }
    }

    private static void echo(Socket socket) {
        try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException _) {
            // The connection was cut.
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.connect(address.resolve(), DEADLINE_MILLIS);
        socket.setSoTimeout(DEADLINE_MILLIS);
        return socket;
    }

    private static String exchange(Socket socket, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        socket.getOutputStream().write(bytes);
        return new String(socket.getInputStream().readNBytes(bytes.length), StandardCharsets.UTF_8);
    }

    @Test
    void forwardsToTheControlPlaneWhileItIsHeld() throws IOException {
        here.hold(LONG);

        assertThat(here.held()).isEqualTo(address.toString());
        try (Socket client = connect()) {
            assertThat(exchange(client, "hello")).isEqualTo("hello");
            client.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    @Tag("REL-1")
    void onlyOneCanHoldItAndItMovesAtOnce() throws IOException {
        here.hold(LONG);
        assertThatThrownBy(() -> there.hold(LONG))
                .hasMessageContaining("shared address " + address + ": expected it to be free");
        assertThat(there.held()).isEmpty();

        try (Socket client = connect()) {
            assertThat(exchange(client, "a")).isEqualTo("a");
            here.release();
            there.hold(LONG);
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        try (Socket client = connect()) {
            assertThat(exchange(client, "b")).isEqualTo("b");
        }
    }

    @Test
    @Tag("REL-1")
    void aLeaseThatIsNotRenewedEndsWithItsConnections() throws Exception {
        here.hold(LONG);
        try (Socket client = connect()) {
            assertThat(exchange(client, "a")).isEqualTo("a");
            here.renew(Duration.ofMillis(1));

            assertThat(changes.await(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
            assertThat(here.held()).isEmpty();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    }

    @Test
    void renewingWhatIsNotHeldDoesNotTakeIt() {
        here.renew(LONG);

        assertThat(here.held()).isEmpty();
    }
}
