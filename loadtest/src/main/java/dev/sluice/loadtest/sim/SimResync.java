package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.peer.ReplicationWire;
import dev.sluice.control.replication.CommonEntry;
import dev.sluice.v1.GetPositionRequest;
import dev.sluice.v1.GetPositionResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Repairs a journal that parts from the primary's: looks for the last common entry, then cuts what
 * follows it, archived before. A history has no compaction, so that cutting is always enough.
 */
final class SimResync implements Receiver {

    private final Life life;
    private final Controller controller;
    private final Disk archive;
    private final Consumer<String> done;
    private final CommonEntry search;
    private @Nullable End end;
    private boolean over;

    /**
     * @param done told once how it ended; empty: the journal can follow
     */
    SimResync(Life life, Controller controller, Disk archive, Consumer<String> done) {
        this.life = life;
        this.controller = controller;
        this.archive = archive;
        this.done = done;
        this.search = new CommonEntry(controller.firstIndex(), controller.durablePosition());
    }

    /** The other side: answers where its journal stands, while it is primary. */
    static Receiver answering(Controller controller, End end) {
        return new Receiver() {
            @Override
            public void message(Message message) {
                long index = ((GetPositionRequest) message).getIndex();
                if (controller.leading().isEmpty()) {
                    end.close("not the primary");
                    return;
                }
                long first = controller.firstIndex();
                long last = controller.durablePosition().index();
                GetPositionResponse.Builder answer =
                        GetPositionResponse.newBuilder()
                                .setIndex(index)
                                .setFirstIndex(first)
                                .setLastIndex(last);
                if (index >= first - 1 && index <= last) {
                    answer.setHash(ReplicationWire.bytes(at(controller, index).chainHash()));
                }
                end.send(answer.build());
            }

            @Override
            public void closed(String why) {}
        };
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
            case CommonEntry.Next.Nothing(var why) -> finish(why);
        }
    }

    @Override
    public void message(Message message) {
        GetPositionResponse answer = (GetPositionResponse) message;
        if (over) {
            return;
        }
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
                            DurableState.Repair repair = durable.cutAfter(common, archive);
                            life.after(0, () -> finish(said(repair)));
                        })
                        .whenComplete((ran, failure) -> {
                            if (failure != null || !ran) {
                                finish("the writer did not do it");
                            }
                        });
    }

    private static String said(DurableState.Repair repair) {
        return switch (repair) {
            case DurableState.Repair.Done _ -> "";
            case DurableState.Repair.Impossible(var why) -> "impossible: " + why;
            case DurableState.Repair.Failed(var why) -> "failed: " + why;
        };
    }

    @Override
    public void closed(String why) {
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
