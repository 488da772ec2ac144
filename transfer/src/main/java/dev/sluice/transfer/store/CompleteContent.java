package dev.sluice.transfer.store;

import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/**
 * A content that is whole: a range of a file, and its leaf table in another.
 *
 * @param start where in the file the content begins
 */
public record CompleteContent(PackageContent content, Path file, long start, Path leaves)
        implements ReadableContent {

    /**
     * A content whose table is made from its bytes when it is not there yet, which reads all of
     * them.
     *
     * @throws dev.sluice.trust.packages.InvalidPackageException when the bytes are not the content
     */
    public static CompleteContent withTable(
            PackageContent content, Path file, long start, Path leaves) throws IOException {
        if (!LeafFile.isThere(leaves, content)) {
            try (FileChannel data = FileChannel.open(file, StandardOpenOption.READ)) {
                LeafFile.write(leaves, LeafHashing.of(data, start, content));
            }
        }
        return new CompleteContent(content, file, start, leaves);
    }

    @Override
    public Reader open(long offset, Runnable wake, Runnable closed) throws IOException {
        FileChannel data = FileChannel.open(file, StandardOpenOption.READ);
        try {
            if (data.size() < start + content.size()) {
                throw new IOException(
                        "%s: expected at least %d bytes, found %d"
                                .formatted(file, start + content.size(), data.size()));
            }
            return new FileReader(data, offset, closed);
        } catch (IOException e) {
            data.close();
            throw e;
        }
    }

    private final class FileReader implements Reader {
        private final FileChannel data;
        private final Runnable closed;
        private long position;

        FileReader(FileChannel data, long offset, Runnable closed) {
            this.data = data;
            this.position = offset;
            this.closed = closed;
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public long available() {
            return content.size();
        }

        @Override
        public long onDisk() {
            return content.size();
        }

        @Override
        public boolean ended() {
            return true;
        }

        @Override
        public OptionalLong takeRetraction() {
            return OptionalLong.empty();
        }

        @Override
        public int readMemory(ByteBuf into, int most) {
            return 0;
        }

        @Override
        public void readDisk(ByteBuffer into) throws IOException {
            position += FileRanges.readFully(data, start + position, into, file);
        }

        @Override
        public int availableTable() {
            return content.leafCount() * Sha256.BYTES;
        }

        @Override
        public void readTable(int offset, ByteBuffer into) throws IOException {
            FileRanges.readFully(leaves, offset, into);
        }

        @Override
        public void close() {
            if (data.isOpen()) {
                FileRanges.close(data, file);
                closed.run();
            }
        }
    }
}
