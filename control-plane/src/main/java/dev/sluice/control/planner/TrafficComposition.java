package dev.sluice.control.planner;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.TrafficNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** The parts of a strategy that move traffic nodes, half by half. */
final class TrafficComposition {

    /** What the next part waits for: these steps, or {@code otherwise} where there are none. */
    static List<StepId> or(Collection<StepId> steps, StepId otherwise) {
        return steps.isEmpty() ? List.of(otherwise) : List.copyOf(steps);
    }

    private final Composition composition;

    TrafficComposition(Composition composition) {
        this.composition = composition;
    }

    /** Drains the first half of every region; gives the step behind which each node is empty. */
    SortedMap<NodeId, StepId> drainFirstHalf(List<TrafficWaves> regions, StepId after) {
        SortedMap<NodeId, StepId> drained = new TreeMap<>();
        for (TrafficWaves region : regions) {
            for (TrafficNode node : region.firstHalf()) {
                drained.put(node.id(), composition.drain(Phase.FIRST_HALF, node, after));
            }
        }
        return drained;
    }

    /**
     * Installs the first half: in each region its canaries one after another, then the rest at
     * once.
     *
     * @param after what each node waits for
     * @return the last step of every node that no other node waits for
     */
    List<StepId> upgradeFirstHalf(List<TrafficWaves> regions, Function<NodeId, StepId> after) {
        List<StepId> verified = new ArrayList<>();
        for (TrafficWaves region : regions) {
            List<StepId> canary = List.of();
            for (TrafficNode node : region.canaries()) {
                canary = List.of(upgrade(node, after, canary));
            }
            if (region.first().isEmpty()) {
                verified.addAll(canary);
            }
            for (TrafficNode node : region.first()) {
                verified.add(upgrade(node, after, canary));
            }
        }
        return verified;
    }

    private StepId upgrade(TrafficNode node, Function<NodeId, StepId> after, List<StepId> canary) {
        List<StepId> waitsFor = new ArrayList<>(List.of(after.apply(node.id())));
        waitsFor.addAll(canary);
        return composition.upgrade(Phase.FIRST_HALF, node, waitsFor);
    }

    List<StepId> openFirstHalf(List<TrafficWaves> regions, StepId after) {
        List<StepId> open = new ArrayList<>();
        for (TrafficWaves region : regions) {
            for (TrafficNode node : region.firstHalf()) {
                composition.open(Phase.PROMOTION, node, List.of(after)).ifPresent(open::add);
            }
        }
        return or(open, after);
    }

    /**
     * Moves the rest of every region, wave after wave. Regions do not wait for each other.
     *
     * @return the last step of every node or wave
     */
    List<StepId> moveSecondHalf(List<TrafficWaves> regions, StepId after) {
        List<StepId> ends = new ArrayList<>();
        for (TrafficWaves region : regions) {
            StepId previous = after;
            for (int i = 0; i < region.later().size(); i++) {
                boolean isLast = i == region.later().size() - 1;
                List<StepId> wave = moveWave(region.later().get(i), previous, isLast);
                if (isLast) {
                    ends.addAll(wave);
                } else {
                    previous = wave.getLast();
                }
            }
        }
        return or(ends, after);
    }

    /**
     * Moves one wave. Where another wave follows, the last node opens behind all others of its
     * wave, so that the next wave has one step to wait for instead of each of its nodes waiting for
     * each node here.
     */
    private List<StepId> moveWave(List<TrafficNode> wave, StepId after, boolean isLast) {
        List<StepId> ends = new ArrayList<>();
        for (TrafficNode node : wave) {
            StepId drained = composition.drain(Phase.SECOND_HALF, node, after);
            StepId verified = composition.upgrade(Phase.SECOND_HALF, node, List.of(drained));
            List<StepId> opensAfter = new ArrayList<>(List.of(verified));
            if (!isLast && node.equals(wave.getLast())) {
                opensAfter.addAll(ends);
            }
            ends.add(composition.open(Phase.SECOND_HALF, node, opensAfter).orElse(verified));
        }
        return ends;
    }
}
