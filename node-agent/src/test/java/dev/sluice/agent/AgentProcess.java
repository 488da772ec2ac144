package dev.sluice.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An agent in a process of its own, as it runs in production. */
final class AgentProcess implements AutoCloseable {

    private static final int DEADLINE_SECONDS = 60;

    private final Process process;
    private final Path log;

    private AgentProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    static AgentProcess start(Path log, String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Xmx64m",
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                AgentMain.class.getName()));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .start();
        return new AgentProcess(process, log);
    }

    /** Waits for the end and returns the exit code. */
    int exitCode() throws InterruptedException, IOException {
        if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("the agent runs still: " + Files.readString(log));
        }
        return process.exitValue();
    }

    /** SIGKILL: nothing of the agent gets a chance to tidy up. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** SIGTERM. */
    void stop() {
        process.destroy();
    }

    @Override
    public void close() {
        kill();
    }
}
