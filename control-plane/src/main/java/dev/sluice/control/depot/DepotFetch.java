package dev.sluice.control.depot;

import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A package on its way from another master into the depot. Whoever fetches brings its content into
 * {@link #directory}; what is there when this is closed stays there, for the next fetch to go on.
 */
final class DepotFetch implements AutoCloseable {

    private final Path directory;
    private final PackageContent content;
    private final DepotRoom.Claim claim;
    private final Naming naming;

    /** Gives a whole content its name in the depot. */
    @FunctionalInterface
    interface Naming {
        void run() throws IOException;
    }

    DepotFetch(Path directory, PackageContent content, DepotRoom.Claim claim, Naming naming) {
        this.directory = directory;
        this.content = content;
        this.claim = claim;
        this.naming = naming;
    }

    /** Where a {@code GrowingContent} has its files. */
    Path directory() {
        return directory;
    }

    /** By the manifest of a signer who is trusted here. */
    PackageContent content() {
        return content;
    }

    /** The content has its space on the disk now. */
    void reserved() {
        claim.reserved();
    }

    /** The content is whole and durable: it is in the depot after this. */
    void complete() throws IOException {
        naming.run();
    }

    @Override
    public void close() {
        claim.close();
    }
}
