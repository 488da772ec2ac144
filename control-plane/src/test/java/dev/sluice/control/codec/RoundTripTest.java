package dev.sluice.control.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Recorded;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is read is what was written, for histories from a seed; the test's name has the seed. */
class RoundTripTest {

    private static final int LENGTH = 60;

    private final EventCodec events = new EventCodec();
    private final SnapshotCodec snapshots = new SnapshotCodec();

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 40);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void readsEveryEntryAsItWasWritten(long seed) {
        for (Recorded entry : RandomHistory.of(seed, LENGTH)) {
            byte[] bytes = events.encode(entry);
            Recorded read = events.decode(entry.index(), bytes);

            assertThat(read).isEqualTo(entry);
            assertThat(events.encode(read)).isEqualTo(bytes);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Tag("CLU-15")
    void aJournalReadAgainGivesTheSameState(long seed) {
        ClusterState written = ClusterState.EMPTY;
        ClusterState read = ClusterState.EMPTY;
        for (Recorded entry : RandomHistory.of(seed, LENGTH)) {
            written = written.apply(entry);
            read = read.apply(events.decode(entry.index(), events.encode(entry)));

            assertThat(read).isEqualTo(written);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Tag("CLU-15")
    void aSnapshotAndTheEntriesAfterItGiveTheSameState(long seed) {
        List<Recorded> history = RandomHistory.of(seed, LENGTH);
        int cut = Math.toIntExact(seed % LENGTH);
        ClusterState continued = snapshots.decode(snapshots.encode(after(history.subList(0, cut))));
        assertThat(continued).isEqualTo(after(history.subList(0, cut)));

        for (Recorded entry : history.subList(cut, LENGTH)) {
            continued = continued.apply(events.decode(entry.index(), events.encode(entry)));
        }

        assertThat(continued).isEqualTo(after(history));
        assertThat(snapshots.encode(continued)).isEqualTo(snapshots.encode(after(history)));
    }

    @Test
    void theHistoriesHaveEveryEvent() {
        Set<Class<?>> met = new HashSet<>();
        seeds().forEach(seed ->
                RandomHistory.of(seed, LENGTH).forEach(entry -> met.add(entry.event().getClass())));

        assertThat(met).isEqualTo(EventKinds.all());
    }

    private static ClusterState after(List<Recorded> history) {
        ClusterState state = ClusterState.EMPTY;
        for (Recorded entry : history) {
            state = state.apply(entry);
        }
        return state;
    }
}
