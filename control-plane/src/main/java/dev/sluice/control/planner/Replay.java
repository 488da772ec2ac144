package dev.sluice.control.planner;

import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What nodes run while a path is installed on them: each node skips what it already has. */
final class Replay {

    private Replay() {}

    static boolean has(Map<PackageName, Version> installed, PackageRef ref) {
        Version current = installed.get(ref.name());
        return current != null && current.isAtLeast(ref.version());
    }

    static boolean satisfied(Requirement requirement, Map<PackageName, Version> installed) {
        Version found = installed.get(requirement.name());
        return found != null && requirement.range().contains(found);
    }

    /** Of each name the newer of both. */
    static SortedMap<PackageName, Version> merged(
            SortedMap<PackageName, Version> installed, SortedMap<PackageName, Version> reached) {
        if (reached.isEmpty()) {
            return installed;
        }
        SortedMap<PackageName, Version> merged = new TreeMap<>(installed);
        reached.forEach(
                (name, version) -> merged.merge(name, version, (a, b) -> a.isOlderThan(b) ? b : a));
        return merged;
    }

    /** Whether every class can install the path in this order. */
    static boolean isValid(List<NodeClass> classes, List<PackageDescriptor> path) {
        return classes.stream().allMatch(c -> isValid(c, path));
    }

    private static boolean isValid(NodeClass nodes, List<PackageDescriptor> path) {
        SortedMap<PackageName, Version> runs = new TreeMap<>(nodes.installed());
        for (PackageDescriptor pkg : path) {
            if (has(runs, pkg.ref())) {
                continue;
            }
            if (Obstacle.to(pkg, nodes.hardware(), runs).isPresent()) {
                return false;
            }
            runs.put(pkg.ref().name(), pkg.ref().version());
        }
        return true;
    }

    /**
     * The path with every package that is no SITE as late as it can stand before a SITE: directly
     * before the one that needs it, so that a node is not rebooted long before it has to be. What
     * no SITE needs goes before the last one, if it can, and costs no passage of its own.
     */
    static List<PackageDescriptor> latestBases(
            List<NodeClass> classes, List<PackageDescriptor> path) {
        List<PackageDescriptor> order = new ArrayList<>(path);
        for (int start = order.size() - 1; start >= 0; start--) {
            int at = start;
            while (order.get(at).kind() != PackageKind.SITE && hasSiteBehind(order, at)) {
                int to = at + 1;
                if (order.get(to).ref().name().equals(order.get(at).ref().name())) {
                    break;
                }
                Collections.swap(order, at, to);
                boolean overtakesTheLastSite =
                        order.get(at).kind() == PackageKind.SITE && !hasSiteBehind(order, at);
                if (overtakesTheLastSite || !isValid(classes, order)) {
                    Collections.swap(order, at, to);
                    break;
                }
                at = to;
            }
        }
        return List.copyOf(order);
    }

    private static boolean hasSiteBehind(List<PackageDescriptor> path, int at) {
        return path.subList(at + 1, path.size()).stream()
                .anyMatch(p -> p.kind() == PackageKind.SITE);
    }
}
