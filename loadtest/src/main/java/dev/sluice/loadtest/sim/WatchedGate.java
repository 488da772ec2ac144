package dev.sluice.loadtest.sim;

import dev.sluice.control.controller.CommitGate;
import dev.sluice.control.journal.JournalPosition;
import java.util.List;
import java.util.function.BiConsumer;

/** A commit gate, with somebody who is told what is decided at the moment at which it is. */
final class WatchedGate implements CommitGate {

    private final CommitGate gate;
    private final BiConsumer<Long, List<byte[]>> decided;
    private final boolean commitsAlone;

    /**
     * @param commitsAlone a mutation: everything counts as committed
     */
    WatchedGate(CommitGate gate, BiConsumer<Long, List<byte[]>> decided, boolean commitsAlone) {
        this.gate = gate;
        this.decided = decided;
        this.commitsAlone = commitsAlone;
    }

    @Override
    public void appended(long firstIndex, List<byte[]> payloads, JournalPosition last) {
        decided.accept(firstIndex, payloads);
        gate.appended(firstIndex, payloads, last);
    }

    @Override
    public void forced(long lastIndex) {
        gate.forced(lastIndex);
    }

    @Override
    public boolean isCommitted(long index) {
        return commitsAlone || gate.isCommitted(index);
    }

    @Override
    public String waitsFor(long index) {
        return gate.waitsFor(index);
    }

    @Override
    public long lowestFollower() {
        return gate.lowestFollower();
    }

    @Override
    public void onProgress(Runnable wake) {
        gate.onProgress(wake);
    }
}
