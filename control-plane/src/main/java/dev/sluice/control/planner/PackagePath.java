package dev.sluice.control.planner;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import java.util.List;
import java.util.SortedMap;

/** The packages that a cluster installs on its way to a target, stepping stones included. */
public final class PackagePath {

    private PackagePath() {}

    /** What a search came to. */
    public sealed interface Result {
        /** In the order of installation; empty when every node runs the target. */
        record Found(List<PackageRef> path) implements Result {
            public Found {
                path = List.copyOf(path);
            }
        }

        /** No order of the catalogue's packages leads there. */
        record None(String reason) implements Result {}
    }

    /** The cheapest path by the rules that plans follow. */
    public static Result to(
            SortedMap<PackageName, Version> target, Topology topology, Catalogue catalogue) {
        return switch (new PathFinder(catalogue, NodeClass.of(topology), target).find()) {
            case PathFinder.Outcome.Found(var path) ->
                    new Result.Found(path.stream().map(PackageDescriptor::ref).toList());
            case PathFinder.Outcome.NoPath() ->
                    new Result.None(
                            "no order of the packages that are known leads to %s"
                                    .formatted(target));
            case PathFinder.Outcome.TooLarge(int states) ->
                    new Result.None(
                            "the search for a path to %s was given up after %d states"
                                    .formatted(target, states));
        };
    }
}
