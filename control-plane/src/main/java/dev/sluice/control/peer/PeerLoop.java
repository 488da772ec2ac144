package dev.sluice.control.peer;

import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The one thread on which a master hears the others. A follower makes entries durable on it, so it
 * is shared with nobody else: a disk that hangs silences the follower and nothing more.
 */
public final class PeerLoop implements AutoCloseable {

    private static final long LONGEST_CLOSE_SECONDS = 2;

    private final boolean epoll = Epoll.isAvailable();
    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(
                    1,
                    new DefaultThreadFactory("peers", true),
                    epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

    /** Has a channel use this loop. */
    public NettyChannelBuilder carry(NettyChannelBuilder builder) {
        return builder.eventLoopGroup(loop)
                .channelType(epoll ? EpollSocketChannel.class : NioSocketChannel.class);
    }

    @Override
    public void close() {
        boolean _ =
                loop.shutdownGracefully(0, 1, TimeUnit.SECONDS)
                        .awaitUninterruptibly(LONGEST_CLOSE_SECONDS, TimeUnit.SECONDS);
    }
}
