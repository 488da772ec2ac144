package dev.sluice.loadtest.sim;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.sluice.control.codec.SnapshotCodec;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.journal.DiskFile;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.journal.SnapshotStore;
import dev.sluice.control.journal.StoredSnapshot;
import dev.sluice.control.peer.ReplicationWire;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Configuration;
import dev.sluice.v1.FetchSnapshotRequest;
import dev.sluice.v1.FetchSnapshotResponse;
import dev.sluice.v1.GetPositionRequest;
import dev.sluice.v1.GetPositionResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a primary answers a follower whose journal parts from its own: where it stands, and a
 * snapshot in parts. The parts are small and take a while, so that transfers break off.
 */
final class SimSnapshots implements Receiver {

    /** Why the connection ends when the snapshot asked for is there no more. */
    static final String GONE = "that snapshot is gone";

    private static final int PART_BYTES = 256;
    private static final long PART_NANOS = Duration.ofMillis(200).toNanos();
    private static final long MAX_BYTES = 1L << 30;

    private final World world;
    private final Life life;
    private final Controller controller;
    private final End end;
    private @Nullable StoredSnapshot sending;

    SimSnapshots(World world, Life life, Controller controller, End end) {
        this.world = world;
        this.life = life;
        this.controller = controller;
        this.end = end;
        life.onEnd(this::stop);
    }

    @Override
    public void message(Message message) {
        if (controller.leading().isEmpty()) {
            end.close("not the primary");
        } else if (message instanceof FetchSnapshotRequest request) {
            open(request);
        } else {
            answer(((GetPositionRequest) message).getIndex());
        }
    }

    @Override
    public void closed(String why) {
        stop();
    }

    private void stop() {
        StoredSnapshot open = sending;
        sending = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answer(long index) {
        long first = controller.firstIndex();
        long last = controller.durablePosition().index();
        GetPositionResponse.Builder answer =
                GetPositionResponse.newBuilder()
                        .setIndex(index)
                        .setFirstIndex(first)
                        .setLastIndex(last);
        try {
            if (index >= first - 1 && index <= last) {
                answer.setHash(ReplicationWire.bytes(controller.positionAt(index).chainHash()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        end.send(answer.build());
    }

    private void open(FetchSnapshotRequest request) {
        try {
            Optional<StoredSnapshot> found =
                    request.getIndex() > 0
                            ? controller.openSnapshot(request.getIndex())
                            : controller.openSnapshot();
            if (found.isPresent()) {
                sending = mutated(found.get());
                send(request.getOffset(), true);
            } else if (request.getIndex() > 0) {
                end.close(GONE);
            } else {
                var _ =
                        controller
                                .maintain(DurableState::snapshot)
                                .whenComplete((_, _) -> end.close("a snapshot is being made"));
            }
        } catch (IOException e) {
            end.close("its disk: " + e.getMessage());
        }
    }

    private void send(long offset, boolean first) {
        StoredSnapshot snapshot = sending;
        if (snapshot == null || !end.isOpen()) {
            return;
        }
        FetchSnapshotResponse.Builder part = FetchSnapshotResponse.newBuilder();
        if (first) {
            part.setIndex(snapshot.position().index())
                    .setHash(ReplicationWire.bytes(snapshot.position().chainHash()))
                    .setTotalBytes(snapshot.size())
                    .setSha256(ByteString.copyFrom(snapshot.sha256()));
        }
        try {
            byte[] data = snapshot.read(offset, PART_BYTES);
            end.send(part.setData(ByteString.copyFrom(data)).build());
            long next = offset + data.length;
            if (data.length > 0 && next < snapshot.size()) {
                life.after(PART_NANOS, () -> send(next, false));
            } else {
                stop();
            }
        } catch (IOException e) {
            end.close("its disk: " + e.getMessage());
        }
    }

    /**
     * A mutated primary sends a state that has forgotten settings, and how many plans there were.
     */
    private StoredSnapshot mutated(StoredSnapshot good) throws IOException {
        if (world.mutation() != Mutation.SNAPSHOT_FORGETS) {
            return good;
        }
        MemoryDisk scratch = new MemoryDisk();
        long index = good.position().index();
        try (DiskFile copy = scratch.create("snapshot-%020d.snap".formatted(index))) {
            copy.write(ByteBuffer.wrap(good.read(0, Math.toIntExact(good.size()))), 0);
            copy.force(true);
        }
        scratch.forceDirectory();
        SnapshotStore store = new SnapshotStore(scratch, MAX_BYTES);
        ClusterState sent =
                store.loadNewest((_, payload) -> new SnapshotCodec().decode(payload.readAllBytes()))
                        .newest()
                        .orElseThrow()
                        .state();
        ClusterState forgetful =
                new ClusterState(
                        sent.index(),
                        sent.office(),
                        sent.topology(),
                        sent.foundingPolicy(),
                        Configuration.EMPTY,
                        sent.packages(),
                        sent.choices(),
                        sent.operatorClosed(),
                        sent.failoverBroken(),
                        sent.succession(),
                        sent.supply(),
                        0,
                        sent.upgrade());
        SnapshotStore other = new SnapshotStore(new MemoryDisk(), MAX_BYTES);
        other.save(good.position(), stream -> stream.write(new SnapshotCodec().encode(forgetful)));
        StoredSnapshot bad = other.open(index).orElseThrow();
        good.close();
        return bad;
    }
}
