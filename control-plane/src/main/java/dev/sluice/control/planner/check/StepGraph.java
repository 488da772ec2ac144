package dev.sluice.control.planner.check;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The order that a blueprint's edges guarantee, in time and memory linear in steps and edges.
 *
 * <p>General reachability would cost a square of the steps. This class answers yes only when it can
 * show it by one of two arguments, and no otherwise, so a yes can be relied on:
 *
 * <ul>
 *   <li>A <em>barrier</em> is a step that every earlier step precedes: all ends of the graph before
 *       it are among the steps it waits for. Whatever stands at or before a barrier precedes
 *       whatever that barrier precedes.
 *   <li>Two steps of the same node are linked by a chain of direct edges through steps of that
 *       node.
 * </ul>
 *
 * <p>A blueprint that is right for another reason is reported too. That is wanted: an order that
 * takes a search to see is an order that nobody sees at night.
 */
final class StepGraph {

    private final List<Step> steps;
    private final int[][] after;
    private final int[] barrierBefore;
    private final BitSet barriers;
    private final Map<NodeId, Integer> nodes = new HashMap<>();
    private final int[] nodeOf;
    private final int[][] ofNode;
    private final List<Violation> violations = new ArrayList<>();

    StepGraph(Blueprint blueprint) {
        steps = blueprint.steps();
        after = edges();
        barriers = new BitSet(steps.size());
        barrierBefore = findBarriers();
        nodeOf = numberNodes();
        ofNode = byNode();
    }

    /** What is wrong with the graph itself; nothing else may be asked of it then. */
    List<Violation> violations() {
        return violations;
    }

    int size() {
        return steps.size();
    }

    Step step(int index) {
        return steps.get(index);
    }

    int[] after(int index) {
        return after[index];
    }

    /** The steps of a node, in order. */
    int[] of(NodeId node) {
        Integer number = nodes.get(node);
        return number == null ? new int[0] : ofNode[number];
    }

    private int[][] edges() {
        Map<StepId, Integer> index = HashMap.newHashMap(steps.size());
        int[][] edges = new int[steps.size()][];
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            edges[i] = new int[step.after().size()];
            for (int e = 0; e < edges[i].length; e++) {
                edges[i][e] = earlier(index, step, step.after().get(e));
            }
            if (index.put(step.id(), i) != null) {
                violations.add(
                        new Violation(
                                Rule.GRAPH_IN_ORDER,
                                "step " + step.id(),
                                "expected a unique id, found it used twice"));
            }
        }
        return edges;
    }

    private int earlier(Map<StepId, Integer> index, Step step, StepId wanted) {
        Integer found = index.get(wanted);
        if (found == null) {
            violations.add(
                    new Violation(
                            Rule.GRAPH_IN_ORDER,
                            "step " + step.id(),
                            "expected to wait for earlier steps, found %s".formatted(wanted)));
            return 0;
        }
        return found;
    }

    /** For each step the latest barrier that precedes it, or -1. */
    private int[] findBarriers() {
        int[] before = new int[steps.size()];
        boolean[] isEnd = new boolean[steps.size()];
        int open = 0;
        for (int i = 0; i < steps.size(); i++) {
            before[i] = -1;
            for (int earlier : after[i]) {
                before[i] = Math.max(before[i], barriers.get(earlier) ? earlier : before[earlier]);
                if (isEnd[earlier]) {
                    isEnd[earlier] = false;
                    open--;
                }
            }
            barriers.set(i, open == 0);
            isEnd[i] = true;
            open++;
        }
        return before;
    }

    /** The number of the node of each step. */
    private int[] numberNodes() {
        int[] numbers = new int[steps.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = nodes.computeIfAbsent(steps.get(i).node(), _ -> nodes.size());
        }
        return numbers;
    }

    private int[][] byNode() {
        int[] counts = new int[nodes.size()];
        for (int node : nodeOf) {
            counts[node]++;
        }
        int[][] byNode = new int[counts.length][];
        for (int node = 0; node < counts.length; node++) {
            byNode[node] = new int[counts[node]];
        }
        int[] filled = new int[counts.length];
        for (int i = 0; i < nodeOf.length; i++) {
            byNode[nodeOf[i]][filled[nodeOf[i]]++] = i;
        }
        return byNode;
    }

    /** Whether the edges show that one step has ended before another starts. */
    boolean precedes(int first, int second) {
        if (first >= second) {
            return false;
        }
        return first <= barrierBefore[second] || precedesOnItsNode(first, second);
    }

    /** Whether every earlier step precedes this one. */
    boolean isBarrier(int index) {
        return barriers.get(index);
    }

    /** Whether a barrier at or behind the first step precedes the second. */
    boolean precedesByBarrier(int first, int second) {
        return first < second && first <= barrierBefore[second];
    }

    private boolean precedesOnItsNode(int first, int second) {
        int node = nodeOf[first];
        if (nodeOf[second] != node) {
            return false;
        }
        int at = second;
        while (at > first) {
            int next = -1;
            for (int earlier : after[at]) {
                if (nodeOf[earlier] == node) {
                    next = Math.max(next, earlier);
                }
            }
            if (next < first) {
                return false;
            }
            at = next;
        }
        return at == first;
    }
}
