package dev.sluice.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.transfer.wire.FrameReader;
import dev.sluice.transfer.wire.FrameSink;
import dev.sluice.transfer.wire.Frames;
import dev.sluice.transfer.wire.PullRequest;
import dev.sluice.transfer.wire.RefusalCode;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server before pullers that are not ours. */
@Timeout(60)
final class RawPullTest {

    @TempDir Path directory;
    private final TestContent content = TestContent.of(3 * 65_536 + 512, 4);
    private TestNode server;
    private TransferNetwork network;
    private NettyPeers peers;

    @BeforeEach
    void open() throws IOException {
        server = new TestNode("eu-1", directory);
        content.placeAt(server);
        network = new TransferNetwork(TestNode.identity(PeerName.node("eu-2")));
        peers = new NettyPeers();
    }

    @AfterEach
    void close() {
        peers.close();
        network.close();
        server.close();
    }

    /** Writes down what comes until the connection or the content ends. */
    private static final class Answers extends ChannelInboundHandlerAdapter implements FrameSink {
        private final List<String> seen = new ArrayList<>();
        private int bytes;
        private final CompletableFuture<List<String>> ended = new CompletableFuture<>();
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch alive = new CountDownLatch(1);
        private final FrameReader reader = new FrameReader();
        private final Consumer<ByteBuf> question;

        Answers(Consumer<ByteBuf> question) {
            this.question = question;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent) {
                ByteBuf out = ctx.alloc().buffer();
                question.accept(out);
                var _ = ctx.writeAndFlush(out);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws IOException {
            ByteBuf bytes = (ByteBuf) message;
            try {
                reader.read(bytes, this);
            } finally {
                bytes.release();
            }
        }

        @Override
        public void table(long contentSize, ByteBuf hashes) {
            seen.add("table " + hashes.readableBytes());
        }

        @Override
        public void data(long offset, ByteBuf data, int count) {
            bytes += count;
            begun.countDown();
        }

        @Override
        public void alive(long offset) {
            alive.countDown();
        }

        @Override
        public void end() {
            seen.add("end");
            ended.complete(seen);
        }

        @Override
        public void refused(RefusalCode code, String text) {
            seen.add(code + " " + text);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ended.complete(seen);
        }
    }

    private List<String> ask(TransferNetwork from, Consumer<ByteBuf> question) throws Exception {
        return ask(from, question, _ -> {});
    }

    private interface Meanwhile {
        void run(Answers answers) throws Exception;
    }

    private List<String> ask(TransferNetwork from, Consumer<ByteBuf> question, Meanwhile meanwhile)
            throws Exception {
        Answers answers = new Answers(question);
        Channel channel =
                peers.connect(
                        server.server.address(), from.clientTls(PeerExpectation.any()), answers);
        try {
            meanwhile.run(answers);
            return answers.ended.get(30, TimeUnit.SECONDS);
        } finally {
            channel.close().syncUninterruptibly();
        }
    }

    private PullRequest pull(long offset, boolean table) {
        return new PullRequest(
                content.content().sha256(), offset, content.content().size(), 0, table);
    }

    @Test
    void theTableComesBeforeTheEnd() throws Exception {
        assertThat(ask(network, out -> Frames.pull(out, pull(0, true))))
                .containsExactly("table 128", "end");
    }

    @Test
    void aSecondPullEndsTheConnection() throws Exception {
        List<String> answers =
                ask(
                        network,
                        out -> {
                            Frames.pull(out, pull(0, false));
                            Frames.pull(out, pull(0, false));
                        });

        assertThat(answers)
                .containsExactly(
                        "BAD_REQUEST frame PULL: expected one in a connection, found another");
    }

    @Test
    void aFrameOfASourceEndsTheConnection() throws Exception {
        assertThat(ask(network, Frames::end))
                .containsExactly("BAD_REQUEST frame END: not expected from this side");
    }

    @Test
    void aRequestOfALaterVersionIsAnsweredWithWhatIsSpoken() throws Exception {
        List<String> answers =
                ask(
                        network,
                        out -> {
                            Frames.pull(out, pull(0, false));
                            out.setByte(4, 2);
                        });

        assertThat(answers)
                .containsExactly(
                        "BAD_REQUEST frame PULL: expected version 1 with 58 bytes, found version 2 with 58");
    }

    @Test
    void anEndBehindTheContentsIsRefused() throws Exception {
        PullRequest tooFar = new PullRequest(content.content().sha256(), 0, 5 * 65_536, 0, false);

        assertThat(ask(network, out -> Frames.pull(out, tooFar)))
                .containsExactly("BAD_REQUEST end 327680: expected at most 197120");
    }

    @Test
    @Tag("PKG-4")
    void aPartIsSentToItsEnd() throws Exception {
        PullRequest part =
                new PullRequest(content.content().sha256(), 65_536, 2 * 65_536, 0, false);
        Answers[] answered = new Answers[1];

        List<String> answers =
                ask(network, out -> Frames.pull(out, part), given -> answered[0] = given);

        assertThat(answers).containsExactly("end");
        assertThat(answered[0].bytes).isEqualTo(65_536);
    }

