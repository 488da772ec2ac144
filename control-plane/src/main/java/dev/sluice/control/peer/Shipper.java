package dev.sluice.control.peer;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.replication.RecentBatches;
import dev.sluice.control.replication.Shipment;
import dev.sluice.v1.FollowResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends one follower what it lacks, on a virtual thread of its own, and a heartbeat while there is
 * nothing: from memory what was appended a moment ago, from the journal what is durable.
 */
abstract class Shipper {

    private static final Logger LOG = LoggerFactory.getLogger(Shipper.class);

    /** A follower that hears nothing for some of these looks for another primary. */
    private static final long HEARTBEAT_MILLIS = 200;

    private static final int MAX_BATCH_BYTES = 512 << 10;

    private final NodeId follower;
    private final Optional<Replica> replica;
    private final Ports ports;
    private final Shipment shipment;
    private final StreamObserver<FollowResponse> responses;
    private final long session;
    private final ReentrantLock lock = new ReentrantLock();

    /** Held by the one thread that sends. */
    private final ReentrantLock sending = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private boolean closed;
    private boolean signalled;
    private boolean started;
    private boolean waitsForRoom;
    private volatile long saidAt = System.nanoTime();
    private @Nullable String violation;

    /**
     * What shippers share.
     *
     * @param register the last one that a majority accepted
     */
    record Ports(Controller controller, InSync inSync, Supplier<Optional<Register>> register) {}

    /**
     * Creates the shipper of a session, which counts for the in-sync set from here on.
     *
     * @param replica the follower with its journal; empty: it can't be in sync
     */
    Shipper(
            NodeId follower,
            Optional<Replica> replica,
            Ports ports,
            Shipment shipment,
            StreamObserver<FollowResponse> responses) {
        this.follower = follower;
        this.replica = replica;
        this.ports = ports;
        this.shipment = shipment;
        this.responses = responses;
        this.session =
                replica.isPresent()
                        ? ports.inSync().connected(replica.get(), shipment.durableIndex())
                        : 0;
    }

    abstract void onAcknowledged(long index);

    NodeId follower() {
        return follower;
    }

    void start() {
        lock.lock();
        try {
            started = true;
        } finally {
            lock.unlock();
        }
        Thread.ofVirtual().name("shipper-" + follower).start(this::run);
    }

