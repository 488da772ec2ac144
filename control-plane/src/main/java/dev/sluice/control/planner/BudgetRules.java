package dev.sluice.control.planner;

import dev.sluice.control.model.Halves;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Policy.SingleNodeRegion;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.TrafficNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the policy has against halves, in numbers. */
final class BudgetRules {

    private final Policy policy;

    BudgetRules(Policy policy) {
        this.policy = policy;
    }

    List<Refusal> check(Collection<RegionCapacity> regions, Map<RegionId, Halves> halves) {
        List<Refusal> refusals = new ArrayList<>(failures(regions));
        for (RegionCapacity region : regions) {
            Halves chosen = halves.get(region.region());
            if (chosen != null) {
                capacity(region, chosen).ifPresent(refusals::add);
            }
        }
        return refusals;
    }

    private List<Refusal> failures(Collection<RegionCapacity> regions) {
        List<Refusal> refusals = new ArrayList<>();
        int total = 0;
        for (RegionCapacity region : regions) {
            List<NodeId> unhealthy = unhealthy(region);
            total += unhealthy.size();
            if (unhealthy.size() > policy.failureBudget().perRegion()) {
                refusals.add(
                        new Refusal(
                                "region " + region.region(),
                                "%d nodes are unhealthy (%s), the failure budget allows %d per region: repair them or raise policy.failureBudget.perRegion"
                                        .formatted(
                                                unhealthy.size(),
                                                some(unhealthy),
                                                policy.failureBudget().perRegion())));
            }
        }
        if (total > policy.failureBudget().total()) {
            refusals.add(
                    new Refusal(
                            "cluster",
                            "%d nodes are unhealthy, the failure budget allows %d in all: repair them or raise policy.failureBudget.total"
                                    .formatted(total, policy.failureBudget().total())));
        }
        return refusals;
    }

    static List<NodeId> unhealthy(RegionCapacity region) {
        return region.nodes().stream().filter(n -> !n.healthy()).map(TrafficNode::id).toList();
    }

    private Optional<Refusal> capacity(RegionCapacity region, Halves halves) {
        int largest = largestOutage(region, halves);
        if (largest == 0) {
            return Optional.empty();
        }
        String subject = "region " + region.region();
        if (region.isSingleNode()) {
            return policy.singleNodeRegion() == SingleNodeRegion.INTERRUPT
                    ? Optional.empty()
                    : Optional.of(new Refusal(subject, onlyNode(region)));
        }
        int left = region.serving() - largest;
        if (left >= region.required()) {
            return Optional.empty();
        }
        return Optional.of(
                new Refusal(
                        subject,
                        "a wave of %d of the %d nodes that serve would leave %d accepting, at least %d are required (%s of %d accepting nodes): %s"
                                .formatted(
                                        largest,
                                        region.serving(),
                                        left,
                                        region.required(),
                                        policy.minAcceptingShare(),
                                        region.accepting(),
                                        advice(region))));
    }

    /** The most serving nodes that are out of service at one time. */
    private static int largestOutage(RegionCapacity region, Halves halves) {
        Set<NodeId> serving = new HashSet<>();
        region.nodes().stream()
                .filter(TrafficNode::serves)
                .map(TrafficNode::id)
                .forEach(serving::add);
        int largest = (int) halves.first().stream().filter(serving::contains).count();
        Set<NodeId> second = new HashSet<>(halves.second());
        for (List<NodeId> wave : halves.waves()) {
            long out = wave.stream().filter(second::contains).filter(serving::contains).count();
            largest = Math.max(largest, (int) out);
        }
        return largest;
    }

    private static String onlyNode(RegionCapacity region) {
        NodeId node =
                region.nodes().stream()
                        .filter(TrafficNode::serves)
                        .map(TrafficNode::id)
                        .findFirst()
                        .orElseThrow();
        return "node %s is the only one that serves, and upgrading it interrupts the region: add a node, or set policy.singleNodeRegion to interrupt"
                .formatted(node);
    }

    private static String advice(RegionCapacity region) {
        int spare = region.serving() - region.required();
        if (spare <= 0) {
            return "no node can be spared; lower policy.minAcceptingShare or bring nodes into service";
        }
        int waves = (region.serving() + spare - 1) / spare;
        return "set policy.waves to %d or more, or lower policy.minAcceptingShare".formatted(waves);
    }

    /** A few ids, and how many more there are. */
    static String some(List<NodeId> ids) {
        int shown = Math.min(ids.size(), 5);
        String text = String.join(", ", ids.subList(0, shown).stream().map(NodeId::value).toList());
        return ids.size() > shown ? text + " and %d more".formatted(ids.size() - shown) : text;
    }
}
