package dev.sluice.agent.verify;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Runs an operator's check: a file of one directory, with a deadline and bounded output. */
public final class ScriptRunner {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
    private static final int MAX_OUTPUT_BYTES = 4096;

    private final Optional<Path> directory;
    private final String nodeId;
    private final Duration deadline;

    /**
     * @param directory absent: there are no scripts on this node
     */
    public ScriptRunner(Optional<Path> directory, String nodeId, Duration deadline) {
        this.directory = directory;
        this.nodeId = nodeId;
        this.deadline = deadline;
    }

    /** How a script ended. */
    public sealed interface Result {
        record Passed(String evidence) implements Result {}

        record Failed(String reason) implements Result {}
    }

    public Result run(String name) throws InterruptedException {
        if (!NAME.matcher(name).matches()) {
            return new Result.Failed(
                    "script '%s': expected a file name of letters, digits, '.', '_' and '-', without directories"
                            .formatted(name.length() <= 128 ? name : name.substring(0, 128)));
        }
        if (directory.isEmpty()) {
            return new Result.Failed(
                    "script %s: no scriptsDir is configured on node %s".formatted(name, nodeId));
        }
        Path script = directory.get().resolve(name);
        if (!Files.isRegularFile(script, LinkOption.NOFOLLOW_LINKS)
                || !Files.isExecutable(script)) {
            return new Result.Failed(
                    "script %s: expected an executable file, found none".formatted(script));
        }
        try {
            return run(script, directory.get());
        } catch (IOException e) {
            return new Result.Failed("script %s: %s".formatted(script, e.getMessage()));
        }
    }

    private Result run(Path script, Path workingDirectory)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(script.toString())
                        .directory(workingDirectory.toFile())
                        .redirectInput(new File("/dev/null"))
                        .redirectErrorStream(true);
        builder.environment().put("SLUICE_NODE_ID", nodeId);
        Process process = builder.start();
        CompletableFuture<String> output =
                CompletableFuture.supplyAsync(
                        () -> head(process.getInputStream()),
                        task -> Thread.ofVirtual().name("script-output").start(task));
        try {
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                return new Result.Failed(
                        "script %s: expected an end within %d s, found it running; it was killed"
                                .formatted(script.getFileName(), deadline.toSeconds()));
            }
            // What the script left running may hold its output open: only the script is waited for.
            String text = output.completeOnTimeout("", 1, TimeUnit.SECONDS).join();
            return process.exitValue() == 0
                    ? new Result.Passed(
                            "script %s passed: %s".formatted(script.getFileName(), text))
                    : new Result.Failed(
                            "script %s: expected exit code 0, found %d: %s"
                                    .formatted(script.getFileName(), process.exitValue(), text));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** The first part of what it says, in one line; the rest is read and dropped. */
    private static String head(InputStream in) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        byte[] buffer = new byte[1024];
        try (in) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                kept.write(buffer, 0, Math.min(count, MAX_OUTPUT_BYTES - kept.size()));
            }
        } catch (IOException _) {
            // The script was killed: what it said until then is kept.
        }
        return kept.toString(StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
    }
}
