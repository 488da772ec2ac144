package dev.sluice.control.planner;

import dev.sluice.control.model.Halves;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Work;
import dev.sluice.control.model.Work.Gate;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * CLUSTER: half the traffic nodes and the backup master first, then a promotion, then the rest.
 *
 * <p>An upgraded node serves only under a master that is upgraded too, so nothing opens before the
 * promotion. Each pass swaps primary and backup.
 */
final class ClusterStrategy {

    private final Composition parts;
    private final TrafficComposition traffic;
    private final SortedMap<RegionId, Halves> halves;

    ClusterStrategy(Composition parts, SortedMap<RegionId, Halves> halves) {
        this.parts = parts;
        this.traffic = new TrafficComposition(parts);
        this.halves = halves;
    }

    /**
     * Writes every pass.
     *
     * @param spares further backup masters, upgraded behind the old primary
     */
    void compose(MasterPair first, List<Master> spares) {
        MasterPair pair = first;
        Optional<StepId> previous = Optional.empty();
        for (int pass = 1; pass <= parts.passes(); pass++) {
            parts.beginPass(pass);
            previous = Optional.of(pass(pair, spares, previous));
            pair = pair.promoted();
        }
    }

    private StepId pass(MasterPair pair, List<Master> spares, Optional<StepId> previous) {
        List<TrafficWaves> regions = parts.waves(halves);
        StepId staged =
                parts.prepare(pair.primary(), Masters.withFirst(pair.backup(), spares), previous);
        StepId half = upgradeFirstHalf(pair, regions, staged);
        StepId switched = Masters.promote(parts, pair, half);
        List<StepId> open = traffic.openFirstHalf(regions, switched);
        Master newPrimary = pair.backup();
        Work resync = new Work.Resync(newPrimary.id());
        StepId resynced = parts.onMaster(Phase.PROMOTION, newPrimary, resync, open);
        List<StepId> last = traffic.moveSecondHalf(regions, resynced);
        List<Master> oldMasters = Masters.withFirst(pair.primary(), spares);
        for (Master old : oldMasters) {
            last = List.of(parts.upgrade(Phase.OLD_PRIMARY, old, last));
        }
        StepId restored = Masters.restore(parts, newPrimary, oldMasters, last.getFirst());
        StepId pushed = parts.onMaster(Phase.RESTORE, newPrimary, resync, List.of(restored));
        return parts.finish(newPrimary, pushed);
    }

    /** From the first closed admission to the gate at which half of the cluster is upgraded. */
    private StepId upgradeFirstHalf(MasterPair pair, List<TrafficWaves> regions, StepId staged) {
        Master primary = pair.primary();
        List<StepId> drained =
                TrafficComposition.or(traffic.drainFirstHalf(regions, staged).values(), staged);
        StepId alone =
                parts.onMaster(
                        Phase.BACKUP_MASTER,
                        primary,
                        new Work.BreakFailover(primary.id()),
                        drained);
        StepId backupReady = parts.upgrade(Phase.BACKUP_MASTER, pair.backup(), List.of(alone));
        List<StepId> upgraded =
                TrafficComposition.or(
                        traffic.upgradeFirstHalf(regions, _ -> backupReady), backupReady);
        return parts.gate(Phase.PROMOTION, primary, Gate.HALF_UPGRADED, upgraded);
    }
}
