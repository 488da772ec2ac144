package dev.sluice.control.controller;

import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.codec.SnapshotCodec;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.Journal;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.JournalReplacement;
import dev.sluice.control.journal.LoadedSnapshots;
import dev.sluice.control.journal.SnapshotReader;
import dev.sluice.control.journal.SnapshotStore;
import dev.sluice.control.state.ClusterState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A cluster's state on a disk: a journal, and snapshots in the same directory.
 *
 * @param ids gives a journal that is begun its store id
 */
record StateFiles(Disk disk, JournalOptions options, Supplier<String> ids, EventCodec codec) {

    /**
     * The largest snapshot, and with it the largest state: 10,000 nodes with a running upgrade need
     * some 30 MiB.
     */
    private static final long MAX_SNAPSHOT_BYTES = 1L << 30;

    private static final int READ_BYTES = 1 << 20;

    private static final SnapshotReader<ClusterState> READER =
            (_, payload) -> new SnapshotCodec().decode(payload.readAllBytes());

    /**
     * What recovery gives.
     *
     * @param snapshotIndex up to where a snapshot holds the state
     */
    record Recovered(
            Journal journal, ClusterState state, long snapshotIndex, List<String> warnings) {}

    SnapshotStore snapshots() {
        return new SnapshotStore(disk, MAX_SNAPSHOT_BYTES);
    }

    /**
     * Opens the newest snapshot, then every later event.
     *
     * @throws IOException naming file or entry, expected and found, when the journal can't be
     *     trusted or was written by a newer release
     */
    Recovered recover() throws IOException {
        try {
            replacement().finish(options, ids, MAX_SNAPSHOT_BYTES);
            return replay();
        } catch (JournalCodecException | IllegalStateException e) {
            throw new IOException(disk.location() + ": " + e.getMessage(), e);
        }
    }

    private Recovered replay() throws IOException {
        LoadedSnapshots<ClusterState> loaded = snapshots().loadNewest(READER);
        ClusterState[] recovered = {state(loaded)};
        Journal journal =
                Journal.open(
                        disk,
                        options,
                        ids,
                        loaded.position(),
                        (index, payload) ->
                                recovered[0] = recovered[0].apply(codec.decode(index, payload)));
        List<String> warnings = new ArrayList<>();
        loaded.warnings().forEach(w -> warnings.add(w.toString()));
        journal.recoveryReport().warnings().forEach(w -> warnings.add(w.toString()));
        return new Recovered(journal, recovered[0], loaded.position().index(), warnings);
    }

    private static ClusterState state(LoadedSnapshots<ClusterState> loaded) {
        return loaded.newest()
                .map(LoadedSnapshots.LoadedSnapshot::state)
                .orElse(ClusterState.EMPTY);
    }

    /**
     * A state that was built from what is on the disk.
     *
     * @param snapshotIndex up to where a snapshot holds it
     */
    record Built(ClusterState state, long snapshotIndex) {}

    /**
     * The state after an entry of the open journal; empty: no snapshot reaches back to where the
     * journal begins.
     */
    Optional<Built> stateAt(Journal journal, long index) throws IOException {
        LoadedSnapshots<ClusterState> loaded = snapshots().loadNewest(index, READER);
        long snapshotIndex = loaded.position().index();
        if (snapshotIndex + 1 < journal.firstIndex() || index < journal.firstIndex() - 1) {
            return Optional.empty();
        }
        ClusterState state = state(loaded);
        while (state.index() < index) {
            for (JournalEntry entry : journal.read(state.index() + 1, READ_BYTES)) {
                if (entry.index() <= index) {
                    state = state.apply(codec.decode(entry.index(), entry.payload()));
                }
            }
        }
        return Optional.of(new Built(state, snapshotIndex));
    }

    /** The way to another journal in the place of this one. */
    JournalReplacement replacement() {
        return new JournalReplacement(disk);
    }
}
