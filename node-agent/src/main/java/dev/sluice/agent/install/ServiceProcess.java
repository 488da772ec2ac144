package dev.sluice.agent.install;

import dev.sluice.agent.disk.Durable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The site's process: started so that it outlives the agent, found again by the next one.
 *
 * <p>It runs in a session of its own, with its output in a file. It writes its own identity into
 * the pid file before it becomes the site, so that there is no moment in which it runs and nobody
 * could find it.
 */
public final class ServiceProcess {

    private static final Logger LOG = LoggerFactory.getLogger(ServiceProcess.class);

    /** Arguments: pid file, program and its arguments. */
    private static final String LAUNCH =
            "read -r stat </proc/$$/stat && read -r boot </proc/sys/kernel/random/boot_id"
                    + " && printf '%s\\n%s\\n' \"$boot\" \"$stat\" >\"$1.new\" && mv -f \"$1.new\" \"$1\""
                    + " && shift && exec \"$@\"";

    private static final long MAX_LOG_BYTES = 8L << 20;
    private static final int MAX_PID_FILE_BYTES = 8192;
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration KILL_DEADLINE = Duration.ofSeconds(10);

    private final Path pidFile;
    private final Path log;
    private final Path data;
    private final SortedMap<String, String> environment;
    private final Duration stopDeadline;

    /**
     * @param environment what the process gets beside SLUICE_VERSION and SLUICE_DATA
     * @param stopDeadline between SIGTERM and SIGKILL
     */
    public ServiceProcess(
            Path runDirectory,
            Path dataDirectory,
            SortedMap<String, String> environment,
            Duration stopDeadline)
            throws IOException {
        Files.createDirectories(runDirectory);
        Files.createDirectories(dataDirectory);
        this.pidFile = runDirectory.resolve("service.pid");
        this.log = runDirectory.resolve("service.log");
        this.data = dataDirectory;
        this.environment = new TreeMap<>(environment);
        this.stopDeadline = stopDeadline;
    }

    /** The pid of the process while it runs, whoever started it. */
    public Optional<Long> pid() {
        return running().map(ProcessIdentity::pid);
    }

    public Path log() {
        return log;
    }

    /** Starts the process of a slot; there must be none. */
    public void start(Slot slot) throws IOException {
        Optional<ProcessIdentity> other = running();
        if (other.isPresent()) {
            throw new IOException(
                    "service %s: expected no running process, found pid %d; stop it first"
                            .formatted(slot.title(), other.get().pid()));
        }
        Files.deleteIfExists(pidFile);
        rotateLog();
        Process process = builder(slot).start();
        LOG.info("service {}: started, pid {}", slot.title(), process.pid());
        awaitPidFile(slot, process);
    }

    /** Ends the process: SIGTERM, and SIGKILL when it does not end in time. */
    public void stop() throws IOException, InterruptedException {
        Optional<ProcessIdentity> running = running();
        if (running.isEmpty()) {
            return;
        }
        ProcessIdentity process = running.get();
        LOG.info("service: stopping pid {}", process.pid());
        ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroy);
        if (endsWithin(process, stopDeadline)) {
            return;
        }
        LOG.warn(
                "service: pid {} did not end within {} s of SIGTERM; killed",
                process.pid(),
                stopDeadline.toSeconds());
        ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
        if (!endsWithin(process, KILL_DEADLINE)) {
            throw new IOException(
                    "service: pid %d runs %d s after SIGKILL; look at the node"
                            .formatted(process.pid(), KILL_DEADLINE.toSeconds()));
        }
    }

    private Optional<ProcessIdentity> running() {
        if (Files.notExists(pidFile)) {
            return Optional.empty();
        }
        try {
            if (Files.size(pidFile) > MAX_PID_FILE_BYTES) {
                return Optional.empty();
            }
            List<String> lines = Files.readAllLines(pidFile);
            return lines.size() < 2
                    ? Optional.empty()
                    : ProcessIdentity.parse(lines.get(0), lines.get(1))
                            .filter(ProcessIdentity::isAlive);
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.warn("service: pid file {} cannot be read: {}", pidFile, e.getMessage());
            return Optional.empty();
        }
    }

    private ProcessBuilder builder(Slot slot) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
            command.add("/usr/bin/setsid");
        }
        command.addAll(List.of("/bin/sh", "-c", LAUNCH, "sluice-launch", pidFile.toString()));
        command.add(slot.files().resolve(slot.command().getFirst()).toString());
        command.addAll(slot.command().subList(1, slot.command().size()));
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(slot.files().toFile())
                        .redirectInput(new File("/dev/null"))
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .redirectErrorStream(true);
        Map<String, String> variables = builder.environment();
        variables.putAll(environment);
        variables.put("SLUICE_VERSION", slot.version());
        variables.put("SLUICE_DATA", data.toString());
        return builder;
    }

    /** After this the process is found by {@link #pid}, whatever becomes of the agent. */
    private void awaitPidFile(Slot slot, Process process) throws IOException {
        try {
            while (!Files.exists(pidFile)) {
                if (process.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new IOException(
                            "service %s: could not be started, exit code %d; see %s"
                                    .formatted(slot.title(), process.exitValue(), log));
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Keeps the log and one before it; looked at only here, so that a running site is not
     * disturbed.
     */
    private void rotateLog() throws IOException {
        if (Files.exists(log) && Files.size(log) > MAX_LOG_BYTES) {
            Durable.move(log, log.resolveSibling("service.log.1"));
        }
    }

    private static boolean endsWithin(ProcessIdentity process, Duration time)
            throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        while (process.isAlive()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            Thread.sleep(POLL);
        }
        return true;
    }
}
