package dev.sluice.loadtest.distribute;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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

    private static final double NANOS_PER_SECOND = 1e9;

    private SharedDisk() {}

    /** Bytes a second that the disk takes of many files at once, each forced every 64 MiB. */
    static double bytesPerSecond(Path directory, int files)
            throws IOException, InterruptedException {
        List<Path> all =
                IntStream.range(0, files).mapToObj(i -> directory.resolve("disk-" + i)).toList();
        long each = Math.ceilDiv(BYTES, (long) files);
        long began = System.nanoTime();
        try (ExecutorService writers = Executors.newFixedThreadPool(files)) {
            List<Future<Path>> written =
                    all.stream().map(file -> writers.submit(() -> write(file, each))).toList();
            for (Future<Path> one : written) {
                Files.delete(one.get());
            }
        } catch (ExecutionException e) {
            throw new IOException("the disk could not be measured: " + e.getCause(), e);
        }
        return each * (double) files * NANOS_PER_SECOND / (System.nanoTime() - began);
    }

    private static Path write(Path file, long bytes) throws IOException {
        ByteBuffer block = ByteBuffer.allocateDirect(WRITE_BYTES);
        byte[] random = new byte[WRITE_BYTES];
        new Random(5).nextBytes(random);
        block.put(0, random);
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long at = 0; at < bytes; at += WRITE_BYTES) {
                channel.write(block.position(0), at);
                if ((at + WRITE_BYTES) % FORCED_EVERY == 0) {
                    channel.force(false);
                }
            }
            channel.force(false);
        }
        return file;
    }
}
