package dev.sluice.control.model;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An upgrade in every step: what is done to which node, after what.
 *
 * @param path the packages in the order in which a node installs those it needs
 * @param steps in an order in which every step stands behind those it waits for
 * @param withoutBackup the operator asked by name for a plan that takes no backup
 */
public record Blueprint(
        Strategy strategy,
        SortedMap<PackageName, Version> target,
        List<PackageRef> path,
        SortedMap<RegionId, Halves> halves,
        List<Step> steps,
        Policy policy,
        boolean withoutBackup) {

    public Blueprint {
        target = Collections.unmodifiableSortedMap(new TreeMap<>(target));
        path = List.copyOf(path);
        halves = Collections.unmodifiableSortedMap(new TreeMap<>(halves));
        steps = List.copyOf(steps);
    }
}
