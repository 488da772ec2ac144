package dev.sluice.control.executor;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Installations;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the nodes have installed by their last reports, however old: only a command changes it. */
public final class InstalledNow {

    private InstalledNow() {}

    public static Installations of(SortedMap<NodeId, NodeObservation> fleet) {
        SortedMap<NodeId, Installations.Installation> byNode = new TreeMap<>();
        fleet.forEach((node, seen) -> {
            NodeFacts facts = seen.facts();
            if (facts != null) {
                byNode.put(
                        node,
                        new Installations.Installation(
                                facts.installed(), facts.keeping().previous()));
            }
        });
        return new Installations(byNode);
    }
}
