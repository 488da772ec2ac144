package dev.sluice.control.executor;

import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.state.Capacity;
import dev.sluice.control.state.Configuration;
import dev.sluice.control.state.Upgrade;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What a primary wants of the nodes at all times, upgrade or not. */
final class Standing {

    private Standing() {}

    static List<Directive> directives(Situation situation) {
        List<Directive> wanted = new ArrayList<>();
        sharedAddress(situation).ifPresent(wanted::add);
        configuration(situation, wanted);
        admission(situation, wanted);
        return wanted;
    }

    /**
     * What agents are to keep, for those that were told another set. Stands before what they are to
     * stage: that may need room.
     */
    static List<Directive> keeping(Situation situation) {
        Map<NodeId, String> told = new TreeMap<>();
        for (NodeId node : members(situation)) {
            situation
                    .facts(node)
                    .flatMap(facts -> facts.keeping().digest())
                    .ifPresent(digest -> told.put(node, digest));
        }
        if (told.isEmpty()) {
            return List.of();
        }
        return KeepOrder.of(situation.state(), InstalledNow.of(situation.fleet()))
                .<List<Directive>>map(order ->
                        told.entrySet().stream()
                                .filter(one -> !one.getValue().equals(order.digest()))
                                .<Directive>map(one -> new Directive.Keep(one.getKey(), order))
                                .toList())
                .orElse(List.of());
    }

    private static List<NodeId> members(Situation situation) {
        List<NodeId> nodes = new ArrayList<>();
        situation.state().trafficNodes().stream().map(TrafficNode::id).forEach(nodes::add);
        if (situation.state().topology() != null) {
            situation.state().topology().masters().stream().map(Master::id).forEach(nodes::add);
        }
        return nodes;
    }

    private static Optional<Directive> sharedAddress(Situation situation) {
        String address = situation.sharedAddress();
        if (address == null) {
            return Optional.empty();
        }
        return situation
                .facts(situation.self())
                .filter(facts -> !facts.heldAddress().equals(address))
                .map(_ ->
                        send(
                                situation,
                                situation.self(),
                                "hold",
                                new AgentCommand.AgentWork.HoldAddress(address, Executor.LEASE)));
    }

    private static void configuration(Situation situation, List<Directive> wanted) {
        Configuration configuration = situation.state().configuration();
        for (NodeId node : members(situation)) {
            boolean behind =
                    situation
                            .facts(node)
                            .filter(f -> f.configurationRevision() < configuration.revision())
                            .isPresent();
            if (behind) {
                wanted.add(
                        send(
                                situation,
                                node,
                                "configuration-" + configuration.revision(),
                                new AgentCommand.AgentWork.PushConfiguration(
                                        configuration.revision(), configuration.settings())));
            }
        }
    }

    /** A node accepts unless its operator, the plan or a failure has taken it out. */
    private static void admission(Situation situation, List<Directive> wanted) {
        Optional<Upgrade> upgrade = situation.state().currentUpgrade();
        Set<NodeId> closed = situation.state().operatorClosed();
        for (TrafficNode node : situation.state().trafficNodes()) {
            Optional<NodeFacts> facts = situation.facts(node.id());
            if (facts.isEmpty()
                    || !facts.get().service().running()
                    || !facts.get().executing().isEmpty()) {
                continue;
            }
            boolean shouldAccept = !closed.contains(node.id());
            if (shouldAccept && upgrade.filter(u -> leavesAlone(u, node)).isPresent()) {
                continue;
            }
            if (facts.get().accepting() != shouldAccept) {
                wanted.add(
                        send(
                                situation,
                                node.id(),
                                "admission-" + shouldAccept,
                                new AgentCommand.AgentWork.SetAdmission(shouldAccept)));
            }
        }
    }

    private static boolean leavesAlone(Upgrade upgrade, TrafficNode node) {
        if (upgrade.leftClosed().contains(node.id())) {
            return true;
        }
        return !upgrade.status().isOver()
                && (upgrade.setAside().containsKey(node.id())
                        || Capacity.isOutByPlan(upgrade, node.id()));
    }

    static String id(Situation situation, NodeId node, String what) {
        return "standing/%s/%s/%s".formatted(situation.ballot(), node, what);
    }

    /**
     * The executor gives each sending its own id: desired state that is told again has to be done
     * again.
     */
    static Directive send(
            Situation situation, NodeId node, String what, AgentCommand.AgentWork work) {
        return new Directive.Send(
                node,
                new AgentCommand(id(situation, node, what), situation.ballot(), "", "", 0, work));
    }
}
