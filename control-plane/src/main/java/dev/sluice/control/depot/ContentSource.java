package dev.sluice.control.depot;

import java.io.IOException;
import java.nio.file.Path;
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

    /** Where the bytes of a content are; empty when it is not complete here. */
    Optional<Place> place(ContentId id) throws IOException;

    /** Bytes of a file, from {@code start} on. */
    record Place(Path file, long start) {}

    /** Whether {@link #open} would find it. */
    boolean has(ContentId id);
}
