package dev.sluice.loadtest.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole clusters under seeded faults: nothing that may never happen does, and upgrades end. */
final class SimulationTest {

    /** Seeds that nobody ran before; with slow machines time is the bound, not the number. */
    private static final int FRESH_SEEDS = 30;

    private static final long FRESH_NANOS = 30_000_000_000L;

    /** A mutation that takes more seeds than this to show is not found. */
    private static final int SEEDS_FOR_A_MUTATION = 60;

    private static Optional<QuietLogs> quiet = Optional.empty();

    @BeforeAll
    static void quiet() {
        quiet = Optional.of(new QuietLogs());
    }

    @AfterAll
    static void loud() {
        quiet.ifPresent(QuietLogs::close);
    }

    /** The later ones have found defects of production code. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(
            longs = {
                1,
                2,
                3,
                4,
                5,
                6,
                7,
                8,
                9,
                10,
                11,
                12,
                15,
                16,
                38,
                51,
                65,
                80,
                97,
                148,
                2028,
                2175,
                1795752581036L,
                1795752581263L
            })
    @Tag("REL-1")
    @Tag("REL-2")
    @Tag("REL-4")
    @Tag("CLU-3")
    @Tag("CLU-7")
    @Tag("CLU-15")
    @Tag("PKG-5")
    void everyPromiseIsKeptAndTheUpgradeEnds(long seed) {
        History history = Simulation.run(seed, Mutation.NONE);

        assertThat(history.violation()).as(SimulatorBenchmark.describe(history)).isEmpty();
    }

    @Test
    @Tag("REL-1")
    @Tag("REL-2")
    void everyPromiseIsKeptUnderSeedsThatNobodyRanBefore() {
        long first = System.currentTimeMillis();
        long end = System.nanoTime() + FRESH_NANOS;
        for (long seed = first; seed < first + FRESH_SEEDS && System.nanoTime() < end; seed++) {
            System.out.println("fresh seed " + seed);
            History history = Simulation.run(seed, Mutation.NONE);

            assertThat(history.violation()).as(SimulatorBenchmark.describe(history)).isEmpty();
        }
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    @Tag("REL-1")
    @Tag("REL-2")
    void aDefectThatIsPutInIsFound(Mutation mutation) {
        long seed = 1;
        while (Simulation.run(seed, mutation).violation().isEmpty()) {
            assertThat(++seed)
                    .as("seeds until it is found that %s", mutation.what())
                    .isLessThanOrEqualTo(SEEDS_FOR_A_MUTATION);
        }

        assertThat(Simulation.withFaults(seed, mutation.shownBy(), Optional.empty()).violation())
                .as("the same faults without the defect")
                .isEmpty();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {3, 16})
    void aSeedIsOneHistory(long seed) {
        assertThat(traced(seed)).isEqualTo(traced(seed));
    }

    private static List<String> traced(long seed) {
        List<String> lines = new ArrayList<>();
        var _ = Simulation.traced(seed, Mutation.NONE, lines::add);
        return lines;
    }
}
