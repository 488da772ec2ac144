package dev.sluice.control.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.journal.StoredSnapshot;
import dev.sluice.control.model.NodeId;
import dev.sluice.v1.FetchSnapshotRequest;
import dev.sluice.v1.FetchSnapshotResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;

/** Sends a primary's snapshots to followers, as fast as they take them. */
final class SnapshotSender {

    static final int PART_BYTES = 256 << 10;

    /** Transfers at once: each reads the disk that commits wait for. */
    private static final int TRANSFERS_AT_ONCE = 2;

    private final Controller controller;
    private final PeerTable peers;
    private final Semaphore slots = new Semaphore(TRANSFERS_AT_ONCE);

    SnapshotSender(Controller controller, PeerTable peers) {
        this.controller = controller;
        this.peers = peers;
    }

    /** Serves a call on a virtual thread of its own. */
    void send(
            NodeId to,
            FetchSnapshotRequest request,
            ServerCallStreamObserver<FetchSnapshotResponse> responses) {
        Semaphore changed = new Semaphore(0);
        responses.setOnReadyHandler(changed::release);
        responses.setOnCancelHandler(changed::release);
        if (!slots.tryAcquire()) {
            responses.onError(
                    error(
                            Status.RESOURCE_EXHAUSTED,
                            "%d are sent already; try again".formatted(TRANSFERS_AT_ONCE)));
            return;
        }
        Thread.ofVirtual()
                .name("snapshot-" + to)
                .start(() -> {
                    try {
                        serve(to, request, responses, changed);
                    } catch (IOException | ExecutionException | IllegalArgumentException e) {
                        responses.onError(error(Status.INTERNAL, String.valueOf(e.getMessage())));
                    } catch (StatusRuntimeException e) {
                        responses.onError(e);
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    } finally {
                        peers.resyncsNoMore(to);
                        slots.release();
                    }
                });
    }

    private void serve(
            NodeId to,
            FetchSnapshotRequest request,
            ServerCallStreamObserver<FetchSnapshotResponse> responses,
            Semaphore changed)
            throws IOException, ExecutionException, InterruptedException {
        long index = ReplicationWire.notNegative("index", request.getIndex());
        long offset = ReplicationWire.notNegative("offset", request.getOffset());
        try (StoredSnapshot snapshot =
                open(index)
                        .orElseThrow(() ->
                                error(
                                        Status.NOT_FOUND,
                                        index == 0
                                                ? "there is none that one can go on from"
                                                : "the one at entry %d is gone"
                                                        .formatted(index)))) {
            if (offset > snapshot.size()) {
                throw error(
                        Status.OUT_OF_RANGE,
                        "expected an offset up to %d, found %d".formatted(snapshot.size(), offset));
            }
            FetchSnapshotResponse.Builder part =
                    FetchSnapshotResponse.newBuilder()
                            .setIndex(snapshot.position().index())
                            .setHash(ReplicationWire.bytes(snapshot.position().chainHash()))
                            .setTotalBytes(snapshot.size())
                            .setSha256(ByteString.copyFrom(snapshot.sha256()));
            for (long at = offset; at == offset || at < snapshot.size(); ) {
                while (!responses.isReady() && !responses.isCancelled()) {
                    changed.acquire();
                }
                if (responses.isCancelled()) {
                    return;
                }
                byte[] data = snapshot.read(at, PART_BYTES);
                responses.onNext(part.setData(UnsafeByteOperations.unsafeWrap(data)).build());
                part = FetchSnapshotResponse.newBuilder();
                at += data.length;
                peers.resyncs(
                        to, new ResyncProgress(ResyncProgress.Phase.FETCHING, at, snapshot.size()));
                if (data.length == 0) {
                    break;
                }
            }
            responses.onCompleted();
        }
    }

    private Optional<StoredSnapshot> open(long index)
            throws IOException, ExecutionException, InterruptedException {
        if (index > 0) {
            return controller.openSnapshot(index);
        }
        Optional<StoredSnapshot> newest = controller.openSnapshot();
        if (newest.isPresent()) {
            return newest;
        }
        boolean _ = controller.maintain(DurableState::snapshot).get();
        return controller.openSnapshot();
    }

    private static StatusRuntimeException error(Status status, String what) {
        return status.withDescription("snapshot: " + what).asRuntimeException();
    }
}
