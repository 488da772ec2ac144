package dev.sluice.loadtest.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;

/**
 * {@code sluice bench}: measurements, each beside the limit or the peer it has to be compared with.
 */
@CommandLine.Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Measures parts of Sluice on this machine.")
public final class BenchCommand {

    @CommandLine.Command(
            name = "journal",
            mixinStandardHelpOptions = true,
            description = "Group commit and recovery, beside the disk's own figures.")
    int journal(
            @CommandLine.Option(
                            names = "--dir",
                            paramLabel = "DIR",
                            description =
                                    "A folder on the disk to measure; default ${DEFAULT-VALUE}.",
                            defaultValue = "target/bench")
                    Path directory)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        PrintStream out = System.out;
        JournalBenchmark.run(directory, out);
        return 0;
    }

    @CommandLine.Command(
            name = "planner",
            mixinStandardHelpOptions = true,
            description = "Planning and checking of large clusters, beside the limit of a second.")
    int planner() {
        PlannerBenchmark.run(System.out);
        return 0;
    }
}
