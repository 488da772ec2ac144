package dev.sluice.loadtest.bench;

import dev.sluice.control.journal.Journal;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.NioDisk;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/**
 * Measures the journal's group commit and recovery beside the machine's own fdatasync and
 * sequential throughput, in the same directory. It takes under a minute and about 1 GiB of space,
 * which it gives back.
 */
public final class JournalBenchmark {

    private static final int EVENT_BYTES = 200;
    private static final int[] PRODUCERS = {1, 8, 64, 256};
    private static final Duration WARM_UP = Duration.ofSeconds(1);
    private static final Duration TIME = Duration.ofSeconds(3);
    private static final int RECOVERED_EVENTS = 1_000_000;
    private static final int RECOVERED_BATCH = 1_000;
    private static final int RECORD_OVERHEAD_BYTES = 56;
    private static final long NEEDED_BYTES = 2L << 30;
    private static final double MEGA = 1e6;

    private final Path directory;
    private final PrintStream out;
    private final byte[] event = new byte[EVENT_BYTES];

    private JournalBenchmark(Path directory, PrintStream out) {
        this.directory = directory;
        this.out = out;
        new Random(1).nextBytes(event);
    }

    /** Runs the benchmark in the directory given, or in the current one. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        run(Path.of(arguments.length > 0 ? arguments[0] : "."), System.out);
    }

    /**
     * Runs the benchmark and prints a table.
     *
     * @param parent an existing directory on the disk to measure, in which one of its own is made
     *     and removed
     * @throws IOException if the disk has less than 2 GiB left, or fails
     */
    public static void run(Path parent, PrintStream out) throws IOException, InterruptedException {
        long usable = Files.getFileStore(parent).getUsableSpace();
        if (usable < NEEDED_BYTES) {
            throw new IOException(
                    "%s: expected at least %d bytes of free space for the benchmark, found %d; free space or name another directory"
                            .formatted(parent, NEEDED_BYTES, usable));
        }
        Path directory = Files.createTempDirectory(parent, "journal-benchmark-");
        try {
            new JournalBenchmark(directory, out).measure();
        } finally {
            delete(directory);
        }
    }

    private void measure() throws IOException, InterruptedException {
        DiskFigures machine = DiskFigures.measure(directory);
        out.printf("Machine, in %s%n", directory.getParent());
        out.printf(
                "  sequential write, fdatasync at the end  %,12.0f MB/s%n",
                machine.writeBytesPerSecond() / MEGA);
        out.printf(
                "  sequential read, page cache             %,12.0f MB/s%n",
                machine.readBytesPerSecond() / MEGA);
        out.printf(
                "  4 KiB append + fdatasync                %,12.0f /s, median %,.0f us%n",
                machine.appendForcesPerSecond(), machine.appendForceMedianMicros());
        out.printf(
                "  4 KiB overwrite + fdatasync             %,12.0f /s, median %,.0f us%n",
                machine.overwriteForcesPerSecond(), machine.overwriteForceMedianMicros());
        commit(machine, JournalOptions.defaults());
        commit(machine, JournalOptions.defaults().withPreallocateBytes(0));
        recover(machine);
    }

    private void commit(DiskFigures machine, JournalOptions options)
            throws IOException, InterruptedException {
        out.printf(
                "%nJournal, group commit, events of %d bytes, preallocating %,d bytes%n",
                EVENT_BYTES, options.preallocateBytes());
        out.printf(
                "  %9s %12s %14s %12s %11s %8s %10s%n",
                "producers",
                "events/s",
                "events/force",
                "fdatasync/s",
                "of append",
                "MB/s",
                "of write");
        for (int producers : PRODUCERS) {
            Path at = directory.resolve("commit-" + options.preallocateBytes() + "-" + producers);
            GroupCommit.Measured measured;
            try (Journal journal = Journal.open(at, options)) {
                measured = new GroupCommit(journal, event).run(producers, WARM_UP, TIME);
            } catch (ExecutionException e) {
                throw new IOException("journal benchmark: a producer failed: " + e.getCause(), e);
            }
            double bytes = measured.eventsPerSecond() * (EVENT_BYTES + RECORD_OVERHEAD_BYTES);
            out.printf(
                    "  %9d %,12.0f %14.1f %,12.0f %10.0f%% %8.1f %9.1f%%%n",
                    producers,
                    measured.eventsPerSecond(),
                    (double) measured.events() / Math.max(1, measured.forces()),
                    measured.forcesPerSecond(),
                    100 * measured.forcesPerSecond() / machine.appendForcesPerSecond(),
                    bytes / MEGA,
                    100 * bytes / machine.writeBytesPerSecond());
            delete(at);
        }
    }

    private void recover(DiskFigures machine) throws IOException {
        Path at = directory.resolve("recover");
        List<byte[]> batch = new ArrayList<>(Collections.nCopies(RECOVERED_BATCH, event));
        long writeStart = System.nanoTime();
        try (Journal journal = Journal.open(at, JournalOptions.defaults())) {
            for (int i = 0; i < RECOVERED_EVENTS; i += RECOVERED_BATCH) {
                journal.append(batch);
                journal.force();
            }
        }
        double writeSeconds = (System.nanoTime() - writeStart) / 1e9;
        long[] seen = {0, 0};
        long start = System.nanoTime();
        try (Journal journal =
                Journal.open(
                        NioDisk.in(at),
                        JournalOptions.defaults(),
                        JournalPosition.GENESIS,
                        (index, payload) -> {
                            seen[0]++;
                            seen[1] += payload[payload.length - 1];
                        })) {
            double seconds = (System.nanoTime() - start) / 1e9;
            if (seen[0] != RECOVERED_EVENTS || seen[1] != (long) event[EVENT_BYTES - 1] * seen[0]) {
                throw new IOException("journal benchmark: recovered %d events".formatted(seen[0]));
            }
            double bytesPerSecond = journal.recoveryReport().bytesRead() / seconds;
            out.printf(
                    "%nJournal, %,d events: written in batches of %,d in %.2f s (%,.0f events/s)%n",
                    RECOVERED_EVENTS,
                    RECOVERED_BATCH,
                    writeSeconds,
                    RECOVERED_EVENTS / writeSeconds);
            out.printf(
                    "  recovered, verified and visited in one pass in %.2f s: %,.0f events/s, %.0f MB/s, %.1f%% of sequential read%n",
                    seconds,
                    RECOVERED_EVENTS / seconds,
                    bytesPerSecond / MEGA,
                    100 * bytesPerSecond / machine.readBytesPerSecond());
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
