package dev.sluice.control.planner;

import dev.sluice.control.model.Halves;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Work;
import dev.sluice.control.model.Work.Gate;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * SINGLE and CLUSTER_SINGLE_MASTER: no failover, so the one master is upgraded between the halves,
 * or alone where there are no traffic nodes. Its steps stand in phase PROMOTION, the phase between
 * the halves.
 */
final class SingleMasterStrategy {

    private final Composition parts;
    private final TrafficComposition traffic;
    private final SortedMap<RegionId, Halves> halves;

    SingleMasterStrategy(Composition parts, SortedMap<RegionId, Halves> halves) {
        this.parts = parts;
        this.traffic = new TrafficComposition(parts);
        this.halves = halves;
    }

    void compose(Master master) {
        Optional<StepId> previous = Optional.empty();
        for (int pass = 1; pass <= parts.passes(); pass++) {
            parts.beginPass(pass);
            StepId staged = parts.prepare(master, List.of(), previous);
            StepId moved =
                    halves.isEmpty()
                            ? parts.upgrade(Phase.PROMOTION, master, List.of(staged))
                            : moveAroundMaster(master, staged);
            previous = Optional.of(parts.finish(master, moved));
        }
    }

    private StepId moveAroundMaster(Master master, StepId staged) {
        List<TrafficWaves> regions = parts.waves(halves);
        SortedMap<NodeId, StepId> drained = traffic.drainFirstHalf(regions, staged);
        List<StepId> upgraded =
                TrafficComposition.or(
                        traffic.upgradeFirstHalf(regions, n -> drained.getOrDefault(n, staged)),
                        staged);
        StepId half = parts.gate(Phase.PROMOTION, master, Gate.HALF_UPGRADED, upgraded);
        StepId ready = parts.upgrade(Phase.PROMOTION, master, List.of(half));
        List<StepId> open = traffic.openFirstHalf(regions, ready);
        StepId resynced =
                parts.onMaster(Phase.PROMOTION, master, new Work.Resync(master.id()), open);
        List<StepId> moved = traffic.moveSecondHalf(regions, resynced);
        return parts.onMaster(Phase.RESTORE, master, new Work.Resync(master.id()), moved);
    }
}
