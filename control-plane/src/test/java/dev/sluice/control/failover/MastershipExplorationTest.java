package dev.sluice.control.failover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Many histories of a cluster, each from a seed, with everything that may go wrong at once. A seed
 * replays exactly: {@code -Dsluice.election.first=SEED -Dsluice.election.count=1}.
 */
class MastershipExplorationTest {

    private static final long FIRST = Long.getLong("sluice.election.first", 1);
    private static final int COUNT = Integer.getInteger("sluice.election.count", 2000);

    @Test
    @Tag("REL-1")
    @Tag("REL-2")
    void noHistoryHasTwoPrimariesOrLosesWhatWasCommittedAndAllIsWellInTheEnd() {
        int offices = 0;
        for (long seed = FIRST; seed < FIRST + COUNT; seed++) {
            ElectionHistory history = new ElectionHistory(seed, Mutation.NONE, false);
            Optional<RuntimeException> broken = broken(history);
            if (broken.isPresent()) {
                explain(seed);
            }
            offices += history.model().checks.offices();
        }
        assertThat(offices).isGreaterThan(COUNT);
    }

    private static Optional<RuntimeException> broken(ElectionHistory history) {
        try {
            history.run();
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(e);
        }
    }

    private static void explain(long seed) {
        ElectionHistory again = new ElectionHistory(seed, Mutation.NONE, true);
        RuntimeException broken = broken(again).orElseThrow();
        fail(
                "seed %d: %s\n%s".formatted(seed, broken.getMessage(), again.model().traced()),
                broken);
    }
}
