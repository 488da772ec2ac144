package dev.sluice.control.api;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.recordstore.RecordQuery;
import dev.sluice.control.recordstore.RecordStore;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** This master's session records, as operators see them. */
public interface SessionRecords {

    /** Finds records; the message of a failure says why none can be found. */
    RecordStore.Selection select(RecordQuery query) throws IOException;

    RecordStore.Status status();

    /** What was merged with each other master since the process started. */
    SortedMap<NodeId, Exchange> exchanges();

    /**
     * What happened between this master and another one.
     *
     * @param taken records that came from there
     * @param given records that went there
     * @param lastComplete when this master last had all that the other one had
     */
    record Exchange(long taken, long given, Optional<Instant> lastComplete) {}

    /** Those of a master that keeps none. */
    static SessionRecords none() {
        return new SessionRecords() {
            @Override
            public RecordStore.Selection select(RecordQuery query) throws IOException {
                throw new IOException("this master keeps no session records");
            }

            @Override
            public RecordStore.Status status() {
                return new RecordStore.Status(
                        "this master keeps no session records", 0, 0, 0, new TreeMap<>());
            }

            @Override
            public SortedMap<NodeId, Exchange> exchanges() {
                return new TreeMap<>();
            }
        };
    }
}
