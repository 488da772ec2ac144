package dev.sluice.transfer.pull;

import dev.sluice.transfer.memory.TransferMemory;
import dev.sluice.transfer.net.Connection;
import dev.sluice.transfer.store.GrowingSpan;
import dev.sluice.transfer.wire.FrameReader;
import dev.sluice.transfer.wire.FrameSink;
import dev.sluice.transfer.wire.Frames;
import dev.sluice.transfer.wire.PullRequest;
import dev.sluice.transfer.wire.RefusalCode;
import dev.sluice.transfer.wire.SourceFrames;
import dev.sluice.transfer.wire.WireException;
import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to one source, on a thread of its own that blocks in it. What the pull has to know
 * of it at once is told; the rest it looks up.
 */
final class PullAttempt implements FrameSink, Runnable {

    /**
     * After bytes of the content were read the socket has this long to fill again. A link delivers
     * packet by packet; a wake-up for each would cost more than all the rest of a transfer.
     */
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(8);

    /**
     * Where a content comes in two halves it has longer, until the link has delivered {@link
     * #REST_BYTES}. The trees have few hops, so that each may take longer than one of a chain.
     */
    private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

    private static final int REST_BYTES = 160 << 10;

    /** At first: all nodes begin at once, and what one sees late comes late to all below it. */
    private static final long FIRST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

    /**
     * But no more than this part of the socket's buffer. The kernel begins with little and makes it
     * larger as it sees that it is read; a long rest that fills it would only hold the source back.
     */
    private static final int BUFFER_PART = 4;

    /** Reads after which the size of the socket's buffer is asked for anew. */
    private static final int BUFFER_LOOK_READS = 64;

    /** A socket that gave so many bytes, almost all that are read at once, is read on. */
    private static final int NO_REST_BYTES = 224 << 10;

    /** A pause is looked at so often: the limit may have been raised. */
    private static final long PAUSE_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final int DECRYPTED_AT_ONCE = 64 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(PullAttempt.class);

    private final SpanPull spanPull;
    private final ContentPull pull;
    private final Source source;
    private final PullRequest request;
    private final PackageContent content;
    private final GrowingSpan span;
    private final GrowingSpan.Feed feed;
    private final LongConsumer received;
    private final FrameReader reader = new FrameReader();
    private final SourceFrames legal;
    private int tableBytes;
    private volatile @Nullable SocketChannel socket;
    private boolean connected;
    private volatile boolean closed;

    /** All was sent; the keeper has the word. */
    private volatile boolean atEnd;

    /** Bytes of the content that came and were not handed on yet. */
    private int taken;

    /** Where they end. */
    private long upTo;

    /** It is this side that does not read. */
    private volatile boolean held;

    private final boolean inHalves;
    private int reads;
    private int restBytes;

    /** When the socket was read last, in the system's nanoseconds. */
    private long readAt = System.nanoTime();

    private volatile long heardAt;

    /** When this side began to read again. */
    private volatile long freedAt;

    private volatile long reached;

    PullAttempt(SpanPull spanPull, Source source, PullRequest request, GrowingSpan.Feed feed) {
        this.spanPull = spanPull;
        this.pull = spanPull.pull();
        this.source = source;
        this.request = request;
        this.content = pull.content().content();
        this.span = spanPull.span();
        this.inHalves = pull.content().spans().size() > 1;
        this.feed = feed;
        this.received = pull.receivedFrom(source);
        this.legal = new SourceFrames(content, request, this);
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
        return held || atEnd;
    }

    /** When the source was last heard, or could have been; 0: never. In ms. */
    long heardAt() {
        return Math.max(heardAt, freedAt);
    }

    /** Where the bytes end that came. */
    long reached() {
        return reached;
    }

    /** Connects, asks, and takes what comes until it has all, fails or is closed. */
    @Override
    public void run() {
        Connection open = null;
        try {
            SocketChannel channel = SocketChannel.open();
            socket = channel;
            if (closed) {
                channel.close();
                return;
            }
            channel.connect(new InetSocketAddress(source.host(), source.port()));
            open = pull.network().toSource(channel, pull.network().clientTls(source.peer()));
            open.handshake();
            if (!open.speaksTransfer()) {
                fail(SourceFailure.Kind.UNREACHABLE, "does not speak " + Frames.PROTOCOL);
                return;
            }
            connected = true;
            spanPull.connected(this);
            pull(open);
        } catch (WireException e) {
            fail(SourceFailure.Kind.MISBEHAVED, String.valueOf(e.getMessage()));
        } catch (IOException | UnresolvedAddressException e) {
            fail(connected ? SourceFailure.Kind.CLOSED : SourceFailure.Kind.UNREACHABLE, reason(e));
        } catch (InterruptedException _) {
            fail(SourceFailure.Kind.CLOSED, "this side was interrupted");
        } catch (RuntimeException e) {
            LOG.error("content {}: pulling failed", content.sha256(), e);
            fail(SourceFailure.Kind.CLOSED, e.toString());
        } finally {
            if (open != null) {
                open.release();
            }
            close();
        }
    }

