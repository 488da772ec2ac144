package dev.sluice.loadtest.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.journal.Journal;
import dev.sluice.control.journal.JournalOptions;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GroupCommitTest {

    @Test
    void acknowledgesOnlyWhatTheJournalHoldsAfterwards(@TempDir Path directory) throws Exception {
        GroupCommit.Measured measured;
        try (Journal journal = Journal.open(directory, JournalOptions.defaults())) {
            measured =
                    new GroupCommit(journal, new byte[20])
                            .run(8, Duration.ofMillis(50), Duration.ofMillis(200));
            assertThat(journal.durableIndex()).isEqualTo(journal.lastIndex());
        }
        assertThat(measured.events()).isPositive();
        assertThat(measured.forces()).isBetween(measured.events() / 8, measured.events());
        try (Journal journal = Journal.open(directory, JournalOptions.defaults())) {
            assertThat(journal.lastIndex()).isGreaterThanOrEqualTo(measured.events());
        }
    }
}
