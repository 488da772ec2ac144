package dev.sluice.transfer.serve;

import dev.sluice.transfer.memory.TransferMemory;
import dev.sluice.transfer.net.Connection;
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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves one puller, on a thread of its own. */
final class ServeConnection implements Runnable, FrameSink {

    /** A source that has nothing to send says so this often. */
    static final Duration ALIVE_EVERY = Duration.ofMillis(100);

    private static final long ALIVE_NANOS = ALIVE_EVERY.toNanos();

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

    /** How long the puller has to take a refusal. */
    private static final Duration GOODBYE = Duration.ofSeconds(1);

    /** A frame, of data or of the table. */
    private static final int BATCH_BYTES = 64 << 10;

    private static final int REQUEST_BYTES = 16 << 10;

    /**
     * Of the table in one frame, which each node has to have whole before it passes it on: what a
     * link of 20 Mbit/s delivers in 2 ms.
     */
    private static final int TABLE_PART_BYTES = 4 << 10;

    /**
     * Fewer bytes than this wait for {@link #FEW_WAIT} for others to go with. The last byte of each
     * leaf comes on its own, when the leaf is verified: alone it would cost a record, a packet and
     * two wake-ups.
     */
    private static final int FEW_BYTES = 1 << 10;

    private static final Duration FEW_WAIT = Duration.ofMillis(4);

    private final Connection connection;
    private final TransferServer.Shared shared;
    private final Consumer<ServeConnection> gone;
    private final FrameReader frames = new FrameReader();

    /** What is read or sent next; as large as a batch once there is something to send. */
    private final ByteBuf batch = TransferMemory.growing(REQUEST_BYTES, BATCH_BYTES);

    private final UplinkMeter.Phases uplink;

    private volatile @Nullable Thread thread;
    private volatile boolean woken;
    private volatile boolean goingAway;

    /** The request is here. */
    private volatile boolean asked;

    private @Nullable PeerName peer;
    private @Nullable PullRequest request;
    private long sentAt;

    /** Few bytes waited for others long enough. */
    private boolean waited;

    /** Why nothing more is served. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;
        private final RefusalCode code;

        Refusal(RefusalCode code, String text) {
            super(text, null, false, false);
            this.code = code;
        }
    }

    ServeConnection(
            Connection connection, TransferServer.Shared shared, Consumer<ServeConnection> gone) {
        this.connection = connection;
        this.shared = shared;
        this.gone = gone;
        this.uplink = shared.uplink().phases();
    }

    /** Tells the puller that this source is going away, and ends. By any thread. */
    void goAway() {
        goingAway = true;
        if (asked) {
            wake();
        } else {
            connection.close();
        }
    }

    void close() {
        connection.close();
    }

