package dev.sluice.transfer.serve;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.transfer.wire.FrameReader;
import dev.sluice.transfer.wire.FrameSink;
import dev.sluice.transfer.wire.Frames;
import dev.sluice.transfer.wire.PullRequest;
import dev.sluice.transfer.wire.RefusalCode;
import dev.sluice.transfer.wire.WireException;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One puller's connection. Everything but reads of the disk runs on its channel's event loop. */
final class ServeConnection extends ChannelInboundHandlerAdapter implements FrameSink {

    static final Object GOING_AWAY = new Object();

    /** A source that has nothing to send says so this often. */
    static final Duration ALIVE_EVERY = Duration.ofMillis(100);

    private static final Logger LOG = LoggerFactory.getLogger(ServeConnection.class);

    /**
     * How long a content that is not here is waited for: a chain is told to all of its nodes at
     * once, and a child may hear it before its parent.
     */
    private static final Duration NOT_YET_HERE = Duration.ofSeconds(2);

    /** From the connection to the request, TLS included. */
    private static final Duration REQUEST = Duration.ofSeconds(10);

    /**
     * How long the puller has to take the end and to close. If this side closed first, the puller's
     * socket would be read to its end at once, whatever its disk and its limit allow.
     */
    private static final Duration LINGER = Duration.ofMinutes(2);

    /** Frames that are written and flushed at once: 256 KiB. */
    private static final int FRAMES_AT_ONCE = 16;

    private static final int BYTES_AT_ONCE = FRAMES_AT_ONCE * Frames.FULL_DATA_BYTES;

    /**
     * Fewer bytes than this wait for {@link #FEW_WAIT} for others to go with. The last byte of each
     * leaf comes on its own, when the leaf is verified: alone it would cost a record, a packet and
     * two wake-ups.
     */
    private static final int FEW_BYTES = 1 << 10;

    private static final Duration FEW_WAIT = Duration.ofMillis(4);

    private final Channel channel;
    private final TransferServer.Shared shared;
    private final FrameReader frames = new FrameReader();
    private final AtomicBoolean woken = new AtomicBoolean();

    private @Nullable Future<?> requestTimeout;
    private @Nullable Future<?> aliveTimer;
    private @Nullable PeerName peer;
    private @Nullable PullRequest request;
    private ReadableContent.@Nullable Reader reader;
    private @Nullable RateLimit own;
    private long size;
    private long tableLeft;
    private long tableAt;
    private boolean admitted;
    private boolean ended;

    /** A read of the disk is under way: nothing else is sent, and the reader stays open. */
    private boolean reading;

    private boolean paused;
    private boolean sentSinceTick;

    /** Few bytes wait; and did so long enough. */
    private boolean waiting;

    private boolean waited;

