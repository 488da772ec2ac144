package dev.sluice.control.failover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many histories of a cluster, each from a seed, with everything that may go wrong at once. A seed
 * replays exactly: {@code -Dsluice.election.first=SEED -Dsluice.election.count=1}.
 */
class MastershipExplorationTest {

    private static final long FIRST = Long.getLong("sluice.election.first", 1);
    private static final int COUNT = Integer.getInteger("sluice.election.count", 4000);

    /** Histories among which a broken rule has to show. */
    private static final int ENOUGH = 12_000;

    @Test
    @Tag("REL-1")
    @Tag("REL-2")
    void noHistoryHasTwoPrimariesOrLosesWhatWasCommittedAndAllIsWellInTheEnd() {
        Coverage coverage = new Coverage();
        for (long seed = FIRST; seed < FIRST + COUNT; seed++) {
            ElectionHistory history = new ElectionHistory(seed, Mutation.NONE, false);
            if (broken(history).isPresent()) {
                explain(seed);
            }
            coverage.add(history.model());
        }
        if (COUNT >= 1000) {
            coverage.isEnough(COUNT);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    @Tag("REL-1")
    @Tag("REL-2")
    void aBrokenRuleShows(Mutation mutation) {
        for (long seed = 1; seed <= ENOUGH; seed++) {
            Optional<ElectionChecks.Violation> broken =
                    broken(new ElectionHistory(seed, mutation, false));
            boolean harmsRecovery = mutation == Mutation.FOLLOWER_REMEMBERS_LATE;
            if (broken.filter(b -> harmsRecovery || b.isOfSafety()).isPresent()) {
                return;
            }
        }
        fail("%s shows in none of the seeds 1 to %d".formatted(mutation, ENOUGH));
    }

    private static Optional<ElectionChecks.Violation> broken(ElectionHistory history) {
        try {
            history.run();
            return Optional.empty();
        } catch (ElectionChecks.Violation e) {
            return Optional.of(e);
        }
    }

    private static void explain(long seed) {
        ElectionHistory again = new ElectionHistory(seed, Mutation.NONE, true);
        ElectionChecks.Violation broken = broken(again).orElseThrow();
        fail(
                "seed %d: %s\n%s".formatted(seed, broken.getMessage(), again.model().traced()),
                broken);
    }

    /** What the histories had in them: one that nothing happens in shows nothing. */
    private static final class Coverage {
        private int offices;
        private int commits;
        private int handovers;
        private int exchanges;
        private int shrunk;
        private int grown;
        private int lost;

        void add(ElectionModel model) {
            offices += model.checks.offices();
            commits += model.checks.commits();
            handovers += model.handovers;
            exchanges += model.exchanges;
            shrunk += model.shrunk;
            grown += model.grown;
            lost += model.ledgersLost + model.disksLost;
        }

        void isEnough(int histories) {
            assertThat(offices).as("offices").isGreaterThan(histories);
            assertThat(commits).as("commits").isGreaterThan(5 * histories);
            assertThat(grown).as("in-sync sets that grew").isGreaterThan(histories);
            assertThat(lost).as("lost stores").isGreaterThan(histories / 2);
            assertThat(exchanges).as("exchanged witnesses").isGreaterThan(histories / 2);
            assertThat(handovers).as("handovers").isGreaterThan(histories / 4);
            assertThat(shrunk).as("in-sync sets that shrank").isGreaterThan(histories / 20);
        }
    }
}