    private void pull(Connection connection) throws IOException, InterruptedException {
        ByteBuf bytes = TransferMemory.aligned(DECRYPTED_AT_ONCE);
        try {
            Frames.pull(bytes, request);
            connection.write(bytes);
            while (takeAndShare(connection, bytes) && !atEnd && !closed) {
                // The loop itself may run for hours before it is compiled.
            }
            if (atEnd) {
                awaitClose();
            } else {
                fail(SourceFailure.Kind.CLOSED, "the connection ended");
            }
        } finally {
            bytes.release();
        }
    }

    /**
     * One turn.
     *
     * @return false: the source has ended the connection
     */
    private boolean takeAndShare(Connection connection, ByteBuf bytes)
            throws IOException, InterruptedException {
        boolean open = takeAll(connection, bytes);
        int fed = taken;
        taken = 0;
        long owed = share(fed);
        if (!atEnd && fed > 0) {
            pace(fed, owed);
        }
        return open;
    }

    /**
     * Takes what the socket has, up to what the limits let through at once.
     *
     * @return false: the source has ended the connection
     */
    private boolean takeAll(Connection connection, ByteBuf bytes) throws IOException {
        bytes.clear();
        int count = connection.read(bytes, pull.atOnce(this, Connection.READ_BYTES));
        while (count > 0 && !closed && !atEnd) {
            heardAt = pull.now();
            reader.read(bytes, legal);
            bytes.clear();
            count = connection.readMore(bytes);
        }
        return count >= 0;
    }

    /**
     * Counts what was taken, and hands it on.
     *
     * @return nanoseconds to pause, as the limits demand
     */
    private long share(int fed) {
        if (fed == 0) {
            span.settle();
            return 0;
        }
        received.accept(fed);
        long owed = pull.owed(this, fed);
        reached = upTo;
        span.share();
        return owed;
    }

    /** Waits as the limits, the disk and the link demand. */
    private void pace(int fed, long pause) throws IOException, InterruptedException {
        long owed = pause;
        if (owed > 0) {
            held = true;
            while (owed > 0 && !closed) {
                LockSupport.parkNanos(Math.min(owed, PAUSE_LOOK_NANOS));
                owed = pull.debt(this);
            }
            released();
        }
        if (span.isFull()) {
            held = true;
            feed.awaitRoom();
            released();
        }
        long now = System.nanoTime();
        if (fed < NO_REST_BYTES && !closed) {
            LockSupport.parkNanos(rest(fed, now - readAt));
        }
        readAt = now;
    }

    /** As long as the link needs to deliver what is worth a wake-up, within bounds. */
    private long rest(int fed, long nanos) throws IOException {
        if (!inHalves) {
            return REST_NANOS;
        }
        SocketChannel open = socket;
        if (++reads % BUFFER_LOOK_READS == 0 && open != null) {
            restBytes =
                    Math.min(
                            REST_BYTES,
                            open.getOption(StandardSocketOptions.SO_RCVBUF) / BUFFER_PART);
        }
        if (reads < BUFFER_LOOK_READS) {
            return FIRST_REST_NANOS;
        }
        long wanted = (long) ((double) nanos * restBytes / fed);
        return Math.clamp(wanted, REST_NANOS, LONGEST_REST_NANOS);
    }

    private void released() {
        freedAt = pull.now();
        held = false;
    }

    private synchronized void awaitClose() throws InterruptedException {
        while (!closed) {
            wait();
        }
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
    public void table(long contentSize, ByteBuf hashes) {
        int count = hashes.readableBytes();
        feed.table(tableBytes, hashes.nioBuffer());
        hashes.skipBytes(count);
        tableBytes += count;
    }

    @Override
    public void data(long offset, ByteBuf bytes, int count) {
        taken += count;
        feed.data(bytes, count);
        upTo = offset + count;
    }

    @Override
    public void alive(long offset) {
        spanPull.offers(this, offset);
    }

    @Override
    public void retract(long offset) {
        feed.retract(offset);
    }

    @Override
    public void end() {
        atEnd = true;
    }

    @Override
    public void refused(RefusalCode code, String text) {
        fail(SourceFailure.Kind.REFUSED, code + ": " + text);
    }

    private void fail(SourceFailure.Kind kind, String detail) {
        if (!closed) {
            spanPull.failed(this, kind, detail);
            close();
        }
    }

    synchronized void close() {
        closed = true;
        notifyAll();
        SocketChannel channel = socket;
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException _) {
                // It is closed all the same.
            }
        }
    }
}
