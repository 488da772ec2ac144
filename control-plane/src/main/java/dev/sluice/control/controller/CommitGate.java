package dev.sluice.control.controller;

import dev.sluice.control.journal.JournalPosition;
import java.util.List;

/**
 * What entries wait for after they are durable in this master's journal: the other replicas. Only
 * the writer calls it, but for {@link #onProgress}.
 */
public interface CommitGate {

    /** Waits for nobody: a master alone. */
    CommitGate ALONE =
            new CommitGate() {
                @Override
                public void appended(
                        long firstIndex, List<byte[]> payloads, JournalPosition last) {}

                @Override
                public void forced(long lastIndex) {}

                @Override
                public boolean isCommitted(long index) {
                    return true;
                }

                @Override
                public String waitsFor(long index) {
                    return "";
                }

                @Override
                public long lowestFollower() {
                    return Long.MAX_VALUE;
                }

                @Override
                public void onProgress(Runnable wake) {}
            };

    /**
     * Entries were appended to this journal and may go out to the others at once, while this one is
     * still being forced.
     *
     * @param last the position after them
     */
    void appended(long firstIndex, List<byte[]> payloads, JournalPosition last);

    /** Everything up to the index is durable in this journal, and can be read from it. */
    void forced(long lastIndex);

    /** Whether every replica that is required, beside this one, has everything up to the index. */
    boolean isCommitted(long index);

    /** Who is waited for, for people; empty: nobody. */
    String waitsFor(long index);

    /**
     * The last entry that every connected follower has; what comes after it must not be compacted.
     * {@link Long#MAX_VALUE}: no follower is connected.
     */
    long lowestFollower();

    /**
     * Registers what is to be called, on any thread, when {@link #isCommitted} may have changed.
     */
    void onProgress(Runnable wake);
}
