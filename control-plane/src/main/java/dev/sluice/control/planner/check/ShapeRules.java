package dev.sluice.control.planner.check;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.planner.PlanningInput;
import java.util.List;
import java.util.Optional;

/** What the other rules take for granted: the right question, known nodes, passes one by one. */
final class ShapeRules {

    private final Inspection inspection;

    private ShapeRules(Inspection inspection) {
        this.inspection = inspection;
    }

    static void check(Inspection inspection) {
        ShapeRules rules = new ShapeRules(inspection);
        rules.answersTheInput();
        rules.knownNodes();
        rules.passesNumbered();
    }

    private void answersTheInput() {
        PlanningInput input = inspection.input();
        Blueprint blueprint = inspection.blueprint();
        expect("target", input.target(), blueprint.target());
        expect("policy", input.policy(), blueprint.policy());
        expect("without backup", input.withoutBackup(), blueprint.withoutBackup());
        input.strategy().ifPresent(s -> expect("strategy", s, blueprint.strategy()));
        if (blueprint.steps().isEmpty()) {
            inspection.report(Rule.ANSWERS_THE_INPUT, "steps", "expected some, found none");
        }
        if (input.topology().primary().isEmpty()) {
            inspection.report(Rule.ANSWERS_THE_INPUT, "masters", "expected a primary, found none");
        }
    }

    private void expect(String subject, Object expected, Object found) {
        if (!expected.equals(found)) {
            inspection.report(
                    Rule.ANSWERS_THE_INPUT,
                    subject,
                    "expected %s, found %s".formatted(expected, found));
        }
    }

    private void knownNodes() {
        for (Step step : inspection.blueprint().steps()) {
            Optional<RegionId> region = inspection.regionOf(step.node());
            if (region.isEmpty()) {
                inspection.report(Rule.KNOWN_NODES, step, "the topology has no such node");
            } else if (!region.get().equals(step.region())) {
                inspection.report(
                        Rule.KNOWN_NODES,
                        step,
                        "expected region %s, found %s".formatted(region.get(), step.region()));
            }
        }
    }

    private void passesNumbered() {
        int pass = 1;
        for (Step step : inspection.blueprint().steps()) {
            if (step.pass() != pass && (step.pass() != pass + 1 || step.id().equals(firstId()))) {
                inspection.report(
                        Rule.PASSES_IN_ORDER,
                        step,
                        "expected pass %d, found %d".formatted(pass, step.pass()));
                return;
            }
            pass = step.pass();
        }
    }

    private StepId firstId() {
        return inspection.blueprint().steps().getFirst().id();
    }

    /** A pass begins when the one before it has ended; one report says it for all steps. */
    static void passesDoNotOverlap(Inspection inspection, List<PassRange> passes) {
        for (PassRange pass : passes.subList(1, passes.size())) {
            for (int i = pass.first(); i < pass.end(); i++) {
                if (!inspection.graph().precedesByBarrier(pass.first() - 1, i)) {
                    inspection.report(
                            Rule.PASSES_IN_ORDER,
                            inspection.graph().step(i),
                            "may start before pass %d has ended".formatted(pass.number() - 1));
                    return;
                }
            }
        }
    }
}