    /**
     * Sends what was appended a moment ago on the caller's thread, if that is next and nobody else
     * sends: it spares a commit the change of threads. Everything else is the shipper's own.
     */
    void signal() {
        if (sending.tryLock()) {
            try {
                boolean _ = isStarted() && sendRecent(turn());
                if (turn().nextIndex() > ports.controller().lastIndex()) {
                    return;
                }
            } catch (StatusRuntimeException | IllegalStateException _) {
                // The session has ended; the shipper's own thread meets the same and says so.
            } finally {
                sending.unlock();
            }
        }
        lock.lock();
        try {
            signalled = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes an acknowledgement; one of what was never sent ends the session. */
    void acknowledged(long index) {
        long durable;
        lock.lock();
        try {
            shipment.acknowledged(index);
            durable = shipment.durableIndex();
        } catch (IllegalArgumentException e) {
            violation = String.valueOf(e.getMessage());
            closed = true;
            return;
        } finally {
            if (waitsForRoom || closed) {
                signalled = true;
                changed.signalAll();
            }
            lock.unlock();
        }
        replica.ifPresent(r -> ports.inSync().acknowledged(r, session, durable));
        onAcknowledged(durable);
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        replica.ifPresent(r -> ports.inSync().left(r, session));
    }

    private boolean isStarted() {
        lock.lock();
        try {
            return started;
        } finally {
            lock.unlock();
        }
    }

    private record Turn(boolean closed, long nextIndex, int room, boolean nothingUnderWay) {}

    private void run() {
        try {
            Turn turn = next(false);
            Optional<Ballot> leading = ports.controller().leading();
            while (!turn.closed() && leading.isPresent()) {
                boolean sent = send(leading.get());
                turn = next(!sent);
                leading = ports.controller().leading();
            }
            end();
        } catch (IOException | StatusRuntimeException | IllegalStateException e) {
            LOG.info("Shipping to master {} ends: {}", follower, e.getMessage());
            Status status = Status.UNAVAILABLE.withDescription("replication: " + e.getMessage());
            last(() -> responses.onError(status.asRuntimeException()));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void end() {
        String wrong;
        lock.lock();
        try {
            wrong = violation;
        } finally {
            lock.unlock();
        }
        if (wrong == null) {
            last(responses::onCompleted);
            return;
        }
        LOG.error("Master {} is dropped as a follower: {}", follower, wrong);
        Status status = Status.INVALID_ARGUMENT.withDescription("replication: " + wrong);
        last(() -> responses.onError(status.asRuntimeException()));
    }

    /** Says the last word: nobody sends anything after it. */
    private void last(Runnable word) {
        sending.lock();
        try {
            lock.lock();
            try {
                closed = true;
            } finally {
                lock.unlock();
            }
            word.run();
        } finally {
            sending.unlock();
        }
    }

    /**
     * Waits until there may be something to send, if there was nothing before, but no longer than
     * until the next heartbeat.
     */
    private Turn next(boolean idle) throws InterruptedException {
        lock.lock();
        try {
            long left = heartbeatIn();
            while (idle && !signalled && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            signalled = false;
            waitsForRoom = false;
            return turn();
        } finally {
            lock.unlock();
        }
    }

    private Turn turn() {
        lock.lock();
        try {
            return new Turn(
                    closed, shipment.nextIndex(), shipment.room(), shipment.isNothingUnderWay());
        } finally {
            lock.unlock();
        }
    }

    /** Sends the next entries, or else a heartbeat when it is time; false: no entries. */
    private boolean send(Ballot leading) throws IOException {
        sending.lock();
        try {
            boolean sent = sendNext(turn());
            if (!sent && heartbeatIn() <= 0) {
                saidAt = System.nanoTime();
                responses.onNext(
                        ReplicationWire.heartbeat(
                                leading,
                                ports.controller().state().index(),
                                ports.register().get()));
            }
            return sent;
        } finally {
            sending.unlock();
        }
    }

    /** Nanoseconds until something has to be said; 0 or less: now. */
    private long heartbeatIn() {
        return saidAt + TimeUnit.MILLISECONDS.toNanos(HEARTBEAT_MILLIS) - System.nanoTime();
    }

    /** Sends what comes next; false: there is nothing, or no room for it. */
    private boolean sendNext(Turn turn) throws IOException {
        if (sendRecent(turn)) {
            return true;
        }
        if (turn.room() == 0 || ports.inSync().recent(turn.nextIndex()).isPresent()) {
            waitForRoom(turn);
            return false;
        }
        if (ports.controller().durablePosition().index() < turn.nextIndex()) {
            return false;
        }
        List<JournalEntry> entries =
                ports.controller()
                        .readDurable(turn.nextIndex(), Math.min(turn.room(), MAX_BATCH_BYTES));
        if (entries.isEmpty()) {
            return false;
        }
        List<byte[]> payloads = entries.stream().map(JournalEntry::payload).toList();
        send(
                entries.getFirst().index(),
                payloads,
                entries.getLast().position().chainHash(),
                payloads.stream().mapToLong(payload -> payload.length).sum());
        return true;
    }

    /** Has the next acknowledgement wake this shipper, if there is one to come. */
    private void waitForRoom(Turn turn) {
        lock.lock();
        try {
            waitsForRoom = true;
            signalled |= !turn().equals(turn);
        } finally {
            lock.unlock();
        }
    }

    /** Sends the next batch if it was appended a moment ago; touches no disk. */
    private boolean sendRecent(Turn turn) {
        Optional<RecentBatches.Sent> recent = ports.inSync().recent(turn.nextIndex());
        if (turn.closed() || recent.isEmpty() || ports.controller().leading().isEmpty()) {
            return false;
        }
        RecentBatches.Sent batch = recent.get();
        if (batch.bytes() > turn.room() && !turn.nothingUnderWay()) {
            return false;
        }
        send(batch.firstIndex(), batch.payloads(), batch.last().chainHash(), batch.bytes());
        return true;
    }

    private void send(long firstIndex, List<byte[]> payloads, ChainHash hash, long bytes) {
        lock.lock();
        try {
            shipment.sent(firstIndex + payloads.size() - 1, bytes);
        } finally {
            lock.unlock();
        }
        saidAt = System.nanoTime();
        responses.onNext(ReplicationWire.entries(firstIndex, payloads, hash));
    }
}
