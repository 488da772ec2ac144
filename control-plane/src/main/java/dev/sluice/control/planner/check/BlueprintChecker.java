package dev.sluice.control.planner.check;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.planner.PlanningInput;
import java.util.List;

/**
 * Looks at a blueprint before it is accepted. A violation is a bug in whoever wrote the blueprint,
 * never something an operator can repair: nothing may be started from it.
 */
public final class BlueprintChecker {

    private BlueprintChecker() {}

    /**
     * Checks every {@link Rule}.
     *
     * @return what is broken, at most {@value Inspection#MAX_OF_A_RULE} of each rule; empty:
     *     nothing
     */
    public static List<Violation> check(PlanningInput input, Blueprint blueprint) {
        Inspection inspection = new Inspection(input, blueprint);
        ShapeRules.check(inspection);
        if (inspection.isClean()) {
            List<PassRange> passes = PassRange.of(blueprint);
            ShapeRules.passesDoNotOverlap(inspection, passes);
            MasterRules.check(inspection, passes);
            NodeRules.check(inspection);
            PackageRules.check(inspection, passes);
            SoakRule.check(inspection);
            CapacityRule.check(inspection);
        }
        return inspection.violations();
    }
}
