package dev.sluice.control.api;

import dev.sluice.control.model.Master;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.planner.Planner;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.planner.PlanningResult;
import dev.sluice.control.planner.check.BlueprintChecker;
import dev.sluice.control.planner.check.Violation;
import dev.sluice.v1.PlanUpgradeRequest;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;

/** Plans an upgrade of the cluster as it is observed now; keeps and sends nothing. */
final class UpgradePlanning {

    private UpgradePlanning() {}

    /** What came of a request. */
    sealed interface Outcome {

        /**
         * A plan.
         *
         * @param replaces what is installed anywhere now
         */
        record Planned(Plan plan, List<PackageRef> replaces) implements Outcome {
            public Planned {
                replaces = List.copyOf(replaces);
            }
        }

        record Refused(List<Refusal> refusals) implements Outcome {
            public Refused {
                refusals = List.copyOf(refusals);
            }
        }

        /** The planner broke its own rules: nothing may be started from it. */
        record Unsound(List<Violation> violations) implements Outcome {
            public Unsound {
                violations = List.copyOf(violations);
            }
        }
    }

    /**
     * Plans.
     *
     * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT for a request that cannot be meant
     */
    static Outcome plan(Outlook outlook, PlanUpgradeRequest request) {
        SortedMap<PackageName, Version> target = Arguments.target(request.getTargetMap());
        Optional<Strategy> strategy = Arguments.strategy(request.getStrategy());
        return switch (ObservedTopology.of(outlook)) {
            case ObservedTopology.Incomplete(var unknown) -> new Outcome.Refused(unknown);
            case ObservedTopology.Complete(var topology) ->
                    plan(
                            new PlanningInput(
                                    topology,
                                    PackagesView.catalogue(outlook.state()),
                                    target,
                                    outlook.state().policy(),
                                    strategy,
                                    request.getWithoutBackup()));
        };
    }

    private static List<PackageRef> installed(Topology topology) {
        return Stream.concat(
                        topology.masters().stream().map(Master::installed),
                        topology.nodes().stream().map(TrafficNode::installed))
                .flatMap(versions -> versions.entrySet().stream())
                .map(one -> new PackageRef(one.getKey(), one.getValue()))
                .distinct()
                .sorted()
                .toList();
    }

    private static Outcome plan(PlanningInput input) {
        return switch (Planner.plan(input)) {
            case PlanningResult.Refused(var refusals) -> new Outcome.Refused(refusals);
            case PlanningResult.Planned(var plan) -> {
                List<Violation> violations = BlueprintChecker.check(input, plan.blueprint());
                yield violations.isEmpty()
                        ? new Outcome.Planned(plan, installed(input.topology()))
                        : new Outcome.Unsound(violations);
            }
        };
    }
}
