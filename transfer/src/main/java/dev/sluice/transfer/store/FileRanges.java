package dev.sluice.transfer.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reading of ranges that have to be there. */
final class FileRanges {

    private static final Logger LOG = LoggerFactory.getLogger(FileRanges.class);

    private FileRanges() {}

    static int readFully(FileChannel from, long offset, ByteBuffer into, Path file)
            throws IOException {
        int wanted = into.remaining();
        for (long at = offset; into.hasRemaining(); ) {
            int count = from.read(into, at);
            if (count < 0) {
                throw new IOException(
                        "%s: ends at %d, expected %d bytes".formatted(file, at, offset + wanted));
            }
            at += count;
        }
        return wanted;
    }

    static void readFully(Path file, long offset, ByteBuffer into) throws IOException {
        try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
            readFully(from, offset, into, file);
        }
    }

    static void close(FileChannel channel, Path file) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("{}: cannot be closed: {}", file, e.getMessage());
        }
    }
}
