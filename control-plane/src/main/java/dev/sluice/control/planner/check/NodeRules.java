package dev.sluice.control.planner.check;

import dev.sluice.control.model.Step;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;

/** What each traffic node goes through in a pass: close, drain, install, verify, open. */
final class NodeRules {

    private static final int NONE = -1;

    /** The steps of one node in one pass; {@link #NONE} where there is none. */
    private static final class Visit {
        private int close = NONE;
        private int drain = NONE;
        private int firstInstall = NONE;
        private int lastInstall = NONE;
        private int verify = NONE;
        private int open = NONE;
    }

    private final Inspection inspection;
    private final StepGraph graph;
    private final TrafficNode node;

    private NodeRules(Inspection inspection, TrafficNode node) {
        this.inspection = inspection;
        this.graph = inspection.graph();
        this.node = node;
    }

    static void check(Inspection inspection) {
        inspection.input().topology().nodes().forEach(n -> new NodeRules(inspection, n).check());
    }

    private void check() {
        int pass = 0;
        Visit visit = new Visit();
        for (int i : graph.of(node.id())) {
            Step step = graph.step(i);
            if (step.pass() != pass) {
                check(visit);
                visit = new Visit();
                pass = step.pass();
            }
            record(visit, i, step);
        }
        check(visit);
    }

    private void record(Visit visit, int index, Step step) {
        switch (step.work()) {
            case Work.CloseAdmission _ -> visit.close = once(visit.close, index, step);
            case Work.Drain _ -> visit.drain = once(visit.drain, index, step);
            case Work.Install _ -> {
                visit.firstInstall = visit.firstInstall == NONE ? index : visit.firstInstall;
                visit.lastInstall = index;
            }
            case Work.Verify _ -> visit.verify = index;
            case Work.OpenAdmission _ -> visit.open = once(visit.open, index, step);
            case Work.Distribute _, Work.AwaitWindow _, Work.Confirm _ -> {}
            case Work.Backup _,
                    Work.Sync _,
                    Work.BreakFailover _,
                    Work.VerifyCluster _,
                    Work.Soak _,
                    Work.AwaitClients _,
                    Work.Promote _,
                    Work.SwitchAddress _,
                    Work.Resync _,
                    Work.RestoreFailover _,
                    Work.Freeze _,
                    Work.Unfreeze _,
                    Work.Finalise _ ->
                    inspection.report(
                            Rule.KNOWN_NODES, step, "expected a master, found a traffic node");
        }
    }

    private int once(int before, int index, Step step) {
        if (before != NONE) {
            inspection.report(Rule.REOPENED, step, "the node has this step twice in one pass");
        }
        return index;
    }

    private void check(Visit visit) {
        if (node.accepting()) {
            admission(visit);
        } else if (visit.close != NONE || visit.open != NONE) {
            inspection.report(
                    Rule.OPERATOR_CLOSED_STAYS,
                    graph.step(Math.max(visit.close, visit.open)),
                    "the operator took the node out of service");
        }
        if (visit.firstInstall == NONE) {
            return;
        }
        order(
                Rule.DRAINED_BEFORE_INSTALL,
                visit.drain,
                visit.firstInstall,
                "is not drained before");
        order(Rule.VERIFIED_BEFORE_OPEN, visit.lastInstall, visit.verify, "is not verified behind");
        if (node.accepting()) {
            order(Rule.CLOSED_BEFORE_DRAIN, visit.close, visit.drain, "is not closed before");
            order(Rule.VERIFIED_BEFORE_OPEN, visit.verify, visit.open, "may open before it");
        }
    }

    private void admission(Visit visit) {
        if (visit.close != NONE && visit.open == NONE) {
            inspection.report(
                    Rule.REOPENED, graph.step(visit.close), "the node is never opened again");
        } else if (visit.open != NONE && visit.close == NONE) {
            inspection.report(Rule.REOPENED, graph.step(visit.open), "the node was never closed");
        } else if (visit.open != NONE && !graph.precedes(visit.close, visit.open)) {
            inspection.report(Rule.REOPENED, graph.step(visit.open), "may open before it closes");
        }
    }

    private void order(Rule rule, int first, int second, String problem) {
        if (first == NONE || second == NONE || !graph.precedes(first, second)) {
            int shown = second == NONE ? first : second;
            inspection.report(
                    rule,
                    "node " + node.id(),
                    "%s %s"
                            .formatted(
                                    problem,
                                    shown == NONE ? "the install" : describe(graph.step(shown))));
        }
    }

    private static String describe(Step step) {
        return "step %s (%s)".formatted(step.id(), step.kind());
    }
}
