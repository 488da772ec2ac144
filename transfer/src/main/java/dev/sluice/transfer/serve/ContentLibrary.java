package dev.sluice.transfer.serve;

import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.util.Optional;

/** What this process has to serve. Safe for use by many threads. */
@FunctionalInterface
public interface ContentLibrary {

    /**
     * A content, whole or growing; may read the disk for a while.
     *
     * @return empty when it is not here
     */
    Optional<ReadableContent> find(Sha256 content) throws IOException;

    /**
     * Whether a content that is not here may be in a moment, as at a node that is told to pull
     * later than its child is: who asks for it waits a little. Else it is refused at once.
     */
    default boolean mayComeSoon(Sha256 content) {
        return true;
    }
}
