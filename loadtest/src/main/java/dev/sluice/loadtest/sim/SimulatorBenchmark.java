package dev.sluice.loadtest.sim;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** {@code sluice bench sim}: runs seeds, and says which broke a promise and how fast it went. */
public final class SimulatorBenchmark {

    private static final double NANOS_PER_HOUR = 3.6e12;

    private SimulatorBenchmark() {}

    /**
     * Runs seeds one after another and prints a table.
     *
     * @param first the first seed; those after it follow
     * @param trace prints the whole history of each
     * @param mutation by its name, in any case; empty: none
     * @return how many broke a promise; -1 when there is no such mutation
     */
    public static int run(
            PrintStream out, long first, int seeds, boolean trace, Optional<String> mutation) {
        Optional<Mutation> chosen = mutation(mutation);
        if (chosen.isEmpty()) {
            out.printf(
                    "mutation \"%s\": expected one of%n%s%n",
                    mutation.orElse(""),
                    Arrays.stream(Mutation.values())
                            .map(m -> "  %-26s %s".formatted(m, m.what()))
                            .collect(Collectors.joining("\n")));
            return -1;
        }
        Map<String, Integer> faults = new TreeMap<>();
        Map<String, Integer> coverage = new TreeMap<>();
        int broken = 0;
        long nanos = 0;
        long began = System.nanoTime();
        try (QuietLogs _ = new QuietLogs()) {
            for (long seed = first; seed < first + seeds; seed++) {
                History history =
                        trace
                                ? Simulation.traced(seed, chosen.get(), out::println)
                                : Simulation.run(seed, chosen.get());
                nanos += history.nanos();
                history.faults().forEach((name, count) -> faults.merge(name, count, Integer::sum));
                history.coverage()
                        .forEach((name, count) -> coverage.merge(name, count, Integer::sum));
                if (history.violation().isPresent()) {
                    broken++;
                    out.println(describe(history));
                }
            }
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        summary(out, seeds, broken, seconds, nanos / NANOS_PER_HOUR);
        out.printf("%n%-24s %10s%n", "fault", "injected");
        faults.forEach((name, count) -> out.printf("%-24s %10d%n", name, count));
        out.printf("%n%-40s %10s%n", "covered", "times");
        coverage.forEach((name, count) -> out.printf("%-40s %10d%n", name, count));
        return broken;
    }

    private static void summary(
            PrintStream out, int seeds, int broken, double seconds, double hours) {
        out.printf(
                Locale.ROOT,
                "%10s %10s %10s %12s %14s %14s%n",
                "seeds",
                "broken",
                "seconds",
                "seeds/s",
                "simulated h",
                "times faster");
        out.printf(
                Locale.ROOT,
                "%10d %10d %10.1f %12.2f %14.1f %14.0f%n",
                seeds,
                broken,
                seconds,
                seeds / seconds,
                hours,
                hours * 3600 / seconds);
    }

    private static Optional<Mutation> mutation(Optional<String> name) {
        String wanted = name.orElse(Mutation.NONE.name()).toUpperCase(Locale.ROOT);
        return Arrays.stream(Mutation.values()).filter(m -> m.name().equals(wanted)).findFirst();
    }

    /** What was broken, and how to see it again. */
    static String describe(History history) {
        String mutation =
                history.mutation() == Mutation.NONE ? "" : " --mutation " + history.mutation();
        return "seed %d after %.1f s: %s%n  ./sluice bench sim --seeds 1 --seed %d --trace%s"
                .formatted(
                        history.seed(),
                        history.nanos() / 1e9,
                        history.violation().map(Throwable::getMessage).orElse("nothing"),
                        history.seed(),
                        mutation);
    }
}
