package dev.sluice.transfer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.transfer.memory.TransferMemory;
import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LeafWriterTest {

    private static final int LEAF = PackageContent.LEAF_SIZE;
    private static final int SHORT = 1234;

    private final byte[] bytes = new byte[3 * LEAF + SHORT];

    @TempDir private Path directory;
    private Path file;
    private FileChannel cached;
    private LeafWriter writer;

    @BeforeEach
    void open() throws IOException {
        new Random(5).nextBytes(bytes);
        file = Files.createFile(directory.resolve("content"));
        cached = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        writer = LeafWriter.of(file, cached);
    }

    @AfterEach
    void close() throws IOException {
        writer.close();
        cached.close();
    }

    /** A leaf in direct memory that begins {@code skew} bytes after an aligned address. */
    private ByteBuffer leaf(int index, int skew) {
        int from = index * LEAF;
        int size = Math.min(LEAF, bytes.length - from);
        ByteBuffer aligned =
                ByteBuffer.allocateDirect(LEAF + 2 * TransferMemory.ALIGNMENT)
                        .alignedSlice(TransferMemory.ALIGNMENT);
        return aligned.position(skew).limit(skew + size).slice().put(0, bytes, from, size);
    }

    @Test
    @Tag("PKG-4")
    void leavesAreInTheFileAsTheyWereAndAShortOneEndsIt() throws IOException {
        long first = writer.write(List.of(leaf(0, 0), leaf(1, 0)), 0);
        long second = writer.write(List.of(leaf(2, 0), leaf(3, 0)), first);

        assertThat(first).isEqualTo(2L * LEAF);
        assertThat(second).isEqualTo(LEAF + SHORT);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void whatWasReadBeforeThroughThePageCacheIsNotReadAgainFromIt() throws IOException {
        cached.write(ByteBuffer.allocate(2 * LEAF), 0);
        ByteBuffer zeros = ByteBuffer.allocate(2 * LEAF);
        FileRanges.readFully(cached, 0, zeros, file);

        var _ = writer.write(List.of(leaf(0, 0), leaf(1, 0)), 0);

        ByteBuffer read = ByteBuffer.allocate(2 * LEAF);
        FileRanges.readFully(cached, 0, read, file);
        assertThat(read.array()).isEqualTo(Arrays.copyOf(bytes, 2 * LEAF));
    }

    @Test
    void aRefusedDirectWriteGoesThroughThePageCacheAndSoDoAllAfterIt() throws IOException {
        long first = writer.write(List.of(leaf(0, 0), leaf(1, 1)), 0);
        assertThat(writer.isDirect()).as("memory at an odd address can't go to a disk").isFalse();
        long second = writer.write(List.of(leaf(2, 0), leaf(3, 0)), first);

        assertThat(first + second).isEqualTo(bytes.length);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void aWriteThatFailsEitherWayFails() throws IOException {
        try (FileChannel readOnly = FileChannel.open(file, StandardOpenOption.READ);
                LeafWriter broken = LeafWriter.of(file, readOnly)) {
            assertThatThrownBy(() -> broken.write(List.of(leaf(0, 1)), 0))
                    .isInstanceOf(NonWritableChannelException.class);
        }
    }

    @Test
    void theMemoryOfALeafMayGoToADisk() throws IOException {
        boolean direct = writer.isDirect();
        ByteBuf odd = TransferMemory.pool().directBuffer(100);
        ByteBuf leaf = TransferMemory.aligned(LEAF);
        try {
            leaf.writeBytes(bytes, 0, LEAF);
            var _ = writer.write(List.of(leaf.nioBuffer(0, LEAF)), 0);
        } finally {
            leaf.release();
            odd.release();
        }

        assertThat(writer.isDirect()).isEqualTo(direct);
        assertThat(Files.readAllBytes(file)).isEqualTo(Arrays.copyOf(bytes, LEAF));
    }
}
