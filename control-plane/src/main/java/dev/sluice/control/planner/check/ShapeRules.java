package dev.sluice.control.planner.check;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.planner.PlanningInput;
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
        rules.passesInOrder();
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

    private void passesInOrder() {
        int pass = 1;
        int lastOfPrevious = -1;
        for (int i = 0; i < inspection.graph().size(); i++) {
            Step step = inspection.graph().step(i);
            if (step.pass() == pass + 1 && i > 0) {
                pass++;
                lastOfPrevious = i - 1;
            }
            if (step.pass() != pass) {
                inspection.report(
                        Rule.PASSES_IN_ORDER,
                        step,
                        "expected pass %d, found %d".formatted(pass, step.pass()));
                return;
            }
            if (lastOfPrevious >= 0 && !inspection.graph().precedesByBarrier(lastOfPrevious, i)) {
                inspection.report(
                        Rule.PASSES_IN_ORDER,
                        step,
                        "may start before pass %d has ended".formatted(pass - 1));
            }
        }
    }
}
