package dev.sluice.control.executor;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.Capacity;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How an abort ends: what is being installed is waited for, nodes whose version fits the primary's
 * accept again, others stay closed and are named.
 */
final class Abort {

    private Abort() {}

    static List<Directive> directives(Situation situation, Upgrade upgrade) {
        List<Directive> directives = new ArrayList<>();
        List<NodeId> leftClosed = new ArrayList<>();
        boolean settled = true;
        for (Step step : upgrade.graph().steps()) {
            if (step.kind() == StepKind.INSTALL
                    && upgrade.statusOf(step.id()) == StepStatus.RUNNING) {
                Optional<NodeFacts> facts = situation.facts(step.node());
                settled &= facts.isEmpty() || facts.get().executing().isEmpty();
            }
        }
        for (TrafficNode node : situation.state().trafficNodes()) {
            if (!Capacity.isOutByPlan(upgrade, node.id())
                    || situation.state().operatorClosed().contains(node.id())) {
                continue;
            }
            Optional<NodeFacts> facts = situation.facts(node.id());
            if (facts.isEmpty()
                    || upgrade.leftClosed().contains(node.id())
                    || !fitsPrimary(situation, upgrade, node.id())) {
                leftClosed.add(node.id());
            } else if (!facts.get().accepting()) {
                settled = false;
                directives.add(
                        new Directive.Send(
                                node.id(),
                                new AgentCommand(
                                        "standing/%s/%s/abort-%s"
                                                .formatted(
                                                        situation.ballot(),
                                                        node.id(),
                                                        upgrade.id()),
                                        situation.ballot(),
                                        upgrade.id().value(),
                                        "",
                                        0,
                                        new AgentCommand.AgentWork.SetAdmission(true))));
            }
        }
        if (settled) {
            directives.add(new Directive.Submit(new Command.FinishAbort(upgrade.id(), leftClosed)));
        }
        return directives;
    }

    /**
     * Nothing was begun on it in the pass it was closed in, or all of that was verified and the new
     * primary commands.
     */
    private static boolean fitsPrimary(Situation situation, Upgrade upgrade, NodeId node) {
        int pass = 0;
        for (Step step : upgrade.graph().stepsOf(node)) {
            if (step.work() instanceof Work.CloseAdmission
                    && upgrade.record(step.id()).attempts() > 0) {
                pass = Math.max(pass, step.pass());
            }
        }
        boolean begun = false;
        boolean verified = true;
        for (Step step : upgrade.graph().stepsOf(node)) {
            StepRecord record = upgrade.record(step.id());
            if (step.pass() == pass && step.kind() == StepKind.INSTALL) {
                begun |= record.attempts() > 0;
            }
            if (step.pass() == pass && step.kind() == StepKind.VERIFY) {
                verified &= record.status() == StepStatus.SUCCEEDED;
            }
        }
        return !begun || (verified && primaryIsNew(situation, upgrade, pass));
    }

    /** A pass moves to an upgraded primary, or upgrades the only one in its place. */
    private static boolean primaryIsNew(Situation situation, Upgrade upgrade, int pass) {
        List<Step> ofPass = upgrade.graph().steps().stream().filter(s -> s.pass() == pass).toList();
        List<Step> promotions = ofPass.stream().filter(s -> s.kind() == StepKind.PROMOTE).toList();
        List<Step> deciding =
                promotions.isEmpty()
                        ? ofPass.stream()
                                .filter(s ->
                                        s.kind() == StepKind.INSTALL
                                                && situation.isMaster(s.node()))
                                .toList()
                        : promotions;
        return deciding.stream().allMatch(s -> upgrade.statusOf(s.id()) == StepStatus.SUCCEEDED);
    }
}
