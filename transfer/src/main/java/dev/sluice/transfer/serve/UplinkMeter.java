package dev.sluice.transfer.serve;

import dev.sluice.transfer.pace.Ticker;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;

/**
 * The rate at which the network took bytes while it was what held them back: from the moment at
 * which a socket is full until it has room again. A source that waits for its own source, its disk
 * or its limit does not fill the socket, and says nothing about its uplink.
 *
 * <p>Of one pull at a time: two that share the uplink each see their part. Safe for use by many
 * threads.
 */
final class UplinkMeter {

    /** So long a socket has to have been full before a rate counts: less is the kernel's buffer. */
    static final Duration LEAST = Duration.ofSeconds(1);

    private static final double NANOS_PER_SECOND = 1e9;

    private final Ticker ticker;
    private volatile long bytesPerSecond;

    UplinkMeter(Ticker ticker) {
        this.ticker = ticker;
    }

    /** The last rate; 0: none was measured yet. */
    long bytesPerSecond() {
        return bytesPerSecond;
    }

    /** Measures one connection; stands where its writability is told. */
    ChannelHandler handler() {
        return new Measuring();
    }

    /** What one connection gave to the network while it was full. */
    final class Phases {
        private long fullNanos;
        private long fullBytes;

        /** A phase has ended: so many bytes left in that time. */
        void ended(long bytes, long nanos) {
            fullBytes += bytes;
            fullNanos += nanos;
            if (fullNanos >= LEAST.toNanos()) {
                bytesPerSecond = Math.round(fullBytes * NANOS_PER_SECOND / fullNanos);
                fullBytes = 0;
                fullNanos = 0;
            }
        }
    }

    /** On the connection's event loop alone. */
    private final class Measuring extends ChannelInboundHandlerAdapter {
        private final Phases phases = new Phases();
        private boolean full;
        private long since;
        private long toLeave;

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
            if (!context.channel().isWritable()) {
                full = true;
                since = ticker.nanos();
                toLeave = context.channel().bytesBeforeWritable();
            } else if (full) {
                full = false;
                phases.ended(toLeave, ticker.nanos() - since);
            }
            super.channelWritabilityChanged(context);
        }
    }
}
