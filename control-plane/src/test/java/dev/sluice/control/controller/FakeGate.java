package dev.sluice.control.controller;

import dev.sluice.control.journal.JournalPosition;
import java.util.ArrayList;
import java.util.List;

/** Other replicas that acknowledge when the test says so. */
final class FakeGate implements CommitGate {

    final List<Long> sent = new ArrayList<>();
    final List<Long> forced = new ArrayList<>();
    private volatile long acknowledged;
    private volatile long lowestFollower = Long.MAX_VALUE;
    private volatile Runnable wake = () -> {};

    void acknowledge(long index) {
        acknowledged = index;
        wake.run();
    }

    void lowestFollower(long index) {
        lowestFollower = index;
    }

    @Override
    public void appended(long firstIndex, List<byte[]> payloads, JournalPosition last) {
        sent.add(last.index());
    }

    @Override
    public void forced(long lastIndex) {
        forced.add(lastIndex);
    }

    @Override
    public boolean isCommitted(long index) {
        return acknowledged >= index;
    }

    @Override
    public String waitsFor(long index) {
        return isCommitted(index) ? "" : "master m-b";
    }

    @Override
    public long lowestFollower() {
        return lowestFollower;
    }

    @Override
    public void onProgress(Runnable call) {
        wake = call;
    }
}
