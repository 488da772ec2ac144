package dev.sluice.control.planner;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.planner.PathFinder.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Plans an upgrade: finds the chain of packages, divides the regions, and writes the steps of the
 * strategy. The same input always gives the same plan.
 *
 * <p>A plan is not accepted on this class's word: {@link
 * dev.sluice.control.planner.check.BlueprintChecker} looks at every blueprint independently.
 */
public final class Planner {

    private final PlanningInput input;
    private final List<NodeClass> classes;
    private final Strategy strategy;

    private Planner(PlanningInput input) {
        this.input = input;
        this.classes = NodeClass.of(input.topology());
        this.strategy = input.strategy().orElseGet(() -> StrategyFit.byDefault(input.topology()));
    }

    /** Plans, or gives every reason found why it cannot. */
    public static PlanningResult plan(PlanningInput input) {
        return new Planner(input).plan();
    }

    private PlanningResult plan() {
        List<Refusal> refusals = new ArrayList<>();
        StrategyFit.check(strategy, input.topology()).ifPresent(refusals::add);
        refusals.addAll(new TargetRules(input.catalogue(), classes).check(input.target()));
        if (!refusals.isEmpty()) {
            return new PlanningResult.Refused(refusals);
        }
        return switch (new PathFinder(input.catalogue(), classes, input.target()).find()) {
            case Outcome.Found(List<PackageDescriptor> path) -> plan(path);
            case Outcome.NoPath _ ->
                    new PlanningResult.Refused(
                            new Diagnosis(input.catalogue(), classes).explain(input.target()));
            case Outcome.TooLarge(int states) ->
                    new PlanningResult.Refused(
                            List.of(
                                    new Refusal(
                                            "catalogue",
                                            "no path found within %d combinations of versions: remove versions that are no longer needed"
                                                    .formatted(states))));
        };
    }

    private PlanningResult plan(List<PackageDescriptor> path) {
        Route route = Route.of(classes, path);
        SortedMap<RegionId, RegionCapacity> regions =
                RegionCapacity.of(input.topology(), input.policy());
        SortedMap<RegionId, Halves> halves = new TreeMap<>();
        regions.forEach((id, region) -> {
            Halves chosen = HalvesChooser.choose(region, route::moves, input.policy());
            if (!chosen.waves().isEmpty()) {
                halves.put(id, chosen);
            }
        });
        List<Refusal> refusals = new BudgetRules(input.policy()).check(regions.values(), halves);
        if (!refusals.isEmpty()) {
            return new PlanningResult.Refused(refusals);
        }
        Blueprint blueprint =
                new Blueprint(
                        strategy,
                        input.target(),
                        route.path(),
                        halves,
                        compose(route, halves),
                        input.policy(),
                        input.withoutBackup());
        return new PlanningResult.Planned(
                new Plan(
                        blueprint,
                        new ReportWriter(input, strategy, route, regions, halves).write()));
    }

    private List<Step> compose(Route route, SortedMap<RegionId, Halves> halves) {
        StepWriter steps = new StepWriter();
        Composition parts = new Composition(input, route, steps);
        Topology topology = input.topology();
        Master primary = topology.primary().orElseThrow();
        Optional<Master> backup = topology.backups().stream().findFirst();
        switch (strategy) {
            case SINGLE, CLUSTER_SINGLE_MASTER ->
                    new SingleMasterStrategy(parts, halves).compose(primary);
            case PAIR_SYNC ->
                    new PairStrategies(parts)
                            .composeSynchronous(MasterPair.of(primary, backup.orElseThrow()));
            case PAIR_ASYNC ->
                    new PairStrategies(parts)
                            .composeAsynchronous(MasterPair.of(primary, backup.orElseThrow()));
            case CLUSTER -> {
                List<Master> spares = topology.backups().stream().skip(1).toList();
                new ClusterStrategy(parts, halves)
                        .compose(MasterPair.of(primary, backup.orElseThrow()), spares);
            }
            case REPLACE_HARDWARE, ROLLBACK ->
                    throw new IllegalStateException(strategy + " passed the strategy check");
        }
        return steps.steps();
    }
}
