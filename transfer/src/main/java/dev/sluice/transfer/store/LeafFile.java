package dev.sluice.transfer.store;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The leaf hashes of a content in a file, one after the other: what a TABLE frame carries. */
public final class LeafFile {

    private static final Logger LOG = LoggerFactory.getLogger(LeafFile.class);

    private LeafFile() {}

    static long size(PackageContent content) {
        return (long) content.leafCount() * Sha256.BYTES;
    }

    /** Whether a file can be the table, by its size. */
    static boolean isThere(Path file, PackageContent content) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) == size(content);
    }

    /** The table in a file, if it is there and the one of the content. */
    public static Optional<LeafTable> read(Path file, PackageContent content) throws IOException {
        if (!isThere(file, content)) {
            return Optional.empty();
        }
        try {
            return Optional.of(LeafTable.decode(Files.readAllBytes(file), content));
        } catch (InvalidPackageException e) {
            LOG.warn("{}: is not used: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    /** Makes a verified table durable. */
    public static void write(Path file, LeafTable table) throws IOException {
        write(file, table, true);
    }

    /** Writes a verified table, which is durable only after {@link #sync}. */
    static void writeSoon(Path file, LeafTable table) throws IOException {
        write(file, table, false);
    }

    private static void write(Path file, LeafTable table, boolean durably) throws IOException {
        NamedFile.replace(
                file,
                ByteBuffer.wrap(table.encoded()),
                ".new-" + Thread.currentThread().threadId(),
                durably);
    }

    static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
