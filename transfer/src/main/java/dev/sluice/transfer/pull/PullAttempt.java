package dev.sluice.transfer.pull;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.wire.FrameReader;
import dev.sluice.transfer.wire.FrameSink;
import dev.sluice.transfer.wire.Frames;
import dev.sluice.transfer.wire.PullRequest;
import dev.sluice.transfer.wire.RefusalCode;
import dev.sluice.transfer.wire.SourceFrames;
import dev.sluice.transfer.wire.WireException;
import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One connection to one source. Everything runs on the pull's event loop. */
final class PullAttempt extends ChannelInboundHandlerAdapter implements FrameSink {

    /**
     * After bytes of the content were read the socket has this long to fill again. A link delivers
     * packet by packet; a wake-up for each would cost more than all the rest of a transfer.
     */
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

    /** A socket that gave so many bytes, almost all that are read at once, is read on. */
    private static final int NO_REST_BYTES = 192 << 10;

    private final ContentPull pull;
    private final Source source;
    private final PullRequest request;
    private final GrowingContent content;
    private final FrameReader reader = new FrameReader();
    private final SourceFrames legal;
    private final byte[] table;
    private int tableBytes;
    private @Nullable ChannelHandlerContext context;
    private boolean closed;

    /** The limit demands a pause. */
    private boolean paced;

    /** The disk does. */
    private boolean full;

    /** All was sent; the keeper has the word. */
    private boolean atEnd;

    /** Bytes of the content that came since the socket was last read to its end. */
    private int fed;

    private boolean resting;

    /** What the pull was told last. */
    private boolean held;

    PullAttempt(ContentPull pull, Source source, PullRequest request) {
        this.pull = pull;
        this.source = source;
        this.request = request;
        this.content = pull.target();
        this.legal = new SourceFrames(content.content(), request, this);
        this.table =
                new byte[request.tableWanted() ? content.content().leafCount() * Sha256.BYTES : 0];
    }

    Source source() {
        return source;
    }

    long bytesPerSecond() {
        return request.bytesPerSecond();
    }

    long offset() {
        return request.offset();
    }

    /** Whether it is this side that does not read. */
    boolean isHeld() {
        return paced || full || atEnd;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        if (closed) {
            var _ = ctx.close();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (!handshake.isSuccess()) {
                fail(SourceFailure.Kind.UNREACHABLE, reason(handshake.cause()));
            } else if (!TransferNetwork.speaksTransfer(ctx.channel())) {
                fail(SourceFailure.Kind.UNREACHABLE, "does not speak " + Frames.PROTOCOL);
            } else {
                pull.connected(this);
                ByteBuf frame = ctx.alloc().directBuffer(Frames.MAX_SMALL_FRAME_BYTES);
                Frames.pull(frame, request);
                var _ = ctx.writeAndFlush(frame, ctx.voidPromise());
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    /** What the trust manager said stands below what TLS makes of it. */
    private static String reason(Throwable failure) {
        Throwable deepest = failure;
        for (int i = 0; i < 10 && deepest.getCause() != null; i++) {
            deepest = deepest.getCause();
        }
        return String.valueOf(deepest.getMessage());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            if (!closed) {
                pull.heard(this);
                reader.read(bytes, legal);
            }
        } catch (WireException e) {
            fail(SourceFailure.Kind.MISBEHAVED, String.valueOf(e.getMessage()));
        } finally {
            bytes.release();
        }
    }

    @Override
    public void table(long contentSize, ByteBuf hashes) {
        int count = hashes.readableBytes();
        hashes.readBytes(table, tableBytes, count);
        tableBytes += count;
        if (tableBytes == table.length) {
            content.feedTable(table);
        }
    }

    @Override
    public void data(long offset, ByteBuf bytes, int count) {
        fed += count;
        content.feed(bytes, count);
        long nanos = pull.received(this, count, offset + count);
        ChannelHandlerContext ctx = context;
        if (ctx == null || closed) {
            return;
        }
        if (nanos > 0 && !paced) {
            paced = true;
            var _ = ctx.executor().schedule(this::paid, nanos, TimeUnit.NANOSECONDS);
        }
        full = content.isFull();
        adjust();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        boolean rest = fed > 0 && fed < NO_REST_BYTES;
        fed = 0;
        if (rest && !resting && !closed && !atEnd) {
            resting = true;
            adjust();
            var _ = ctx.executor().schedule(this::rested, REST_NANOS, TimeUnit.NANOSECONDS);
        }
        ctx.fireChannelReadComplete();
    }

    private void rested() {
        resting = false;
        adjust();
    }

    private void paid() {
        long more = pull.debt();
        ChannelHandlerContext ctx = context;
        if (more > 0 && ctx != null && !closed) {
            var _ = ctx.executor().schedule(this::paid, more, TimeUnit.NANOSECONDS);
            return;
        }
        paced = false;
        adjust();
    }

    void resumeIfRoom() {
        if (full && !content.isFull()) {
            full = false;
            adjust();
        }
    }

    private void adjust() {
        ChannelHandlerContext ctx = context;
        if (ctx == null || closed) {
            return;
        }
        ctx.channel().config().setAutoRead(!paced && !full && !resting);
        boolean holds = isHeld();
        if (held != holds) {
            held = holds;
            pull.held(this, holds);
        }
    }

    @Override
    public void alive(long offset) {
        pull.offers(this, offset);
    }

    @Override
    public void retract(long offset) {
        content.retractFeed(offset);
    }

    @Override
    public void end() {
        atEnd = true;
        adjust();
    }

    @Override
    public void refused(RefusalCode code, String text) {
        fail(SourceFailure.Kind.REFUSED, code + ": " + text);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!atEnd) {
            fail(SourceFailure.Kind.CLOSED, "the connection ended");
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(SourceFailure.Kind.CLOSED, reason(cause));
        var _ = ctx.close();
    }

    private void fail(SourceFailure.Kind kind, String detail) {
        if (!closed) {
            pull.failed(this, kind, detail);
            close();
        }
    }

    void close() {
        closed = true;
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            var _ = ctx.close();
        }
    }
}
