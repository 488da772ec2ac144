package dev.sluice.loadtest.bench;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;

/**
 * What the machine itself can do in a directory: the measure for the journal's own figures.
 *
 * @param writeBytesPerSecond sequential writing in pieces of 1 MiB with one fdatasync at the end
 * @param readBytesPerSecond reading the same back in such pieces, as far as it goes from the page
 *     cache
 * @param appendForcesPerSecond appending 4 KiB and fdatasync, one after the other
 * @param appendForceMedianMicros the median time of one of these
 * @param overwriteForcesPerSecond the same into space written before, where the file's size does
 *     not change
 * @param overwriteForceMedianMicros the median time of one of these
 */
record DiskFigures(
        double writeBytesPerSecond,
        double readBytesPerSecond,
        double appendForcesPerSecond,
        double appendForceMedianMicros,
        double overwriteForcesPerSecond,
        double overwriteForceMedianMicros) {

    private static final int PIECE_BYTES = 1 << 20;
    private static final int BLOCK_BYTES = 4 << 10;
    private static final int FILE_BYTES = 256 << 20;
    private static final Duration FORCE_TIME = Duration.ofSeconds(3);
    private static final int MOST_FORCES = 1_000_000;

    private record Forces(double perSecond, double medianMicros) {}

    static DiskFigures measure(Path directory) throws IOException {
        Path sequential = directory.resolve("sequential");
        Path appended = directory.resolve("appended");
        try {
            double write = writeSequentially(sequential);
            double read = readSequentially(sequential);
            Forces overwrite;
            try (FileChannel channel = FileChannel.open(sequential, WRITE)) {
                overwrite = force(channel);
            }
            Forces append;
            try (FileChannel channel = FileChannel.open(appended, CREATE_NEW, WRITE)) {
                append = force(channel);
            }
            return new DiskFigures(
                    write,
                    read,
                    append.perSecond(),
                    append.medianMicros(),
                    overwrite.perSecond(),
                    overwrite.medianMicros());
        } finally {
            Files.deleteIfExists(sequential);
            Files.deleteIfExists(appended);
        }
    }

    private static double writeSequentially(Path file) throws IOException {
        ByteBuffer piece = noise(PIECE_BYTES);
        long start = System.nanoTime();
        try (FileChannel channel = FileChannel.open(file, CREATE_NEW, WRITE)) {
            for (long at = 0; at < FILE_BYTES; at += PIECE_BYTES) {
                writeFully(channel, piece.clear(), at);
            }
            channel.force(false);
        }
        return FILE_BYTES / secondsSince(start);
    }

    private static double readSequentially(Path file) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        long start = System.nanoTime();
        long bytes = 0;
        try (FileChannel channel = FileChannel.open(file, READ)) {
            for (int count = 0; count >= 0; count = channel.read(piece.clear())) {
                bytes += count;
            }
        }
        return bytes / secondsSince(start);
    }

    private static Forces force(FileChannel channel) throws IOException {
        ByteBuffer block = noise(BLOCK_BYTES);
        long[] nanos = new long[MOST_FORCES];
        int count = 0;
        long start = System.nanoTime();
        long before = start;
        while (before - start < FORCE_TIME.toNanos() && count < MOST_FORCES) {
            writeFully(channel, block.clear(), (long) count * BLOCK_BYTES % FILE_BYTES);
            channel.force(false);
            long after = System.nanoTime();
            nanos[count++] = after - before;
            before = after;
        }
        double perSecond = count / secondsSince(start);
        Arrays.sort(nanos, 0, count);
        return new Forces(perSecond, nanos[count / 2] / 1e3);
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes, long position)
            throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /** Returns bytes that no file system stores as a hole or compresses. */
    private static ByteBuffer noise(int length) {
        byte[] bytes = new byte[length];
        new Random(1).nextBytes(bytes);
        return ByteBuffer.allocateDirect(length).put(bytes).flip();
    }

    private static double secondsSince(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e9;
    }
}
