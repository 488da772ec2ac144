package dev.sluice.control.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.replication.Shipment;
import dev.sluice.control.state.Office;
import dev.sluice.v1.FollowResponse;
import dev.sluice.v1.JournalEntries;
import dev.sluice.v1.PrimaryHeartbeat;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends one follower what it lacks, on a virtual thread of its own, and a heartbeat while there is
 * nothing.
 */
abstract class Shipper {

    private static final Logger LOG = LoggerFactory.getLogger(Shipper.class);

    /** A follower that hears nothing for some of these looks for another primary. */
    private static final long HEARTBEAT_MILLIS = 200;

    private static final int MAX_BATCH_BYTES = 512 << 10;

    private final NodeId follower;
    private final Controller controller;
    private final Shipment shipment;
    private final StreamObserver<FollowResponse> responses;
    private final BooleanSupplier leads;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean closed;
    private boolean signalled;
    private @Nullable String violation;

    Shipper(
            NodeId follower,
            Controller controller,
            Shipment shipment,
            StreamObserver<FollowResponse> responses,
            BooleanSupplier leads) {
        this.follower = follower;
        this.controller = controller;
        this.shipment = shipment;
        this.responses = responses;
        this.leads = leads;
    }

    abstract void onAcknowledged(long index);

    NodeId follower() {
        return follower;
    }

    void start() {
        Thread.ofVirtual().name("shipper-" + follower).start(this::run);
    }

    void signal() {
        lock.lock();
        try {
            signalled = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Notes an acknowledgement; one of entries that were never sent ends the stream. */
    void acknowledged(long index) {
        long durable;
        lock.lock();
        try {
            shipment.acknowledged(index);
            durable = shipment.durableIndex();
            signalled = true;
            changed.signalAll();
        } catch (IllegalArgumentException e) {
            violation = String.valueOf(e.getMessage());
            closed = true;
            changed.signalAll();
            return;
        } finally {
            lock.unlock();
        }
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
    }

    private record Turn(boolean closed, long nextIndex, int room) {}

    private void run() {
        try {
            for (Turn turn = next(false); !turn.closed() && leads.getAsBoolean(); ) {
                List<JournalEntry> entries =
                        turn.room() > 0 && controller.durablePosition().index() >= turn.nextIndex()
                                ? controller.readDurable(
                                        turn.nextIndex(), Math.min(turn.room(), MAX_BATCH_BYTES))
                                : List.of();
                if (entries.isEmpty()) {
                    responses.onNext(heartbeat());
                } else {
                    send(entries);
                }
                turn = next(entries.isEmpty());
            }
            end();
        } catch (IOException | StatusRuntimeException | IllegalStateException e) {
            LOG.info("Shipping to master {} ends: {}", follower, e.getMessage());
            responses.onError(
                    io.grpc.Status.UNAVAILABLE
                            .withDescription("replication: " + e.getMessage())
                            .asRuntimeException());
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
            responses.onCompleted();
            return;
        }
        LOG.error("Master {} is dropped as a follower: {}", follower, wrong);
        responses.onError(
                io.grpc.Status.INVALID_ARGUMENT
                        .withDescription("replication: " + wrong)
                        .asRuntimeException());
    }

    private Turn next(boolean idle) throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(HEARTBEAT_MILLIS);
            while (idle && !signalled && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            signalled = false;
            return new Turn(closed, shipment.nextIndex(), shipment.room());
        } finally {
            lock.unlock();
        }
    }

    private void send(List<JournalEntry> entries) {
        JournalEntries.Builder batch =
                JournalEntries.newBuilder().setFirstIndex(entries.getFirst().index());
        long bytes = 0;
        for (JournalEntry entry : entries) {
            batch.addPayloads(UnsafeByteOperations.unsafeWrap(entry.payload()));
            bytes += entry.payload().length;
        }
        batch.setLastHash(ByteString.copyFrom(entries.getLast().position().chainHash().toBytes()));
        lock.lock();
        try {
            shipment.sent(entries.getLast().index(), bytes);
        } finally {
            lock.unlock();
        }
        responses.onNext(FollowResponse.newBuilder().setEntries(batch).build());
    }

    private FollowResponse heartbeat() {
        Office office = controller.state().office();
        PrimaryHeartbeat.Builder heartbeat =
                PrimaryHeartbeat.newBuilder().setCommittedIndex(controller.state().index());
        if (office != null) {
            heartbeat.setBallot(Ballots.toProto(office.ballot()));
        }
        return FollowResponse.newBuilder().setHeartbeat(heartbeat).build();
    }
}
