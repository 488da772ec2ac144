package dev.sluice.loadtest.distribute;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The disk that all machines of a scenario have their data on, as no real ones do. Where it takes
 * less than their links deliver together, it is what a scenario measures.
 */
final class SharedDisk {

    /** In all, so that a disk's own cache does not hide what it does for long. */
    private static final long BYTES = 3L << 30;

    private static final int WRITE_BYTES = 256 << 10;

    /** As agents do. */
    private static final long FORCED_EVERY = 64L << 20;

    private static final int ALIGNMENT = 4 << 10;
    private static final double NANOS_PER_SECOND = 1e9;

    private SharedDisk() {}

    /**
     * Bytes a second that the disk takes of many files at once, around the page cache where the
     * file system allows that, forced every 64 MiB.
     */
    static double bytesPerSecond(Path directory, int files) throws IOException {
        List<Path> all =
                IntStream.range(0, files).mapToObj(i -> directory.resolve("disk-" + i)).toList();
        long each = Math.ceilDiv(BYTES, (long) files);
        List<Thread> writers =
                all.stream()
                        .map(file -> Thread.ofPlatform().unstarted(() -> write(file, each)))
                        .toList();
        long began = System.nanoTime();
        writers.forEach(Thread::start);
        try {
            for (Thread writer : writers) {
                writer.join();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        double seconds = (System.nanoTime() - began) / NANOS_PER_SECOND;
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
        return each * (double) files / seconds;
    }

    private static void write(Path file, long bytes) {
        ByteBuffer block =
                ByteBuffer.allocateDirect(WRITE_BYTES + ALIGNMENT).alignedSlice(ALIGNMENT);
        byte[] random = new byte[WRITE_BYTES];
        new Random(5).nextBytes(random);
        block.put(0, random).limit(WRITE_BYTES);
        try (FileChannel channel = open(file)) {
            for (long at = 0; at < bytes; at += WRITE_BYTES) {
                channel.write(block.position(0), at);
                if ((at + WRITE_BYTES) % FORCED_EVERY == 0) {
                    channel.force(false);
                }
            }
            channel.force(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static FileChannel open(Path file) throws IOException {
        OpenOption[] cached = {StandardOpenOption.CREATE, StandardOpenOption.WRITE};
        try {
            return FileChannel.open(file, cached[0], cached[1], ExtendedOpenOption.DIRECT);
        } catch (IOException | UnsupportedOperationException _) {
            return FileChannel.open(file, cached);
        }
    }
}
