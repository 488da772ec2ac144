package dev.sluice.control.planner;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What every node installs in every passage through the cluster. Nodes of a class share their
 * lists, so that a large cluster costs no more than a reference per node.
 *
 * @param passes the packages of each passage, in path order
 */
record Route(List<List<PackageDescriptor>> passes, Map<NodeId, List<Stop>> stops) {

    /**
     * What a node does in one passage.
     *
     * @param installs in order; empty: the node has everything already
     * @param runs all its packages afterwards
     */
    record Stop(List<PackageRef> installs, SortedMap<PackageName, Version> runs) {
        Stop {
            installs = List.copyOf(installs);
            runs = Collections.unmodifiableSortedMap(runs);
        }
    }

    static Route of(List<NodeClass> classes, List<PackageDescriptor> path) {
        List<List<PackageDescriptor>> passes = passes(path);
        Map<NodeId, List<Stop>> stops = new HashMap<>();
        for (NodeClass nodes : classes) {
            List<Stop> ofClass = stops(nodes, passes);
            nodes.nodes().forEach(id -> stops.put(id, ofClass));
        }
        return new Route(passes, stops);
    }

    /**
     * Cuts a path behind each SITE package. What stands behind the last one goes along with it,
     * since a passage of its own would drain every node once more.
     */
    private static List<List<PackageDescriptor>> passes(List<PackageDescriptor> path) {
        List<List<PackageDescriptor>> passes = new ArrayList<>();
        List<PackageDescriptor> current = new ArrayList<>();
        for (PackageDescriptor pkg : path) {
            current.add(pkg);
            if (pkg.kind() == PackageKind.SITE) {
                passes.add(current);
                current = new ArrayList<>();
            }
        }
        if (passes.isEmpty()) {
            passes.add(current);
        } else {
            passes.getLast().addAll(current);
        }
        return passes.stream().map(List::copyOf).toList();
    }

    private static List<Stop> stops(NodeClass nodes, List<List<PackageDescriptor>> passes) {
        SortedMap<PackageName, Version> runs = new TreeMap<>(nodes.installed());
        List<Stop> stops = new ArrayList<>();
        for (List<PackageDescriptor> pass : passes) {
            List<PackageRef> installs = new ArrayList<>();
            for (PackageDescriptor pkg : pass) {
                if (!Replay.has(runs, pkg.ref())) {
                    installs.add(pkg.ref());
                    runs.put(pkg.ref().name(), pkg.ref().version());
                }
            }
            stops.add(new Stop(installs, new TreeMap<>(runs)));
        }
        return List.copyOf(stops);
    }

    private List<Stop> of(NodeId node) {
        List<Stop> ofNode = stops.get(node);
        if (ofNode == null) {
            throw new IllegalStateException("node %s has no route".formatted(node));
        }
        return ofNode;
    }

    /**
     * What a node does in a passage.
     *
     * @param pass from 1
     */
    Stop stop(NodeId node, int pass) {
        return of(node).get(pass - 1);
    }

    /** Whether a node installs anything at all. */
    boolean moves(NodeId node) {
        return of(node).stream().anyMatch(stop -> !stop.installs().isEmpty());
    }

    /** Everything a node installs in all passages, in order. */
    List<PackageRef> installs(NodeId node) {
        return of(node).stream().flatMap(stop -> stop.installs().stream()).toList();
    }

    List<PackageRef> path() {
        return passes.stream().flatMap(List::stream).map(PackageDescriptor::ref).toList();
    }
}
