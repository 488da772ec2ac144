package dev.sluice.loadtest.testbed;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The command line as a process of its own, as operators run it. */
public final class Cli {

    private Cli() {}

    /** How one command ended. */
    public record Run(int status, String out, String err) {}

    /**
     * Runs one command.
     *
     * @param contexts the file that says where the cluster is
     * @throws IOException when it does not end within the deadline; it is killed then
     */
    static Run run(List<String> command, Path contexts, Duration deadline)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("SLUICE_CONFIG", contexts.toString());
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            CompletableFuture<String> out = text(process.getInputStream());
            CompletableFuture<String> err = text(process.getErrorStream());
            if (!process.waitFor(deadline)) {
                throw new IOException(
                        "%s: expected an end within %s, found it running"
                                .formatted(command, deadline));
            }
            return new Run(process.exitValue(), out.join(), err.join());
        } finally {
            boolean _ = process.toHandle().destroyForcibly();
        }
    }

    private static CompletableFuture<String> text(InputStream stream) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (stream) {
                        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                Thread::startVirtualThread);
    }
}
