package dev.sluice.control.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RecentBatchesTest {

    private final RecentBatches recent = new RecentBatches();

    private void add(long first, int entries, int bytes) {
        recent.add(
                first,
                Collections.nCopies(entries, new byte[bytes]),
                new JournalPosition(first + entries - 1, ChainHash.GENESIS));
    }

    @Test
    void givesABatchByItsFirstEntryOnly() {
        add(5, 3, 10);

        assertThat(recent.from(5).orElseThrow().last().index()).isEqualTo(7);
        assertThat(recent.from(5).orElseThrow().bytes()).isEqualTo(30);
        assertThat(recent.from(6)).isEmpty();
        assertThat(recent.from(8)).isEmpty();
    }

    @Test
    void keepsNoMoreThanTheBoundAndDropsTheOldest() {
        for (int i = 1; i <= 9; i++) {
            add(i, 1, 512 << 10);
        }

        assertThat(recent.from(1)).isEmpty();
        assertThat(recent.from(2)).isPresent();
        assertThat(recent.from(9)).isPresent();
    }

    @Test
    void aLargeBatchIsLeftToTheJournal() {
        add(1, 1, 10);
        add(2, 1, (1 << 20) + 1);
        add(3, 1, 10);

        assertThat(List.of(recent.from(1), recent.from(2))).allMatch(Optional::isEmpty);
        assertThat(recent.from(3)).isPresent();
    }

    @Test
    void aGapDropsWhatWasBeforeIt() {
        add(1, 2, 10);
        add(9, 1, 10);

        assertThat(recent.from(1)).isEmpty();
        assertThat(recent.from(9)).isPresent();
    }
}
