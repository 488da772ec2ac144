package dev.sluice.control.planner;

import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Refusal;
import java.util.List;

/** What planning gave. */
public sealed interface PlanningResult {

    record Planned(Plan plan) implements PlanningResult {}

    /** Nothing was planned, for each of these reasons; there is at least one. */
    record Refused(List<Refusal> refusals) implements PlanningResult {
        public Refused {
            refusals = List.copyOf(refusals);
            if (refusals.isEmpty()) {
                throw new IllegalArgumentException("a refusal without a reason");
            }
        }
    }
}
