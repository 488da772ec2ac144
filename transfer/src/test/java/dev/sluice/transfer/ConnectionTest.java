package dev.sluice.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.transfer.net.Connection;
import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both ends of a connection, each on its thread. */
@Timeout(60)
@Tag("PKG-4")
final class ConnectionTest {

    private static final int MOST = 20_000;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final TransferNetwork network =
            new TransferNetwork(TestNode.identity(PeerName.node("eu-1")));
    private Connection accepted;
    private Connection connected;

    @BeforeEach
    void open() throws Exception {
        open(network.clientTls(PeerExpectation.any()), network.serverTls(PeerExpectation.any()));
    }

    private void open(SslContext client, SslContext server) throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            connected = network.toSource(SocketChannel.open(listener.getLocalAddress()), client);
            accepted = network.toPuller(listener.accept(), server);
        }
    }

    @AfterEach
    void close() throws Exception {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        accepted.release();
        connected.release();
        network.close();
    }

    private Future<?> atTheServer(Callable<?> task) {
        return threads.submit(() -> {
            accepted.handshake();
            return task.call();
        });
    }

    private static byte[] random(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    /** Reads to the end, a few records at a time. */
    private byte[] readAll(int room) throws IOException {
        ByteBuf all = Unpooled.directBuffer();
        ByteBuf piece = Unpooled.directBuffer(room, room);
        try {
            while (connected.read(piece, MOST) >= 0) {
                do {
                    all.writeBytes(piece);
                    piece.clear();
                } while (connected.readMore(piece) > 0);
            }
            byte[] bytes = new byte[all.readableBytes()];
            all.readBytes(bytes);
            return bytes;
        } finally {
            all.release();
            piece.release();
        }
    }

    @Test
    void everyByteComesInOrderWhateverIsReadAtOnce() throws Exception {
        sendAll();
    }

    /** Where there is no BoringSSL; it takes one whole record in a call. */
    @Test
    void theJdksOwnTlsDoesAsWell() throws Exception {
        accepted.release();
        connected.release();
        TlsIdentity self = TestNode.identity(PeerName.node("eu-1"));
        open(jdks(SslContextBuilder.forClient(), self), jdks(server(self), self));

        sendAll();
    }

    private static SslContextBuilder server(TlsIdentity self) {
        return SslContextBuilder.forServer(self.keyManagerFactory()).clientAuth(ClientAuth.REQUIRE);
    }

    private static SslContext jdks(SslContextBuilder builder, TlsIdentity self) throws Exception {
        return builder.sslProvider(SslProvider.JDK)
                .keyManager(self.keyManagerFactory())
                .trustManager(self.trustManagerFactory(PeerExpectation.any()))
                .protocols(TlsIdentity.PROTOCOL)
                .endpointIdentificationAlgorithm(null)
                .build();
    }

    private void sendAll() throws Exception {
        byte[] sent = random((3 << 20) + 17);
        Future<?> server =
                atTheServer(() -> {
                    ByteBuf bytes = Unpooled.directBuffer(sent.length).writeBytes(sent);
                    try {
                        accepted.write(bytes);
                        accepted.endOutput();
                        return null;
                    } finally {
                        bytes.release();
                    }
                });

        connected.handshake();
        assertThat(readAll(20 << 10)).isEqualTo(sent);
        server.get(10, TimeUnit.SECONDS);
    }

    @Test
    void bothKnowWhoTheOtherIsAndWhatIsSpoken() throws Exception {
        Future<?> server =
                atTheServer(() -> {
                    assertThat(accepted.speaksTransfer()).isTrue();
                    return TlsIdentity.peer(accepted.peerCertificate());
                });

        connected.handshake();
        assertThat(connected.speaksTransfer()).isTrue();
        assertThat(TlsIdentity.peer(connected.peerCertificate())).isEqualTo(PeerName.node("eu-1"));
        assertThat(server.get(10, TimeUnit.SECONDS)).isEqualTo(PeerName.node("eu-1"));
    }

    @Test
    void whatIsWrittenRightAfterTheHandshakeIsNotLost() throws Exception {
        Future<?> server =
                atTheServer(() -> {
                    ByteBuf in = Unpooled.directBuffer(MOST, MOST);
                    try {
                        int count = accepted.read(in, MOST);
                        return count + " " + in.readByte();
                    } finally {
                        in.release();
                    }
                });

        connected.handshake();
        ByteBuf one = Unpooled.directBuffer(1).writeByte(7);
        connected.write(one);
        one.release();
        assertThat(server.get(10, TimeUnit.SECONDS)).isEqualTo("1 7");
    }

    @Test
    void aCloseEndsWhoeverWaits() throws Exception {
        Future<?> reader =
                atTheServer(() -> {
                    ByteBuf in = Unpooled.directBuffer(MOST, MOST);
                    try {
                        return accepted.read(in, MOST);
                    } finally {
                        in.release();
                    }
                });
        connected.handshake();

        accepted.close();

        assertThatThrownBy(() -> reader.get(10, TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void aPeerThatEndsInsteadOfShakingHandsIsToldSo() {
        connected.close();

        assertThatThrownBy(accepted::handshake)
                .isInstanceOf(IOException.class)
                .hasMessage("closed during the handshake");
    }
}