    ServeConnection(Channel channel, TransferServer.Shared shared) {
        this.channel = channel;
        this.shared = shared;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        requestTimeout =
                ctx.executor()
                        .schedule(
                                () -> {
                                    if (request == null) {
                                        var _ = ctx.close();
                                    }
                                },
                                REQUEST.toMillis(),
                                TimeUnit.MILLISECONDS);
        ctx.fireChannelActive();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == GOING_AWAY) {
            refuse(RefusalCode.GOING_AWAY, "this source is going away");
        } else if (event instanceof SslHandshakeCompletionEvent handshake) {
            greet(ctx, handshake);
        }
        ctx.fireUserEventTriggered(event);
    }

    private void greet(ChannelHandlerContext ctx, SslHandshakeCompletionEvent handshake) {
        if (!handshake.isSuccess()) {
            LOG.warn(
                    "transfer: {}: refused: {}",
                    channel.remoteAddress(),
                    handshake.cause().getMessage());
            return;
        }
        if (!TransferNetwork.speaksTransfer(channel)) {
            LOG.warn("transfer: {}: does not speak {}", channel.remoteAddress(), Frames.PROTOCOL);
            var _ = ctx.close();
            return;
        }
        try {
            SslHandler tls = ctx.pipeline().get(SslHandler.class);
            peer =
                    TlsIdentity.peer(
                            (X509Certificate) tls.engine().getSession().getPeerCertificates()[0]);
        } catch (CertificateException | SSLPeerUnverifiedException e) {
            LOG.warn("transfer: {}: {}", channel.remoteAddress(), e.getMessage());
            var _ = ctx.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            if (!ended) {
                frames.read(bytes, this);
            }
        } catch (WireException e) {
            LOG.warn("transfer: {}: {}", name(), e.getMessage());
            refuse(RefusalCode.BAD_REQUEST, String.valueOf(e.getMessage()));
        } finally {
            bytes.release();
        }
    }

    @Override
    public void pull(PullRequest pull) throws WireException {
        PeerName puller = peer;
        if (request != null || puller == null) {
            throw new WireException("frame PULL: expected one in a connection, found another");
        }
        request = pull;
        if (!shared.admission().begin(puller)) {
            refuse(
                    RefusalCode.BUSY,
                    "%d pulls are served already".formatted(shared.admission().pulls()));
            return;
        }
        admitted = true;
        own = new RateLimit(pull.bytesPerSecond(), shared.ticker());
        aliveTimer =
                channel.eventLoop()
                        .scheduleAtFixedRate(
                                this::sayAlive,
                                ALIVE_EVERY.toMillis(),
                                ALIVE_EVERY.toMillis(),
                                TimeUnit.MILLISECONDS);
        find(pull, NOT_YET_HERE.dividedBy(ALIVE_EVERY));
    }

    private void find(PullRequest pull, long moreLooks) {
        onDisk(() -> {
            Optional<ReadableContent> found = shared.library().find(pull.content());
            if (found.isEmpty() && moreLooks > 0) {
                return () -> {
                    var _ =
                            channel.eventLoop()
                                    .schedule(
                                            () -> {
                                                if (!ended) {
                                                    find(pull, moreLooks - 1);
                                                }
                                            },
                                            ALIVE_EVERY.toMillis(),
                                            TimeUnit.MILLISECONDS);
                };
            }
            ReadableContent.Reader opened =
                    found.isEmpty() || pull.offset() > found.get().content().size()
                            ? null
                            : found.get().open(pull.offset(), this::wake);
            return () -> opened(pull, found, opened);
        });
    }

    private void opened(
            PullRequest pull,
            Optional<ReadableContent> found,
            ReadableContent.@Nullable Reader opened) {
        reader = opened;
        if (found.isEmpty()) {
            refuse(RefusalCode.NOT_HERE, "content %s is not here".formatted(pull.content()));
        } else if (opened == null) {
            refuse(
                    RefusalCode.BAD_REQUEST,
                    "offset %d: expected at most %d"
                            .formatted(pull.offset(), found.get().content().size()));
        } else {
            tableLeft =
                    pull.tableWanted()
                            ? (long) found.get().content().leafCount() * Sha256.BYTES
                            : 0;
            size = found.get().content().size();
        }
    }

    /** Called by any thread; many calls make one pump. */
    private void wake() {
        if (woken.compareAndSet(false, true)) {
            channel.eventLoop()
                    .execute(() -> {
                        woken.set(false);
                        pump();
                    });
        }
    }

    /** Sends what is there and may go, until the socket is full or something has to come first. */
    private void pump() {
        ReadableContent.Reader from = reader;
        while (from != null && !ended && !reading && !paused) {
            from.takeRetraction().ifPresent(this::sendRetraction);
            if (!channel.isWritable()) {
                return;
            }
            boolean goesOn = tableLeft > 0 ? sendTable(from) : sendData(from);
            if (!goesOn) {
                return;
            }
        }
    }

    private void sendRetraction(long offset) {
        ByteBuf frame = channel.alloc().directBuffer(Frames.MAX_SMALL_FRAME_BYTES);
        Frames.retract(frame, offset);
        send(frame, 0);
    }

    private boolean sendTable(ReadableContent.Reader from) {
        if (!from.hasTable()) {
            return endIfClosed(from);
        }
        int count = (int) Math.min(tableLeft, Frames.MAX_TABLE_HASHES * Sha256.BYTES);
        long at = tableAt;
        readDisk(
                Frames.TABLE_HEADER_BYTES + count,
                batch -> {
                    Frames.tableHeader(batch, size, count);
                    from.readTable(at, writable(batch, count));
                },
                0);
        tableAt += count;
        tableLeft -= count;
        return false;
    }

    private boolean sendData(ReadableContent.Reader from) {
        long position = from.position();
        if (position == size) {
            sendEnd();
            return false;
        }
        int most = shared.limit().atOnce(limitOf(own).atOnce(BYTES_AT_ONCE));
        int there = Math.clamp(from.available() - position, 0, most);
        if (there == 0) {
            return endIfClosed(from);
        }
        if (isFew(from, position) && !waited) {
            waitForMore();
            return false;
        }
        ByteBuf batch = channel.alloc().directBuffer(batchBytes(there));
        int count = fromMemory(from, batch, there);
        if (count > 0) {
            send(batch, count);
            return pace(count);
        }
        batch.release();
        int onDisk = Math.clamp(from.onDisk() - position, 0, there);
        if (onDisk > 0) {
            readDisk(batchBytes(onDisk), into -> fromDisk(from, into, onDisk), onDisk);
        }
        // Nothing in memory and nothing on disk: a leaf was taken back just now, which wakes.
        return false;
    }

    private boolean isFew(ReadableContent.Reader from, long position) {
        long available = from.available();
        return available - position < FEW_BYTES && available < size && !from.ended();
    }

    private void waitForMore() {
        if (!waiting) {
            waiting = true;
            var _ =
                    channel.eventLoop()
                            .schedule(
                                    () -> {
                                        waiting = false;
                                        waited = true;
                                        pump();
                                        waited = false;
                                    },
                                    FEW_WAIT.toNanos(),
                                    TimeUnit.NANOSECONDS);
        }
    }

    private static RateLimit limitOf(@Nullable RateLimit limit) {
        if (limit == null) {
            throw new IllegalStateException("nothing was asked for yet");
        }
        return limit;
    }

    private static int batchBytes(int count) {
        int frames = (count + Frames.FULL_DATA_BYTES - 1) / Frames.FULL_DATA_BYTES;
        return count + frames * Frames.DATA_HEADER_BYTES;
    }

    private static int fromMemory(ReadableContent.Reader from, ByteBuf batch, int most) {
        int total = 0;
        while (total < most) {
            int head = batch.writerIndex();
            long offset = from.position();
            batch.writerIndex(head + Frames.DATA_HEADER_BYTES);
            int count = from.readMemory(batch, Math.min(Frames.FULL_DATA_BYTES, most - total));
            batch.writerIndex(head);
            if (count == 0) {
                break;
            }
            Frames.dataHeader(batch, offset, count);
            batch.writerIndex(batch.writerIndex() + count);
            total += count;
        }
        return total;
    }

    private static void fromDisk(ReadableContent.Reader from, ByteBuf batch, int count)
            throws IOException {
        for (int left = count; left > 0; ) {
            int part = Math.min(left, Frames.FULL_DATA_BYTES);
            Frames.dataHeader(batch, from.position(), part);
            from.readDisk(writable(batch, part));
            left -= part;
        }
    }

    /** The next bytes of a buffer, which count as written. */
    private static ByteBuffer writable(ByteBuf batch, int count) {
        ByteBuffer view = batch.nioBuffer(batch.writerIndex(), count);
        batch.writerIndex(batch.writerIndex() + count);
        return view;
    }

    private void send(ByteBuf bytes, int contentBytes) {
        sentSinceTick = true;
        shared.sentBytes().add(contentBytes);
        var _ = channel.writeAndFlush(bytes, channel.voidPromise());
    }

    /** Counts what was sent; false: nothing more for now. */
    private boolean pace(int count) {
        long nanos = Math.max(limitOf(own).take(count), shared.limit().take(count));
        if (nanos == 0) {
            return true;
        }
        paused = true;
        var _ =
                channel.eventLoop()
                        .schedule(
                                () -> {
                                    paused = false;
                                    pump();
                                },
                                nanos,
                                TimeUnit.NANOSECONDS);
        return false;
    }

    private void sayAlive() {
        if (!ended && !sentSinceTick && channel.isWritable()) {
            ReadableContent.Reader from = reader;
            ByteBuf frame = channel.alloc().directBuffer(Frames.MAX_SMALL_FRAME_BYTES);
            Frames.alive(frame, from == null ? 0 : from.available());
            var _ = channel.writeAndFlush(frame, channel.voidPromise());
        }
        sentSinceTick = false;
    }

    private void sendEnd() {
        ended = true;
        ByteBuf frame = channel.alloc().directBuffer(Frames.MAX_SMALL_FRAME_BYTES);
        Frames.end(frame);
        var _ = channel.writeAndFlush(frame, channel.voidPromise());
        release();
        var _ =
                channel.eventLoop()
                        .schedule(
                                () -> {
                                    var _ = channel.close();
                                },
                                LINGER.toMillis(),
                                TimeUnit.MILLISECONDS);
    }

    private boolean endIfClosed(ReadableContent.Reader from) {
        if (from.ended() && from.available() <= from.position()) {
            refuse(RefusalCode.GOING_AWAY, "the content is not received here any more");
        }
        return false;
    }

    private void refuse(RefusalCode code, String text) {
        if (ended) {
            return;
        }
        ended = true;
        ByteBuf frame = channel.alloc().directBuffer(Frames.MAX_SMALL_FRAME_BYTES);
        Frames.refused(frame, code, text);
        var _ = channel.writeAndFlush(frame).addListener(ChannelFutureListener.CLOSE);
    }

    // Reads of the disk, off the event loop, one at a time.

    private interface DiskRead {
        /** Returns what is then to be done on the event loop. */
        Runnable read() throws IOException;
    }

    private interface Filling {
        void fill(ByteBuf batch) throws IOException;
    }

    private void readDisk(int bytes, Filling filling, int contentBytes) {
        ByteBuf batch = channel.alloc().directBuffer(bytes);
        onDisk(() -> {
            try {
                filling.fill(batch);
            } catch (IOException | RuntimeException e) {
                batch.release();
                throw e;
            }
            return () -> {
                send(batch, contentBytes);
                pace(contentBytes);
            };
        });
    }

    private void onDisk(DiskRead read) {
        reading = true;
        try {
            shared.disk()
                    .execute(() -> {
                        Runnable then;
                        try {
                            then = read.read();
                        } catch (IOException | RuntimeException e) {
                            LOG.warn("transfer: {}: {}", name(), e.toString());
                            then =
                                    () ->
                                            refuse(
                                                    RefusalCode.GOING_AWAY,
                                                    "the content cannot be read here");
                        }
                        Runnable done = then;
                        channel.eventLoop()
                                .execute(() -> {
                                    reading = false;
                                    done.run();
                                    if (channel.isActive()) {
                                        pump();
                                    } else {
                                        release();
                                    }
                                });
                    });
        } catch (RejectedExecutionException _) {
            reading = false;
            refuse(RefusalCode.GOING_AWAY, "this source is going away");
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        pump();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended = true;
        cancel(requestTimeout);
        cancel(aliveTimer);
        if (!reading) {
            release();
        }
        ctx.fireChannelInactive();
    }

    private void release() {
        ReadableContent.Reader open = reader;
        if (open != null) {
            reader = null;
            open.close();
        }
        if (admitted && peer != null) {
            admitted = false;
            shared.admission().end(peer);
        }
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("transfer: {}: {}", name(), cause.toString());
        var _ = ctx.close();
    }

    private String name() {
        return peer == null ? String.valueOf(channel.remoteAddress()) : peer.toString();
    }
}
