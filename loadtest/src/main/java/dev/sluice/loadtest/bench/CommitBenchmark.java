package dev.sluice.loadtest.bench;

import dev.sluice.control.controller.CommitGate;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Compares deciding alone with deciding together with a follower in sync: two masters in this
 * process, over loopback with mutual TLS, each with a journal of its own on the same disk. It takes
 * three minutes.
 */
final class CommitBenchmark {

    /** Waiting for the second disk may cost at most this much of the throughput. */
    static final double LARGEST_RATIO = 2.0;

    static final NodeId A = new NodeId("m-a");
    static final NodeId B = new NodeId("m-b");

    private static final int[] DECIDERS = {1, 8, 64, 256, 1024};
    private static final Duration WARM_UP = Duration.ofSeconds(1);
    private static final Duration TIME = Duration.ofSeconds(2);

    /** Rounds of a number of deciders, of which the middle one counts: a disk has moods. */
    private static final int ROUNDS = 5;

    private static final double MICROS = 1e3;

    private final Path directory;
    private final PrintStream out;

    private CommitBenchmark(Path directory, PrintStream out) {
        this.directory = directory;
        this.out = out;
    }

    /**
     * Runs the benchmark and prints a table.
     *
     * @param parent an existing directory on the disk to measure, in which one of its own is made
     *     and removed
     */
    static void run(Path parent, PrintStream out) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory(parent, "commit-benchmark-");
        try {
            new CommitBenchmark(directory, out).measure();
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("commit benchmark: " + e, e);
        } finally {
            delete(directory);
        }
    }

    private void measure()
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        DiskFigures machine = DiskFigures.measure(directory);
        out.printf("Machine, in %s%n", directory.getParent());
        out.printf(
                "  4 KiB append + fdatasync     median %,.0f us%n",
                machine.appendForceMedianMicros());
        out.printf(
                "  4 KiB overwrite + fdatasync  median %,.0f us%n",
                machine.overwriteForceMedianMicros());
        DecisionRate _ = alone(DECIDERS[0]);
        DecisionRate _ = together(DECIDERS[0]);
        DecisionRate[] alone = new DecisionRate[DECIDERS.length];
        DecisionRate[] together = new DecisionRate[DECIDERS.length];
        for (int i = 0; i < DECIDERS.length; i++) {
            List<DecisionRate> alones = new ArrayList<>();
            List<DecisionRate> togethers = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                alones.add(alone(DECIDERS[i]));
                togethers.add(together(DECIDERS[i]));
            }
            alone[i] = median(alones);
            together[i] = median(togethers);
        }
        print(machine, alone, together);
    }

    private static DecisionRate median(List<DecisionRate> rounds) {
        return rounds.stream()
                .sorted(Comparator.comparingDouble(DecisionRate::perSecond))
                .toList()
                .get(rounds.size() / 2);
    }

    private void print(DiskFigures machine, DecisionRate[] alone, DecisionRate[] together) {
        out.printf("%nDecisions, both journals on this disk%n");
        out.printf(
                "  %8s %12s %9s %9s %16s %9s %9s %7s%n",
                "deciders",
                "alone/s",
                "p50 us",
                "p99 us",
                "with follower/s",
                "p50 us",
                "p99 us",
                "ratio");
        double worst = 0;
        for (int i = 0; i < DECIDERS.length; i++) {
            double ratio = alone[i].perSecond() / together[i].perSecond();
            worst = Math.max(worst, ratio);
            out.printf(
                    "  %8d %,12.0f %,9.0f %,9.0f %,16.0f %,9.0f %,9.0f %7.2f%n",
                    DECIDERS[i],
                    alone[i].perSecond(),
                    alone[i].p50Nanos() / MICROS,
                    alone[i].p99Nanos() / MICROS,
                    together[i].perSecond(),
                    together[i].p50Nanos() / MICROS,
                    together[i].p99Nanos() / MICROS,
                    ratio);
        }
        out.printf(
                "%nOne decision with a follower: p50 %,.0f us, p99 %,.0f us; the disk's fdatasync: %,.0f us%n",
                together[0].p50Nanos() / MICROS,
                together[0].p99Nanos() / MICROS,
                machine.overwriteForceMedianMicros());
        out.printf(
                "Worst ratio %.2f, must be at most %.1f: %s%n",
                worst, LARGEST_RATIO, worst <= LARGEST_RATIO ? "kept" : "NOT KEPT");
    }

    private DecisionRate alone(int deciders)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Path at = directory.resolve("alone-" + deciders);
        try (Controller controller =
                new Controller(recover(A, 1, at), CommitGate.ALONE, System::nanoTime, () -> {})) {
            takeOffice(controller);
            return DecisionRate.measure(controller, deciders, WARM_UP, TIME);
        } finally {
            delete(at);
        }
    }

    private DecisionRate together(int deciders)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Path at = directory.resolve("together-" + deciders);
        try (FollowedMaster master = FollowedMaster.start(at)) {
            takeOffice(master.controller());
            master.awaitInSync();
            DecisionRate rate = DecisionRate.measure(master.controller(), deciders, WARM_UP, TIME);
            master.requireInSync();
            return rate;
        } finally {
            delete(at);
        }
    }

    static DurableState recover(NodeId self, long incarnation, Path journal) throws IOException {
        return DurableState.recover(
                self,
                incarnation,
                NioDisk.in(journal),
                JournalOptions.defaults(),
                InstantSource.system());
    }

    private static void takeOffice(Controller controller)
            throws InterruptedException, ExecutionException, TimeoutException {
        Decision decision =
                controller
                        .submit(
                                new Command.TakeOffice(
                                        new Ballot(0, 1, A, 1), "1.0.0", "the benchmark"))
                        .get(10, TimeUnit.SECONDS);
        if (decision instanceof Decision.Rejected(var refusal)) {
            throw new IllegalStateException("commit benchmark: no office: " + refusal);
        }
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> files = Files.walk(directory)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.delete(file);
        }
    }
}
