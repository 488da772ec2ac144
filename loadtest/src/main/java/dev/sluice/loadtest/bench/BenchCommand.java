package dev.sluice.loadtest.bench;

import dev.sluice.loadtest.demo.MasterChaos;
import dev.sluice.loadtest.distribute.DistributeCommand;
import dev.sluice.loadtest.sim.SimulatorBenchmark;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * {@code sluice bench}: measurements, each beside the limit or the peer it has to be compared with.
 */
@CommandLine.Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = DistributeCommand.class,
        description = "Measures parts of Sluice on this machine.")
public final class BenchCommand {

    private static final int EXIT_BAD_INPUT = 1;
    private static final int EXIT_BROKEN = 2;

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
            name = "commit",
            mixinStandardHelpOptions = true,
            description =
                    "Decisions alone and with a follower in sync, beside the disk's fdatasync.")
    int commit(
            @CommandLine.Option(
                            names = "--dir",
                            paramLabel = "DIR",
                            description =
                                    "A folder on the disk to measure; default ${DEFAULT-VALUE}.",
                            defaultValue = "target/bench")
                    Path directory)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        CommitBenchmark.run(directory, System.out);
        return 0;
    }

    @CommandLine.Command(
            name = "sim",
            mixinStandardHelpOptions = true,
            description =
                    "Whole clusters in virtual time under seeded faults; exits with 2 when one broke a promise.")
    int sim(
            @CommandLine.Option(
                            names = "--seeds",
                            paramLabel = "N",
                            description = "How many seeds; default ${DEFAULT-VALUE}.",
                            defaultValue = "20")
                    int seeds,
            @CommandLine.Option(
                            names = "--seed",
                            paramLabel = "S",
                            description = "The first seed; default ${DEFAULT-VALUE}.",
                            defaultValue = "1")
                    long seed,
            @CommandLine.Option(names = "--trace", description = "Prints each history.")
                    boolean trace,
            @CommandLine.Option(
                            names = "--mutation",
                            paramLabel = "M",
                            description = "Puts a defect in; with a wrong name, lists them.")
                    @Nullable String mutation) {
        int broken =
                SimulatorBenchmark.run(
                        System.out, seed, seeds, trace, Optional.ofNullable(mutation));
        return broken < 0 ? EXIT_BAD_INPUT : broken > 0 ? EXIT_BROKEN : 0;
    }

    @CommandLine.Command(
            name = "planner",
            mixinStandardHelpOptions = true,
            description = "Planning and checking of large clusters, beside the limit of a second.")
    int planner() {
        PlannerBenchmark.run(System.out);
        return 0;
    }

    @CommandLine.Command(
            name = "failover",
            mixinStandardHelpOptions = true,
            description =
                    "Planned promotions and kills of the primary, in a cluster of real processes.")
    int failover(
            @CommandLine.Option(
                            names = "--planned",
                            paramLabel = "N",
                            description = "Planned promotions; default ${DEFAULT-VALUE}.",
                            defaultValue = "10")
                    int planned,
            @CommandLine.Option(
                            names = "--kills",
                            paramLabel = "N",
                            description = "Kills of the primary; default ${DEFAULT-VALUE}.",
                            defaultValue = "20")
                    int kills)
            throws IOException, InterruptedException {
        if (planned < 0 || planned > 1000 || kills < 0 || kills > 1000) {
            System.err.println(
                    "sluice bench failover: expected 0 to 1000 promotions and kills, found %d and %d"
                            .formatted(planned, kills));
            return 1;
        }
        Path folder = Files.createTempDirectory("sluice-failover-");
        Path checkout = Path.of(System.getProperty("sluice.home", "")).toAbsolutePath();
        boolean nothingLost =
                FailoverBenchmark.run(
                        folder.resolve("cluster"), checkout, planned, kills, System.out);
        if (!nothingLost) {
            System.err.println("sluice bench failover: the cluster's files are in " + folder);
            return 4;
        }
        Files.delete(folder);
        return 0;
    }

    @CommandLine.Command(
            name = "masters",
            mixinStandardHelpOptions = true,
            description =
                    "Upgrades real processes with each master killed, and frozen, at every phase; a minute each.")
    int masters(
            @CommandLine.Option(
                            names = "--rounds",
                            paramLabel = "N",
                            description = "How often; default ${DEFAULT-VALUE}.",
                            defaultValue = "1")
                    int rounds,
            @CommandLine.Option(
                            names = "--phase",
                            paramLabel = "PHASE",
                            description = "Only this phase, such as PROMOTION.")
                    @Nullable String phase)
            throws IOException, InterruptedException {
        if (rounds < 1 || rounds > 100 || (phase != null && !MasterChaos.isPhase(phase))) {
            System.err.println(
                    "sluice bench masters: expected 1 to 100 rounds and the name of a phase, found %d and %s"
                            .formatted(rounds, phase));
            return EXIT_BAD_INPUT;
        }
        Path folder = Files.createTempDirectory("sluice-masters-");
        Path checkout = Path.of(System.getProperty("sluice.home", "")).toAbsolutePath();
        int wrong = MasterChaos.run(folder, checkout, rounds, phase, System.out);
        if (wrong == 0) {
            Files.delete(folder);
        }
        return wrong == 0 ? 0 : EXIT_BROKEN;
    }
}
