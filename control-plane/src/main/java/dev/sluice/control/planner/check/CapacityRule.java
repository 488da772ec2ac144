package dev.sluice.control.planner.check;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Policy.SingleNodeRegion;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * In the worst order that the edges allow, every region keeps its accepting share.
 *
 * <p>A node is out from its CLOSE_ADMISSION to its OPEN_ADMISSION. The OPENs of a region are
 * numbered in the order of the blueprint. For every step the check knows a number {@code k} such
 * that the region's first {@code k} OPENs precede it for certain. It passes along the edges: a step
 * starts with the most that one of its predecessors has, and goes on counting while the next OPEN
 * is a direct predecessor. That is linear in the edges.
 *
 * <p>Suppose a set of nodes is out at one moment, and let {@code k} be the largest number among
 * their CLOSEs. None of them may have opened before, so each has an OPEN numbered above {@code k},
 * and each has a number of at most {@code k}. So the nodes with {@code number(CLOSE) <= k <
 * number(OPEN)} include every such set, and the most nodes at any {@code k} bound what can ever be
 * out. The bound is exact where waves are separated, and too high, never too low, elsewhere.
 */
final class CapacityRule {

    private final Inspection inspection;
    private final StepGraph graph;
    private final SortedMap<RegionId, Integer> regions = new TreeMap<>();
    private final Map<RegionId, List<TrafficNode>> members = new HashMap<>();

    /** The number of each step's region, or -1 where that has no traffic nodes. */
    private final int[] regionOf;

    private final boolean[] traffic;
    private final boolean[] serves;

    /** The number of each OPEN in its region, from 1, by step. */
    private final int[] number;

    private final int[] opensIn;

    /** For a step on a traffic node what is certain about its own region. */
    private final int[] certain;

    /** For a step on a master what is certain about every region. */
    private final int[][] certainAll;

    private CapacityRule(Inspection inspection) {
        this.inspection = inspection;
        this.graph = inspection.graph();
        for (TrafficNode node : inspection.input().topology().nodes()) {
            regions.put(node.region(), 0);
            members.computeIfAbsent(node.region(), _ -> new ArrayList<>()).add(node);
        }
        int next = 0;
        for (var region : regions.entrySet()) {
            region.setValue(next++);
        }
        this.regionOf = new int[graph.size()];
        this.serves = new boolean[graph.size()];
        this.traffic = new boolean[graph.size()];
        this.number = new int[graph.size()];
        this.opensIn = new int[regions.size()];
        this.certain = new int[graph.size()];
        this.certainAll = new int[graph.size()][];
    }

    static void check(Inspection inspection) {
        CapacityRule rule = new CapacityRule(inspection);
        rule.look();
        rule.numberOpens();
        rule.propagate();
        rule.compare();
    }

    private void look() {
        for (int i = 0; i < graph.size(); i++) {
            Step step = graph.step(i);
            regionOf[i] = regions.getOrDefault(step.region(), -1);
            TrafficNode node = inspection.trafficNode(step.node()).orElse(null);
            traffic[i] = node != null;
            serves[i] = node != null && node.serves();
        }
    }

    private void numberOpens() {
        for (int i = 0; i < graph.size(); i++) {
            if (graph.step(i).work() instanceof Work.OpenAdmission && traffic[i]) {
                number[i] = ++opensIn[regionOf[i]];
            }
        }
    }

    private void propagate() {
        for (int i = 0; i < graph.size(); i++) {
            int[] before = graph.after(i).clone();
            Arrays.sort(before);
            if (traffic[i]) {
                int region = regionOf[i];
                int known = 0;
                for (int earlier : before) {
                    known = Math.max(known, known(earlier, region));
                }
                for (int earlier : before) {
                    known = count(known, earlier, region);
                }
                certain[i] = number[i] == known + 1 ? known + 1 : known;
            } else {
                certainAll[i] = merge(before);
            }
        }
    }

    /** What a step knows of a region's OPENs, itself included. */
    private int known(int step, int region) {
        int[] all = certainAll[step];
        if (all != null) {
            return all[region];
        }
        return regionOf[step] == region ? certain[step] : 0;
    }

    private int count(int known, int step, int region) {
        return regionOf[step] == region && number[step] == known + 1 ? known + 1 : known;
    }

    private int[] merge(int[] before) {
        int[] merged = new int[regions.size()];
        for (int earlier : before) {
            int[] all = certainAll[earlier];
            if (all != null) {
                for (int r = 0; r < merged.length; r++) {
                    merged[r] = Math.max(merged[r], all[r]);
                }
            } else {
                int region = regionOf[earlier];
                merged[region] = Math.max(merged[region], certain[earlier]);
            }
        }
        for (int earlier : before) {
            if (certainAll[earlier] == null) {
                int region = regionOf[earlier];
                merged[region] = count(merged[region], earlier, region);
            }
        }
        return merged;
    }

    private void compare() {
        int[][] starts = new int[regions.size()][];
        for (int r = 0; r < starts.length; r++) {
            starts[r] = new int[opensIn[r] + 2];
        }
        Map<NodeId, Integer> closed = new HashMap<>();
        for (int i = 0; i < graph.size(); i++) {
            Step step = graph.step(i);
            if (serves[i] && step.work() instanceof Work.CloseAdmission) {
                closed.put(step.node(), i);
            } else if (serves[i] && step.work() instanceof Work.OpenAdmission) {
                Integer close = closed.remove(step.node());
                if (close != null) {
                    int[] out = starts[regionOf[i]];
                    out[certain[close]]++;
                    out[Math.max(certain[close], number[i])]--;
                }
            }
        }
        // A node that never opens again is out to the end.
        closed.values().forEach(close -> starts[regionOf[close]][certain[close]]++);
        regions.forEach((region, r) -> compare(region, mostAtOnce(starts[r])));
    }

    private static int mostAtOnce(int[] changes) {
        int most = 0;
        int out = 0;
        for (int change : changes) {
            out += change;
            most = Math.max(most, out);
        }
        return most;
    }

    private void compare(RegionId region, int out) {
        List<TrafficNode> nodes = members.getOrDefault(region, List.of());
        long accepting = nodes.stream().filter(TrafficNode::accepting).count();
        long serving = nodes.stream().filter(TrafficNode::serves).count();
        var policy = inspection.input().policy();
        long required =
                new BigDecimal(String.valueOf(policy.minAcceptingShare()))
                        .multiply(new BigDecimal(accepting))
                        .longValue();
        boolean allowed = serving == 1 && policy.singleNodeRegion() == SingleNodeRegion.INTERRUPT;
        boolean onlyOne = serving == 1 && out > 0;
        if (!allowed && (onlyOne || (out > 0 && serving - out < required))) {
            inspection.report(
                    Rule.ACCEPTING_SHARE,
                    "region " + region,
                    "%d of %d serving nodes can be out at the same time, %d must accept"
                            .formatted(out, serving, onlyOne ? 1 : required));
        }
    }
}
