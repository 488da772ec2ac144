package dev.sluice.control.state;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Topology;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;
import org.pcollections.TreePSet;

/**
 * Everything that the journal says about a cluster up to one index. Immutable; a new event makes a
 * new state that shares what did not change.
 *
 * @param index the last applied event, 0 for none
 * @param office who commands; null before the first primary
 * @param topology the inventory it was founded with; null before
 * @param choices what operators decided about packages
 * @param operatorClosed traffic nodes that an operator took out of service
 * @param succession what operators decided about who takes over
 * @param supply what is remembered about where packages come from and under which terms
 * @param plans plans accepted so far, which numbers the next
 */
public record ClusterState(
        long index,
        @Nullable Office office,
        @Nullable Topology topology,
        Policy foundingPolicy,
        Configuration configuration,
        TreePMap<PackageRef, PackageRecord> packages,
        PackageChoices choices,
        TreePSet<NodeId> operatorClosed,
        boolean failoverBroken,
        Succession succession,
        Supply supply,
        int plans,
        @Nullable Upgrade upgrade) {

    public static final ClusterState EMPTY =
            new ClusterState(
                    0,
                    null,
                    null,
                    Policy.DEFAULT,
                    Configuration.EMPTY,
                    TreePMap.empty(),
                    PackageChoices.EMPTY,
                    TreePSet.empty(),
                    false,
                    Succession.EMPTY,
                    Supply.EMPTY,
                    0,
                    null);

    /** The policy in force: the founding one with the settings over it. */
    public Policy policy() {
        return Settings.policy(foundingPolicy, configuration.settings());
    }

    /** Whether operators let a backup become primary by itself; a plan may forbid it besides. */
    public boolean automaticFailover() {
        return succession.isAutomatic();
    }

    public Optional<Upgrade> currentUpgrade() {
        return Optional.ofNullable(upgrade);
    }

    public Optional<Upgrade> upgrade(PlanId plan) {
        return currentUpgrade().filter(u -> u.id().equals(plan));
    }

    /**
     * The state after one more event.
     *
     * @throws IllegalStateException when the event is not the next one, or can't follow: the
     *     journal is not this cluster's
     */
    public ClusterState apply(Recorded recorded) {
        if (recorded.index() != index + 1) {
            throw new IllegalStateException(
                    "journal: expected event %d next, found %d"
                            .formatted(index + 1, recorded.index()));
        }
        return Applier.apply(this, recorded).at(recorded.index());
    }

    Upgrade requireUpgrade(PlanId plan) {
        return upgrade(plan)
                .orElseThrow(() ->
                        new IllegalStateException(
                                "event of plan %s, but the current one is %s"
                                        .formatted(
                                                plan,
                                                currentUpgrade()
                                                        .map(u -> u.id().toString())
                                                        .orElse("none"))));
    }

    private ClusterState at(long next) {
        return with(draft -> draft.index = next);
    }

    ClusterState with(Office next) {
        return with(draft -> draft.office = next);
    }

    ClusterState founded(Topology next, Policy policy) {
        return with(draft -> {
            draft.topology = next;
            draft.foundingPolicy = policy;
            draft.operatorClosed =
                    TreePSet.from(
                            next.nodes().stream()
                                    .filter(n -> !n.accepting())
                                    .map(n -> n.id())
                                    .toList());
        });
    }

    ClusterState with(Configuration next) {
        return with(draft -> draft.configuration = next);
    }

    ClusterState with(PackageRecord pkg) {
        return with(draft -> draft.packages = packages.plus(pkg.ref(), pkg));
    }

    ClusterState without(PackageRef pkg) {
        return with(draft -> draft.packages = packages.minus(pkg));
    }

    ClusterState with(PackageChoices next) {
        return with(draft -> draft.choices = next);
    }

    ClusterState withOperatorClosed(NodeId node, boolean closed) {
        return with(draft ->
                draft.operatorClosed =
                        closed ? operatorClosed.plus(node) : operatorClosed.minus(node));
    }

    ClusterState withFailoverBroken(boolean broken) {
        return with(draft -> draft.failoverBroken = broken);
    }

    ClusterState with(Succession next) {
        return with(draft -> draft.succession = next);
    }

    ClusterState with(Supply next) {
        return with(draft -> draft.supply = next);
    }

    ClusterState with(Upgrade next) {
        boolean isNew = upgrade == null || !Objects.equals(upgrade.id(), next.id());
        return with(draft -> {
            draft.plans = isNew ? plans + 1 : plans;
            draft.upgrade = next;
        });
    }

    private ClusterState with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.state();
    }

    /** A state while a change is made to it: the one place that copies all the rest. */
    private static final class Draft {
        private long index;
        private @Nullable Office office;
        private @Nullable Topology topology;
        private Policy foundingPolicy;
        private Configuration configuration;
        private TreePMap<PackageRef, PackageRecord> packages;
        private PackageChoices choices;
        private TreePSet<NodeId> operatorClosed;
        private boolean failoverBroken;
        private Succession succession;
        private Supply supply;
        private int plans;
        private @Nullable Upgrade upgrade;

        Draft(ClusterState from) {
            index = from.index;
            office = from.office;
            topology = from.topology;
            foundingPolicy = from.foundingPolicy;
            configuration = from.configuration;
            packages = from.packages;
            choices = from.choices;
            operatorClosed = from.operatorClosed;
            failoverBroken = from.failoverBroken;
            succession = from.succession;
            supply = from.supply;
            plans = from.plans;
            upgrade = from.upgrade;
        }

        ClusterState state() {
            return new ClusterState(
                    index,
                    office,
                    topology,
                    foundingPolicy,
                    configuration,
                    packages,
                    choices,
                    operatorClosed,
                    failoverBroken,
                    succession,
                    supply,
                    plans,
                    upgrade);
        }
    }

    /** The traffic nodes of the inventory; none before the cluster is founded. */
    public List<dev.sluice.control.model.TrafficNode> trafficNodes() {
        return topology == null ? List.of() : topology.nodes();
    }
}
