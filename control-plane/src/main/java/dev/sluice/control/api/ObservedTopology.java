package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The founding inventory with what is observed in the place of what was written then. */
sealed interface ObservedTopology {

    /** Everything was observed under this master's ballot. */
    record Complete(Topology topology) implements ObservedTopology {}

    /** Of these nodes nothing is known that a plan may rest on. */
    record Incomplete(List<Refusal> unknown) implements ObservedTopology {
        public Incomplete {
            unknown = List.copyOf(unknown);
        }
    }

    static ObservedTopology of(Outlook outlook) {
        Topology founding = outlook.state().topology();
        if (founding == null) {
            return new Incomplete(
                    List.of(new Refusal("cluster", "is not founded yet; try again in a moment")));
        }
        List<Refusal> unknown = new ArrayList<>();
        founding.masters().forEach(master -> check(outlook, master.id(), unknown));
        founding.nodes().forEach(node -> check(outlook, node.id(), unknown));
        return unknown.isEmpty()
                ? new Complete(overlaid(outlook, founding, outlook::known))
                : new Incomplete(unknown);
    }

    /** The same with the last report of each node, however old: to look at, not to plan on. */
    static Optional<Topology> lastKnown(Outlook outlook) {
        return Optional.ofNullable(outlook.state().topology())
                .map(founding ->
                        overlaid(
                                outlook,
                                founding,
                                node ->
                                        Optional.ofNullable(outlook.fleet().get(node))
                                                .map(NodeObservation::facts)));
    }

    private static void check(Outlook outlook, NodeId node, List<Refusal> unknown) {
        outlook.whyUnknown(node)
                .ifPresent(reason -> unknown.add(new Refusal("node " + node, reason)));
    }

    private static Topology overlaid(
            Outlook outlook, Topology founding, Function<NodeId, Optional<NodeFacts>> facts) {
        return new Topology(
                founding.name(),
                founding.masters().stream()
                        .map(m -> master(outlook, m, facts.apply(m.id())))
                        .toList(),
                founding.nodes().stream().map(n -> node(outlook, n, facts.apply(n.id()))).toList());
    }

    private static Master master(Outlook outlook, Master master, Optional<NodeFacts> facts) {
        boolean primary = outlook.primary().filter(master.id()::equals).isPresent();
        return new Master(
                master.id(),
                primary ? MasterRole.PRIMARY : MasterRole.BACKUP,
                master.region(),
                master.hardware(),
                facts.map(NodeFacts::installed).orElse(master.installed()));
    }

    private static TrafficNode node(
            Outlook outlook, TrafficNode node, Optional<NodeFacts> observed) {
        boolean accepting = !outlook.state().operatorClosed().contains(node.id());
        return observed.map(facts ->
                        new TrafficNode(
                                node.id(),
                                node.region(),
                                node.zone(),
                                node.hardware(),
                                node.capacity(),
                                facts.clients(),
                                accepting,
                                Outlook.isHealthy(facts),
                                facts.installed()))
                .orElse(node);
    }
}
