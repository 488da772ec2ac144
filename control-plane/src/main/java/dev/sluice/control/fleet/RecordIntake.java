package dev.sluice.control.fleet;

import dev.sluice.control.records.RecordBatch;
import java.util.concurrent.CompletableFuture;

/** Where agents' session records go. Called by gRPC's threads; must not block. */
@FunctionalInterface
public interface RecordIntake {

    /**
     * Stores a batch.
     *
     * @return the sequence up to which everything from the spool's oldest on is durable; fails when
     *     nothing was stored, and the agent sends again
     */
    CompletableFuture<Long> take(RecordBatch batch);

    /** Stores and acknowledges nothing, as a master that keeps no records. */
    static RecordIntake none() {
        return _ -> CompletableFuture.failedFuture(new IllegalStateException("keeps no records"));
    }
}
