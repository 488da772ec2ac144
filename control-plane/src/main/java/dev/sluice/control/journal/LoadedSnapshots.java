package dev.sluice.control.journal;

import java.util.List;
import java.util.Optional;

/**
 * What loading the newest valid snapshot gave.
 *
 * @param <T> the state
 * @param newest the state, empty if there is no valid snapshot
 * @param warnings the damaged snapshots that were passed over
 */
public record LoadedSnapshots<T>(
        Optional<LoadedSnapshot<T>> newest, List<RecoveryWarning> warnings) {

    public LoadedSnapshots {
        warnings = List.copyOf(warnings);
    }

    /**
     * Returns the position from which the journal goes on: {@code base} of {@link Journal#open}.
     */
    public JournalPosition position() {
        return newest.map(LoadedSnapshot::position).orElse(JournalPosition.GENESIS);
    }

    /**
     * A verified snapshot.
     *
     * @param <T> the state
     * @param position the last entry that the state includes
     * @param state what the reader built
     */
    public record LoadedSnapshot<T>(JournalPosition position, T state) {}
}
