package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.IncomingSnapshot;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.replication.CommonEntry;
import dev.sluice.v1.FetchSnapshotRequest;
import dev.sluice.v1.FetchSnapshotResponse;
import dev.sluice.v1.GetPositionRequest;
import dev.sluice.v1.GetPositionResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Repairs a journal that parts from the primary's: looks for the last common entry, then cuts what
 * follows it, archived before. Where that can't be done it fetches a snapshot, going on with one
 * that has begun to arrive, and begins another journal after it.
 */
final class SimResync implements Receiver {

    private final World world;
    private final Life life;
    private final Controller controller;
    private final Disks disks;
    private final Runnable onReplaced;
    private final Consumer<String> done;
    private final IncomingSnapshot incoming;
    private final CommonEntry search;
    private @Nullable End end;
    private boolean checked;
    private boolean over;

    /**
     * Where what goes and what comes is kept.
     *
     * @param archive entries and journals that are given up
     * @param incoming a snapshot that has not arrived completely
     */
    record Disks(Disk archive, Disk incoming) {}

    /**
     * @param onReplaced told that another journal has begun
     * @param done told once how it ended; empty: the journal can follow
     */
    SimResync(
            World world,
            Life life,
            Controller controller,
            Disks disks,
            Runnable onReplaced,
            Consumer<String> done) {
        this.world = world;
        this.life = life;
        this.controller = controller;
        this.disks = disks;
        this.onReplaced = onReplaced;
        this.incoming = new IncomingSnapshot(disks.incoming());
        this.done = done;
        this.search = new CommonEntry(controller.firstIndex(), controller.durablePosition());
    }

    private static JournalPosition at(Controller controller, long index) {
        try {
            return controller.positionAt(index);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void begin(End dialled) {
        end = dialled;
        go(search.begin());
    }

    private void go(CommonEntry.Next next) {
        switch (next) {
            case CommonEntry.Next.Ask(var index) -> {
                if (end != null) {
                    end.send(GetPositionRequest.newBuilder().setIndex(index).build());
                }
            }
            case CommonEntry.Next.Found(var index) -> cut(at(controller, index));
            case CommonEntry.Next.Nothing(var why) -> fetch(why);
        }
    }

    @Override
    public void message(Message message) {
        if (over) {
            return;
        }
        if (message instanceof FetchSnapshotResponse part) {
            arrived(part);
            return;
        }
        GetPositionResponse answer = (GetPositionResponse) message;
        go(
                search.answered(
                        new CommonEntry.Answer(
                                answer.getIndex(),
                                answer.getHash().isEmpty()
                                        ? Optional.empty()
                                        : Optional.of(ChainHash.of(answer.getHash().toByteArray())),
                                answer.getFirstIndex(),
                                answer.getLastIndex()),
                        at(controller, answer.getIndex()).chainHash()));
    }

    private void cut(JournalPosition common) {
        if (common.index() == controller.lastIndex()) {
            finish("");
            return;
        }
        var _ =
                controller
                        .maintain(durable -> {
                            DurableState.Repair repair = durable.cutAfter(common, disks.archive());
                            life.after(0, () -> cut(repair));
                        })
                        .whenComplete((ran, failure) -> {
                            if (failure != null || !ran) {
                                finish("the writer did not do it");
                            }
                        });
    }

    private void cut(DurableState.Repair repair) {
        switch (repair) {
            case DurableState.Repair.Done _ -> finish("");
            case DurableState.Repair.Impossible(var why) -> fetch(why);
            case DurableState.Repair.Failed(var why) -> finish("failed: " + why);
        }
    }

    /** Asks for a snapshot, or for what is missing of one. */
    private void fetch(String why) {
        End asked = end;
        if (asked == null || !asked.isOpen()) {
            finish(why);
            return;
        }
        onDisk(() -> {
            Optional<IncomingSnapshot.Offer> offer = incoming.offer();
            long arrived = offer.isPresent() ? incoming.arrived() : 0;
            if (offer.isPresent() && arrived >= offer.get().totalBytes()) {
                complete();
                return;
            }
            if (arrived > 0) {
                world.covered("snapshot transfers resumed");
            }
            asked.send(
                    FetchSnapshotRequest.newBuilder()
                            .setIndex(offer.map(o -> o.position().index()).orElse(0L))
                            .setOffset(arrived)
                            .build());
        });
    }

    @FunctionalInterface
    private interface DiskWork {
        void run() throws IOException;
    }

    private void onDisk(DiskWork work) {
        try {
            work.run();
        } catch (IOException e) {
            finish("its disk: " + e.getMessage());
        }
    }

    private void arrived(FetchSnapshotResponse part) {
        onDisk(() -> {
            if (!checked) {
                checked = true;
                check(part);
            }
            if (!over) {
                incoming.add(part.getData().toByteArray());
                if (incoming.arrived() >= incoming.offer().orElseThrow().totalBytes()) {
                    complete();
                }
            }
        });
    }

    private void check(FetchSnapshotResponse part) throws IOException {
        IncomingSnapshot.Offer offered =
                new IncomingSnapshot.Offer(
                        new JournalPosition(
                                part.getIndex(), ChainHash.of(part.getHash().toByteArray())),
                        part.getTotalBytes(),
                        HexFormat.of().formatHex(part.getSha256().toByteArray()));
        Optional<IncomingSnapshot.Offer> expected = incoming.offer();
        if (expected.isEmpty()) {
            incoming.begin(offered);
        } else if (!expected.get().equals(offered)) {
            incoming.discard();
            finish("another snapshot under the same index");
        }
    }

    private void complete() throws IOException {
        if (!incoming.isWhole()) {
            incoming.discard();
            finish("the snapshot arrived damaged");
            return;
        }
        var _ =
                controller
                        .maintain(durable -> {
                            DurableState.Repair repair = durable.replace(incoming, disks.archive());
                            life.after(0, () -> replaced(repair));
                        })
                        .whenComplete((ran, failure) -> {
                            if (failure != null || !ran) {
                                finish("the writer did not do it");
                            }
                        });
    }

    private void replaced(DurableState.Repair repair) {
        switch (repair) {
            case DurableState.Repair.Done _ -> {
                world.covered("snapshots installed");
                world.promises()
                        .commits()
                        .compare(life, controller.state(), controller.durablePosition());
                onReplaced.run();
                onDisk(incoming::discard);
                finish("");
            }
            case DurableState.Repair.Impossible(var why) -> finish("impossible: " + why);
            case DurableState.Repair.Failed(var why) -> finish("failed: " + why);
        }
    }

    /** Another snapshot has to be asked for when the one that was begun is gone. */
    @Override
    public void closed(String why) {
        if (!over && why.equals(SimSnapshots.GONE)) {
            onDisk(incoming::discard);
        }
        finish(why);
    }

    private void finish(String how) {
        if (!over) {
            over = true;
            if (end != null && end.isOpen()) {
                end.close("OK");
            }
            done.accept(how);
        }
    }
}
