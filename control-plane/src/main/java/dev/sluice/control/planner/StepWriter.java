package dev.sluice.control.planner;

import dev.sluice.control.model.Phase;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Work;
import java.util.ArrayList;
import java.util.List;

/** The steps of a blueprint while it is written: numbered in order, none before what it awaits. */
final class StepWriter {

    private final List<Step> steps = new ArrayList<>();
    private int pass = 1;

    void beginPass(int number) {
        pass = number;
    }

    int pass() {
        return pass;
    }

    StepId add(Phase phase, RegionId region, Work work, List<StepId> after) {
        StepId id = new StepId("s" + (steps.size() + 1));
        steps.add(new Step(id, pass, phase, region, work, after));
        return id;
    }

    StepId add(Phase phase, RegionId region, Work work, StepId after) {
        return add(phase, region, work, List.of(after));
    }

    List<Step> steps() {
        return List.copyOf(steps);
    }
}
