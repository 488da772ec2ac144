package dev.sluice.control.api;

import dev.sluice.control.controller.CommitGate;
import dev.sluice.control.journal.JournalPosition;
import java.util.List;
import java.util.concurrent.Semaphore;

/** A backup in sync that acknowledges everything unless the test holds it back. */
final class HeldGate implements CommitGate {

    /** A permit for each batch that was appended while this was held. */
    final Semaphore waiting = new Semaphore(0);

    private volatile boolean held;
    private volatile Runnable wake = () -> {};

    void hold() {
        held = true;
    }

    void release() {
        held = false;
        wake.run();
    }

    void wake() {
        wake.run();
    }

    @Override
    public void appended(long firstIndex, List<byte[]> payloads, JournalPosition last) {
        if (held) {
            waiting.release();
        }
    }

    @Override
    public void forced(long lastIndex) {}

    @Override
    public boolean isCommitted(long index) {
        return !held;
    }

    @Override
    public String waitsFor(long index) {
        return held ? "master m-b" : "";
    }

    @Override
    public long lowestFollower() {
        return Long.MAX_VALUE;
    }

    @Override
    public void onProgress(Runnable call) {
        wake = call;
    }
}
