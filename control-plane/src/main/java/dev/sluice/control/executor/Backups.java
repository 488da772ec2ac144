package dev.sluice.control.executor;

import dev.sluice.control.state.ClusterState;
import java.io.IOException;

/** Where backups of settings and configuration are kept. */
public interface Backups {

    /**
     * Writes a backup and makes it durable. The same name again replaces it.
     *
     * @param name file name without its ending
     * @return a line that says what was written: place, size, digest
     * @throws IOException naming the place, when it could not be written; nothing is left behind
     *     then
     */
    String write(String name, ClusterState state) throws IOException;
}