    @Test
    @Tag("PKG-4")
    void whereNothingComesAContentThatIsNotHereIsRefusedAtOnce() throws Exception {
        Sha256 other = new Sha256("ab".repeat(32));
        AtomicInteger looks = new AtomicInteger();
        server.hasWhatItHas();
        server.onMiss(looks::incrementAndGet);

        assertThat(ask(network, out -> Frames.pull(out, new PullRequest(other, 0, 1, 0, false))))
                .containsExactly("NOT_HERE content " + other + " is not here");
        assertThat(looks).hasValue(1);
    }

    @Test
    void aContentThatDoesNotComeIsRefusedAfterAWhile() throws Exception {
        Sha256 other = new Sha256("ab".repeat(32));

        assertThat(ask(network, out -> Frames.pull(out, new PullRequest(other, 0, 1, 0, false))))
                .containsExactly("NOT_HERE content " + other + " is not here");
        assertThat(server.server.pulls()).isZero();
    }

    @Test
    @Tag("PKG-4")
    void aContentThatAppearsIsSentWithoutAnotherWait() throws Exception {
        TestContent late = TestContent.of(65_536, 9);
        CompleteContent placed =
                late.placedIn(
                        Files.createDirectory(directory.resolve("late")),
                        late.bytes(),
                        late.table().encoded());
        server.onMiss(() -> {
            server.serve(placed);
            server.server.appeared();
        });
        PullRequest pull =
                new PullRequest(late.content().sha256(), 0, late.content().size(), 0, false);
        Answers[] answered = new Answers[1];

        List<String> answers =
                ask(network, out -> Frames.pull(out, pull), given -> answered[0] = given);

        assertThat(answers).containsExactly("end");
        assertThat(answered[0].bytes).isEqualTo(65_536);
        assertThat(answered[0].alive.getCount())
                .as("who waits says that it lives, and this one had nothing to wait for")
                .isEqualTo(1);
    }

    @Test
    void anOperatorIsNotServed() throws Exception {
        try (TransferNetwork operator =
                new TransferNetwork(TestNode.identity(PeerName.operator("ann")))) {
            assertThat(ask(operator, out -> Frames.pull(out, pull(0, true)))).isEmpty();
        }
        assertThat(server.server.sentBytes()).isZero();
    }

    @Test
    void aSourceThatGoesAwaySaysSoInTheMiddleOfWhatItSends() throws Exception {
        ReadableContent endless = new Endless(Integer.MAX_VALUE);
        server.serve(endless);
        PullRequest pull =
                new PullRequest(endless.content().sha256(), 0, endless.content().size(), 0, false);

        List<String> seen =
                ask(
                        network,
                        out -> Frames.pull(out, pull),
                        answers -> {
                            assertThat(answers.begun.await(30, TimeUnit.SECONDS)).isTrue();
                            server.server.close();
                        });

        assertThat(seen).containsExactly("GOING_AWAY this source is going away");
    }

    @Test
    void aSourceThatGetsNothingOfWhatIsSaidToBeThereWaitsAndSaysThatItLives() throws Exception {
        ReadableContent nothing = new Endless(0);
        server.serve(nothing);
        PullRequest pull =
                new PullRequest(nothing.content().sha256(), 0, nothing.content().size(), 0, false);

        List<String> seen =
                ask(
                        network,
                        out -> Frames.pull(out, pull),
                        answers -> {
                            assertThat(answers.alive.await(30, TimeUnit.SECONDS)).isTrue();
                            server.server.close();
                        });

        assertThat(seen).containsExactly("GOING_AWAY this source is going away");
    }

    /** 64 GiB that are all in memory: whoever sends them never waits for more. */
    private static final class Endless implements ReadableContent {
        private final int atOnce;
        private final PackageContent content =
                new PackageContent(
                        PackageContent.MAX_SIZE,
                        new Sha256("cd".repeat(32)),
                        PackageContent.LEAF_SIZE,
                        new Sha256("ef".repeat(32)));

        /**
         * @param atOnce bytes that one read gives at most
         */
        Endless(int atOnce) {
            this.atOnce = atOnce;
        }

        @Override
        public PackageContent content() {
            return content;
        }

        @Override
        public Reader open(long offset, Runnable wake, Runnable closed) {
            return new Reader() {
                private long at = offset;

                @Override
                public long position() {
                    return at;
                }

                @Override
                public long available() {
                    return content.size();
                }

                @Override
                public long onDisk() {
                    return 0;
                }

                @Override
                public boolean ended() {
                    return false;
                }

                @Override
                public OptionalLong takeRetraction() {
                    return OptionalLong.empty();
                }

                @Override
                public int readMemory(ByteBuf into, int most) {
                    int count = Math.min(most, atOnce);
                    into.writeZero(count);
                    at += count;
                    return count;
                }

                @Override
                public void readDisk(ByteBuffer into) {
                    throw new IllegalStateException("all of it is in memory");
                }

                @Override
                public int availableTable() {
                    return 0;
                }

                @Override
                public void readTable(int offset, ByteBuffer into) {
                    throw new IllegalStateException("nobody asked for the table");
                }

                @Override
                public void close() {}
            };
        }
    }
}
