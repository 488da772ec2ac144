package dev.sluice.control.journal;

import java.io.IOException;
import java.io.InputStream;

/**
 * Reads the state that a snapshot holds.
 *
 * @param <T> the state
 */
@FunctionalInterface
public interface SnapshotReader<T> {

    /**
     * Builds the state from the payload. It is called before the payload has been verified, so that
     * nothing is read twice: it must stand any bytes, and keep nothing but its result, which is
     * thrown away if they turn out to be damaged.
     */
    T readFrom(JournalPosition position, InputStream payload) throws IOException;
}
