package dev.sluice.control.planner;

import dev.sluice.control.model.Master;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Work;
import java.util.List;
import java.util.Optional;

/** PAIR_SYNC and PAIR_ASYNC: two masters without traffic nodes. */
final class PairStrategies {

    private final Composition parts;

    PairStrategies(Composition parts) {
        this.parts = parts;
    }

    /** The primary is upgraded in its place, then the backup. */
    void composeSynchronous(MasterPair pair) {
        Optional<StepId> previous = Optional.empty();
        for (int pass = 1; pass <= parts.passes(); pass++) {
            parts.beginPass(pass);
            StepId alone = breakFailover(pair, previous);
            StepId first = parts.upgrade(Phase.OLD_PRIMARY, pair.primary(), List.of(alone));
            StepId second = parts.upgrade(Phase.BACKUP_MASTER, pair.backup(), List.of(first));
            previous = Optional.of(restore(pair, second));
        }
    }

    /** The backup is upgraded while the primary serves, and takes over; each pass swaps the two. */
    void composeAsynchronous(MasterPair first) {
        MasterPair pair = first;
        Optional<StepId> previous = Optional.empty();
        for (int pass = 1; pass <= parts.passes(); pass++) {
            parts.beginPass(pass);
            StepId alone = breakFailover(pair, previous);
            StepId ready = parts.upgrade(Phase.BACKUP_MASTER, pair.backup(), List.of(alone));
            StepId switched = Masters.promote(parts, pair, ready);
            StepId old = parts.upgrade(Phase.OLD_PRIMARY, pair.primary(), List.of(switched));
            pair = pair.promoted();
            previous = Optional.of(restore(pair, old));
        }
    }

    private StepId breakFailover(MasterPair pair, Optional<StepId> previous) {
        Master primary = pair.primary();
        StepId staged = parts.prepare(primary, List.of(pair.backup()), previous);
        return parts.onMaster(
                Phase.PREPARE, primary, new Work.BreakFailover(primary.id()), List.of(staged));
    }

    private StepId restore(MasterPair pair, StepId after) {
        Master primary = pair.primary();
        StepId restored = Masters.restore(parts, primary, List.of(pair.backup()), after);
        Work sync = new Work.Sync(primary.id(), pair.backup().id());
        StepId synced = parts.onMaster(Phase.RESTORE, primary, sync, List.of(restored));
        return parts.finish(primary, synced);
    }
}
