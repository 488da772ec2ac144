package dev.sluice.loadtest.distribute;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The processes that a contender has started. */
final class Processes implements AutoCloseable {

    /** Of the kernel's accounting, a second; the same on every Linux that Java runs on. */
    private static final double TICKS_PER_SECOND = 100;

    private static final int UTIME = 11;
    private static final int LONGEST_WARM_UP_SECONDS = 300;
    private static final int QUIET_SECONDS = 3;

    /** In a second: what agents need that only report and keep their sessions. */
    private static final double QUIET_CPU_SECONDS = 0.5;

    private final List<Process> started = new ArrayList<>();
    private final Path log;

    /**
     * Processes.
     *
     * @param log where all of them write
     */
    Processes(Path log) {
        this.log = log;
    }

    Process start(List<String> command) throws IOException {
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .start();
        process.getOutputStream().close();
        started.add(process);
        return process;
    }

    /**
     * Processor seconds of everything in the sandbox but this process, those that have ended
     * included.
     */
    static double cpuSeconds() throws IOException {
        long self = ProcessHandle.current().pid();
        double ticks = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : all) {
                ticks += ticks(process, String.valueOf(process.getFileName()).equals("" + self));
            }
        }
        return ticks / TICKS_PER_SECOND;
    }

    /**
     * Waits until everything that was started is warm and has nothing to do, for a while at most.
     */
    static void awaitQuiet() throws IOException {
        double before = cpuSeconds();
        int quiet = 0;
        for (int second = 0; second < LONGEST_WARM_UP_SECONDS && quiet < QUIET_SECONDS; second++) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
            double now = cpuSeconds();
            quiet = now - before < QUIET_CPU_SECONDS ? quiet + 1 : 0;
            before = now;
        }
    }

    /** Its own time and that of its ended children; of this process, only the latter. */
    private static double ticks(Path process, boolean self) {
        String stat;
        try {
            stat = Files.readString(process.resolve("stat"));
        } catch (IOException _) {
            return 0;
        }
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double own = Double.parseDouble(fields[UTIME]) + Double.parseDouble(fields[UTIME + 1]);
        double children =
                Double.parseDouble(fields[UTIME + 2]) + Double.parseDouble(fields[UTIME + 3]);
        return self ? children : own + children;
    }

    @Override
    public void close() throws IOException {
        started.forEach(Process::destroyForcibly);
        try {
            for (Process process : started) {
                boolean _ = process.waitFor(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
