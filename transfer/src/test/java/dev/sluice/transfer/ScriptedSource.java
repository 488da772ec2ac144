package dev.sluice.transfer;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.wire.FrameReader;
import dev.sluice.transfer.wire.FrameSink;
import dev.sluice.transfer.wire.PullRequest;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** A source with a right certificate that answers a pull with whatever a test wants. */
final class ScriptedSource implements AutoCloseable {

    final List<PullRequest> requests = new CopyOnWriteArrayList<>();
    private final String id;
    private final TransferNetwork network;
    private final NettyPeers peers = new NettyPeers();
    private final Channel listener;

    ScriptedSource(String id, BiConsumer<PullRequest, ByteBuf> answer) {
        this.id = id;
        this.network = new TransferNetwork(TestNode.identity(PeerName.node(id)));
        this.listener =
                peers.listen(network.serverTls(PeerExpectation.any()), () -> new Answering(answer));
    }

    Source source() {
        return new Source(
                id, "127.0.0.1", ((InetSocketAddress) listener.localAddress()).getPort(), 0);
    }

    private final class Answering extends ChannelInboundHandlerAdapter {
        private final FrameReader reader = new FrameReader();
        private final BiConsumer<PullRequest, ByteBuf> answer;

        Answering(BiConsumer<PullRequest, ByteBuf> answer) {
            this.answer = answer;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws IOException {
            ByteBuf bytes = (ByteBuf) message;
            try {
                reader.read(
                        bytes,
                        new FrameSink() {
                            @Override
                            public void pull(PullRequest request) {
                                requests.add(request);
                                ByteBuf out = ctx.alloc().buffer();
                                answer.accept(request, out);
                                var _ = ctx.writeAndFlush(out);
                            }
                        });
            } finally {
                bytes.release();
            }
        }
    }

    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        peers.close();
        network.close();
    }
}
