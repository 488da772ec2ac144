package dev.sluice.transfer.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Small files that are replaced as a whole: a crash leaves the old one or the new one. */
final class NamedFile {

    private NamedFile() {}

    static void replace(Path file, ByteBuffer bytes) throws IOException {
        replace(file, bytes, ".new", true);
    }

    /** Several threads may replace the same file when each has a suffix of its own. */
    static void replace(Path file, ByteBuffer bytes, String suffix, boolean durably)
            throws IOException {
        Path next = file.resolveSibling(file.getFileName() + suffix);
        try (FileChannel channel =
                FileChannel.open(
                        next,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durably) {
                channel.force(true);
            }
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
