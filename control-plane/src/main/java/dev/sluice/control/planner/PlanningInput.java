package dev.sluice.control.planner;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything a plan depends on.
 *
 * @param target the packages the operator asked for; what they need is found in the catalogue
 * @param strategy empty: the one that fits the topology
 * @param withoutBackup the operator asked by name for a plan that takes no backup
 */
public record PlanningInput(
        Topology topology,
        Catalogue catalogue,
        SortedMap<PackageName, Version> target,
        Policy policy,
        Optional<Strategy> strategy,
        boolean withoutBackup) {

    public PlanningInput {
        target = Collections.unmodifiableSortedMap(new TreeMap<>(target));
        if (target.isEmpty()) {
            throw new IllegalArgumentException("target: expected at least one package, found none");
        }
    }
}
