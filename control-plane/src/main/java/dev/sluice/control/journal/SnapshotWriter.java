package dev.sluice.control.journal;

import java.io.IOException;
import java.io.OutputStream;

/** Writes the state that a snapshot holds. */
@FunctionalInterface
public interface SnapshotWriter {

    /** Writes the payload; the stream is buffered and not the writer's to close. */
    void writeTo(OutputStream stream) throws IOException;
}
