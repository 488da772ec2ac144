package dev.sluice.control.depot;

import java.io.IOException;
import java.util.Optional;

/** Where complete and verified contents are kept. Safe for use by many threads. */
public interface ContentSource {

    /**
     * Opens a content.
     *
     * @return empty when it is not complete here
     * @throws IOException naming the file, when it is here and cannot be read
     */
    Optional<Content> open(ContentId id) throws IOException;

    /** Whether {@link #open} would find it. */
    boolean has(ContentId id);
}
