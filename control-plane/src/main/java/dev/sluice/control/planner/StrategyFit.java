package dev.sluice.control.planner;

import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import java.util.Optional;

/** Which strategy a topology takes, and what a strategy needs of it. */
final class StrategyFit {

    private StrategyFit() {}

    static Strategy byDefault(Topology topology) {
        boolean failover = topology.masters().size() > 1;
        if (topology.nodes().isEmpty()) {
            return failover ? Strategy.PAIR_ASYNC : Strategy.SINGLE;
        }
        return failover ? Strategy.CLUSTER : Strategy.CLUSTER_SINGLE_MASTER;
    }

    static Optional<Refusal> check(Strategy strategy, Topology topology) {
        long primaries =
                topology.masters().stream().filter(m -> m.role() == MasterRole.PRIMARY).count();
        if (primaries != 1) {
            return Optional.of(
                    new Refusal(
                            "masters",
                            "expected exactly one with role primary, found %d"
                                    .formatted(primaries)));
        }
        String needs =
                switch (strategy) {
                    case SINGLE -> need(topology, 1, 1, false, "one master and no traffic nodes");
                    case PAIR_SYNC, PAIR_ASYNC ->
                            need(
                                    topology,
                                    2,
                                    2,
                                    false,
                                    "a primary, one backup and no traffic nodes");
                    case CLUSTER ->
                            need(
                                    topology,
                                    2,
                                    Integer.MAX_VALUE,
                                    true,
                                    "a primary, a backup and traffic nodes");
                    case CLUSTER_SINGLE_MASTER ->
                            need(topology, 1, 1, true, "one master and traffic nodes");
                    case REPLACE_HARDWARE, ROLLBACK ->
                            "is not offered offline yet: it needs what a running cluster knows";
                };
        return needs.isEmpty()
                ? Optional.empty()
                : Optional.of(new Refusal("strategy " + strategy, needs));
    }

    private static String need(
            Topology topology, int fewest, int most, boolean traffic, String expected) {
        int masters = topology.masters().size();
        int nodes = topology.nodes().size();
        if (masters >= fewest && masters <= most && traffic == nodes > 0) {
            return "";
        }
        return "needs %s, found %d %s and %d traffic %s"
                .formatted(
                        expected,
                        masters,
                        masters == 1 ? "master" : "masters",
                        nodes,
                        nodes == 1 ? "node" : "nodes");
    }
}
