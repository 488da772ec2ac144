package dev.sluice.loadtest.distribute;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Other programs, run to their end. */
final class Shell {

    private Shell() {}

    /** What a program printed, both streams, and its exit status. */
    record Result(int status, String output) {}

    static Result run(List<String> command) throws IOException, InterruptedException {
        return run(command, "");
    }

    private static Result run(List<String> command, String input)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }

    /**
     * Runs a program that has to succeed.
     *
     * @throws IOException with what it printed
     */
    static String require(List<String> command) throws IOException, InterruptedException {
        return require(command, "");
    }

    /** The same, with lines on its standard input. */
    static String require(List<String> command, String input)
            throws IOException, InterruptedException {
        Result result = run(command, input);
        if (result.status() != 0) {
            throw new IOException(
                    "%s: status %d: %s"
                            .formatted(
                                    String.join(" ", command),
                                    result.status(),
                                    result.output().strip()));
        }
        return result.output();
    }

    /** Whether a program is on the path. */
    static boolean has(String program) {
        for (String folder :
                System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
