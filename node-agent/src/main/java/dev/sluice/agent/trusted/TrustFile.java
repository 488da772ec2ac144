package dev.sluice.agent.trusted;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.StrictJson;
import dev.sluice.trust.packages.StrictObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file of this package: without what it says the node would forget what it must refuse. */
final class TrustFile {

    private static final int MAX_BYTES = 1 << 20;

    private TrustFile() {}

    /** What takes the file's keys, but for its schema and its end. */
    interface Reader {
        void read(StrictObject root) throws InvalidPackageException;
    }

    /**
     * Reads the file; nothing when there is none.
     *
     * @throws IOException when it cannot be read or is damaged: the node does not start then
     */
    static void read(Path file, String schema, Reader reader) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException _) {
            return;
        }
        try {
            StrictObject root =
                    StrictJson.object(String.valueOf(file.getFileName()), bytes, MAX_BYTES);
            root.expect("schema", schema);
            reader.read(root);
            root.end();
        } catch (InvalidPackageException e) {
            throw new IOException(
                    "%s is damaged: %s; have the node set up anew, or restore the file"
                            .formatted(file, e.reason()),
                    e);
        }
    }
}