    /** A content is here that was not; it may be the one that is waited for. By any thread. */
    void lookAgain() {
        wake();
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            serve();
        } catch (IOException e) {
            LOG.debug("transfer: {}: {}", name(), e.toString());
        } catch (RuntimeException e) {
            LOG.error("transfer: {}: serving failed", name(), e);
        } finally {
            connection.release();
            batch.release();
            gone.accept(this);
        }
    }

    private void serve() throws IOException {
        ScheduledFuture<?> late = closeIn(REQUEST);
        try {
            if (!greet()) {
                return;
            }
            PullRequest pull = receive();
            if (pull == null) {
                return;
            }
            late.cancel(false);
            asked = true;
            answer(pull);
        } catch (Refusal e) {
            refuse(e.code, String.valueOf(e.getMessage()));
        } catch (WireException e) {
            LOG.warn("transfer: {}: {}", name(), e.getMessage());
            refuse(RefusalCode.BAD_REQUEST, String.valueOf(e.getMessage()));
        } finally {
            late.cancel(false);
        }
    }

    private ScheduledFuture<?> closeIn(Duration time) {
        return shared.control().schedule(connection::close, time.toMillis(), TimeUnit.MILLISECONDS);
    }

    private boolean greet() {
        try {
            connection.handshake();
            if (!connection.speaksTransfer()) {
                LOG.warn(
                        "transfer: {}: does not speak {}",
                        connection.remoteAddress(),
                        Frames.PROTOCOL);
                return false;
            }
            peer = TlsIdentity.peer(connection.peerCertificate());
            return true;
        } catch (IOException | CertificateException e) {
            LOG.warn("transfer: {}: refused: {}", connection.remoteAddress(), e.getMessage());
            return false;
        }
    }

    private @Nullable PullRequest receive() throws IOException {
        while (request == null) {
            batch.clear();
            if (connection.read(batch, REQUEST_BYTES) < 0) {
                return null;
            }
            frames.read(batch, this);
        }
        return request;
    }

    @Override
    public void pull(PullRequest pull) throws WireException {
        if (request != null) {
            throw new WireException("frame PULL: expected one in a connection, found another");
        }
        request = pull;
    }

    private void answer(PullRequest pull) throws IOException, Refusal {
        PeerName puller = peer;
        if (puller == null || !shared.admission().begin(puller)) {
            throw new Refusal(
                    RefusalCode.BUSY,
                    "%d pulls are served already".formatted(shared.admission().pulls()));
        }
        try {
            sentAt = shared.ticker().nanos();
            send(puller, pull, find(pull));
        } finally {
            shared.admission().end(puller);
        }
        ScheduledFuture<?> linger = closeIn(LINGER);
        try {
            awaitClose();
        } finally {
            linger.cancel(false);
        }
    }

    private ReadableContent find(PullRequest pull) throws IOException, Refusal {
        long until = shared.ticker().nanos() + NOT_YET_HERE.toNanos();
        boolean last = false;
        while (!last) {
            last =
                    !shared.library().mayComeSoon(pull.content())
                            || shared.ticker().nanos() - until >= 0;
            woken = false;
            Optional<ReadableContent> found = onDisk(() -> shared.library().find(pull.content()));
            if (found.isPresent()) {
                return found.get();
            }
            if (!last && !woken) {
                rest(ALIVE_NANOS, 0);
            }
        }
        throw new Refusal(RefusalCode.NOT_HERE, "content %s is not here".formatted(pull.content()));
    }

    private void send(PeerName puller, PullRequest pull, ReadableContent found)
            throws IOException, Refusal {
        long size = found.content().size();
        if (pull.end() > size) {
            throw new Refusal(
                    RefusalCode.BAD_REQUEST,
                    "end %d: expected at most %d".formatted(pull.end(), size));
        }
        batch.capacity(BATCH_BYTES);
        RateLimit limit = new RateLimit(pull.bytesPerSecond(), shared.ticker());
        try (ReadableContent.Reader reader = onDisk(() -> found.open(pull.offset(), this::wake));
                InStep.Pull step = shared.inStep().begin(puller, pull.content(), this::wake)) {
            if (pull.tableWanted()) {
                sendTable(reader, size, found.content().leafCount() * Sha256.BYTES);
            }
            while (sendData(reader, pull.end(), limit, step)) {
                // The loop itself may run for hours before it is compiled.
            }
        }
        batch.clear();
        Frames.end(batch);
        write(0);
    }

    /** Sends the table as it comes. */
    private void sendTable(ReadableContent.Reader from, long size, int bytes)
            throws IOException, Refusal {
        for (int at = 0; at < bytes; ) {
            int begin = at;
            int count = Math.min(from.availableTable() - at, TABLE_PART_BYTES);
            if (count <= 0) {
                awaitMore(from);
                continue;
            }
            batch.clear();
            Frames.tableHeader(batch, size, count);
            onDisk(() -> {
                from.readTable(begin, writable(count));
                return count;
            });
            write(0);
            at += count;
        }
    }

    /**
     * Sends what is there, or waits for more.
     *
     * @return false: everything was sent
     */
    private boolean sendData(ReadableContent.Reader from, long end, RateLimit own, InStep.Pull step)
            throws IOException, Refusal {
        checkStaying();
        long position = from.position();
        if (position >= end) {
            return false;
        }
        long available = Math.min(from.available(), end);
        if (step.isAhead()) {
            doze(ALIVE_NANOS, available);
            return true;
        }
        int most = shared.limit().atOnce(own.atOnce(Frames.FULL_DATA_BYTES));
        int there = Math.clamp(available - position, 0, most);
        if (!waited && there > 0 && there < FEW_BYTES && available < end && !from.ended()) {
            pause(FEW_WAIT.toNanos(), available);
            waited = true;
            return true;
        }
        waited = false;
        int count = there == 0 ? 0 : take(from, position, there);
        if (count > 0) {
            write(count);
            step.sent(count);
            long nanos = Math.max(own.take(count), shared.limit().take(count));
            if (nanos > 0) {
                pause(nanos, available);
            }
        } else if (!retracted(from)) {
            step.idle();
            awaitMore(from);
        }
        return true;
    }

    /**
     * Puts a frame of what is in memory, else on the disk, into the batch; 0: nothing is given, as
     * before a retraction that the puller was not told.
     */
    private int take(ReadableContent.Reader from, long position, int most) throws Refusal {
        batch.clear();
        int count = fromMemory(from, most);
        return count > 0 ? count : fromDisk(from, Math.clamp(from.onDisk() - position, 0, most));
    }

    private boolean retracted(ReadableContent.Reader from) throws IOException {
        var retraction = from.takeRetraction();
        if (retraction.isEmpty()) {
            return false;
        }
        batch.clear();
        Frames.retract(batch, retraction.getAsLong());
        write(0);
        return true;
    }

    private int fromMemory(ReadableContent.Reader from, int most) {
        long offset = from.position();
        batch.writerIndex(Frames.DATA_HEADER_BYTES);
        int count = from.readMemory(batch, most);
        batch.writerIndex(0);
        if (count > 0) {
            Frames.dataHeader(batch, offset, count);
            batch.writerIndex(batch.writerIndex() + count);
        }
        return count;
    }

    private int fromDisk(ReadableContent.Reader from, int count) throws Refusal {
        if (count > 0) {
            Frames.dataHeader(batch, from.position(), count);
            onDisk(() -> {
                from.readDisk(writable(count));
                return count;
            });
        }
        return count;
    }

    private interface DiskRead<T> {
        T read() throws IOException;
    }

    /** Reads the disk; what it can't give is no fault of the connection. */
    private <T> T onDisk(DiskRead<T> read) throws Refusal {
        try {
            return read.read();
        } catch (IOException e) {
            LOG.warn("transfer: {}: {}", name(), e.toString());
            throw new Refusal(RefusalCode.GOING_AWAY, "the content cannot be read here");
        }
    }

    /** The next bytes of the batch, which count as written. */
    private ByteBuffer writable(int count) {
        ByteBuffer view = batch.nioBuffer(batch.writerIndex(), count);
        batch.writerIndex(batch.writerIndex() + count);
        return view;
    }

    private void write(int contentBytes) throws IOException {
        int bytes = batch.readableBytes();
        long began = shared.ticker().nanos();
        connection.write(batch);
        sentAt = shared.ticker().nanos();
        uplink.written(bytes, began, sentAt);
        shared.sentBytes().add(contentBytes);
    }

    // Waiting.

    private void wake() {
        woken = true;
        LockSupport.unpark(thread);
    }

    private void awaitMore(ReadableContent.Reader from) throws IOException, Refusal {
        if (from.ended() && from.available() <= from.position()) {
            throw new Refusal(RefusalCode.GOING_AWAY, "the content is not received here any more");
        }
        if (!woken) {
            rest(ALIVE_NANOS, from.available());
        }
        woken = false;
    }

    /** Waits for a time, whatever comes. */
    private void pause(long nanos, long available) throws IOException, Refusal {
        long until = shared.ticker().nanos() + nanos;
        for (long left = nanos; left > 0; left = until - shared.ticker().nanos()) {
            rest(Math.min(left, ALIVE_NANOS), available);
        }
    }

    /** Waits until it is woken, or for a time, and says that it is alive. */
    private void rest(long nanos, long available) throws IOException, Refusal {
        uplink.idle();
        doze(nanos, available);
    }

    private void doze(long nanos, long available) throws IOException, Refusal {
        LockSupport.parkNanos(this, nanos);
        checkStaying();
        if (shared.ticker().nanos() - sentAt >= ALIVE_NANOS) {
            batch.clear();
            Frames.alive(batch, available);
            write(0);
        }
    }

    // The end.

    private void checkStaying() throws Refusal {
        if (goingAway) {
            throw new Refusal(RefusalCode.GOING_AWAY, "this source is going away");
        }
    }

    private void awaitClose() throws IOException {
        do {
            batch.clear();
        } while (connection.read(batch, REQUEST_BYTES) >= 0);
    }

    private void refuse(RefusalCode code, String text) throws IOException {
        ScheduledFuture<?> close = closeIn(GOODBYE);
        try {
            batch.clear();
            Frames.refused(batch, code, text);
            connection.write(batch);
            connection.endOutput();
            awaitClose();
        } finally {
            close.cancel(false);
        }
    }

    private String name() {
        return peer == null ? String.valueOf(connection.remoteAddress()) : peer.toString();
    }
}
