package dev.sluice.loadtest.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an init system does for a node: starts processes, starts them again when they die, stops
 * them by their id.
 */
final class ProcessKeeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ProcessKeeper.class);

    /** A process that dies more often than this is broken, and starting it again only hides it. */
    private static final int MAX_RESTARTS = 50;

    private static final Duration STOP_DEADLINE = Duration.ofSeconds(5);

    private final Map<String, Kept> processes = new ConcurrentHashMap<>();
    private volatile boolean closing;

    private static final class Kept {
        private final List<String> command;
        private final Path log;
        private int restarts;
        private boolean held;
        private @Nullable Process process;

        Kept(List<String> command, Path log) {
            this.command = List.copyOf(command);
            this.log = log;
        }
    }

    /** Starts a process under a name, with its output in a log file. */
    void start(String name, List<String> command, Path log) throws IOException {
        Files.createDirectories(log.toAbsolutePath().getParent());
        Kept kept = new Kept(command, log);
        processes.put(name, kept);
        launch(name, kept);
    }

    private void launch(String name, Kept kept) throws IOException {
        synchronized (kept) {
            if (closing || kept.held) {
                return;
            }
            Process process =
                    new ProcessBuilder(kept.command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(kept.log.toFile()))
                            .start();
            process.getOutputStream().close();
            kept.process = process;
            var _ = process.onExit().thenAccept(dead -> onExit(name, kept, dead));
        }
    }

    private void onExit(String name, Kept kept, Process dead) {
        synchronized (kept) {
            if (closing || kept.held || !dead.equals(kept.process)) {
                return;
            }
        }
        if (kept.restarts++ >= MAX_RESTARTS) {
            LOG.error(
                    "{} has died {} times, the last time with status {}; see {}",
                    name,
                    kept.restarts,
                    dead.exitValue(),
                    kept.log);
            return;
        }
        try {
            launch(name, kept);
        } catch (IOException e) {
            LOG.error("{} could not be started again", name, e);
        }
    }

    /** The id of a process that runs. */
    long pid(String name) {
        Kept kept = kept(name);
        synchronized (kept) {
            if (kept.process == null) {
                throw new IllegalStateException("process %s was never started".formatted(name));
            }
            return kept.process.pid();
        }
    }

    /** Kills a process as a crash would; it is started again like any that dies. */
    void kill(String name) {
        boolean _ = ProcessHandle.of(pid(name)).map(ProcessHandle::destroyForcibly).orElse(false);
    }

    /** Kills a process and does not start it again until {@link #release}. */
    void hold(String name) throws IOException {
        Kept kept = kept(name);
        Process process;
        synchronized (kept) {
            kept.held = true;
            process = kept.process;
        }
        if (process == null) {
            return;
        }
        boolean _ = process.toHandle().destroyForcibly();
        try {
            if (!process.waitFor(STOP_DEADLINE)) {
                throw new IOException(
                        "%s: killed, and it still runs after %s".formatted(name, STOP_DEADLINE));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts a process again that was held. */
    void release(String name) throws IOException {
        Kept kept = kept(name);
        synchronized (kept) {
            kept.held = false;
        }
        launch(name, kept);
    }

    private Kept kept(String name) {
        Kept kept = processes.get(name);
        if (kept == null) {
            throw new IllegalArgumentException(
                    "process %s: expected one of %s".formatted(name, processes.keySet()));
        }
        return kept;
    }

    @Override
    public void close() {
        closing = true;
        List<Process> alive = new ArrayList<>();
        for (Kept kept : processes.values()) {
            synchronized (kept) {
                if (kept.process != null && kept.process.isAlive()) {
                    kept.process.destroy();
                    alive.add(kept.process);
                }
            }
        }
        for (Process process : alive) {
            stop(process.toHandle());
        }
    }

    /** Waits for a process that was asked to end, and ends it by force after the deadline. */
    static void stop(ProcessHandle process) {
        boolean _ = process.destroy();
        try {
            var _ = process.onExit().get(STOP_DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException _) {
            boolean _ = process.destroyForcibly();
        } catch (InterruptedException _) {
            boolean _ = process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
