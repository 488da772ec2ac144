package dev.sluice.control.planner;

import dev.sluice.control.model.Halves;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Policy.Confirm;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import dev.sluice.control.model.Work.Gate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The parts that strategies are put together from. Each writes its steps and gives back what the
 * next part waits for. Where many steps meet many, one step stands between them, so that the edges
 * grow with the nodes and not with their square.
 */
final class Composition {

    private final PlanningInput input;
    private final Route route;
    private final StepWriter steps;
    private final Policy policy;

    Composition(PlanningInput input, Route route, StepWriter steps) {
        this.input = input;
        this.route = route;
        this.steps = steps;
        this.policy = input.policy();
    }

    void beginPass(int pass) {
        steps.beginPass(pass);
    }

    int passes() {
        return route.passes().size();
    }

    private Route.Stop stop(NodeId node) {
        return route.stop(node, steps.pass());
    }

    boolean moves(NodeId node) {
        return !stop(node).installs().isEmpty();
    }

    /**
     * Backup, sync, freeze, and in the first pass the distribution of everything to every node.
     *
     * @return the gate behind which packages are staged everywhere
     */
    StepId prepare(Master primary, List<Master> backups, Optional<StepId> previous) {
        List<StepId> after = previous.map(List::of).orElse(List.of());
        if (!input.withoutBackup()) {
            after = List.of(onMaster(Phase.PREPARE, primary, new Work.Backup(primary.id()), after));
        }
        for (Master backup : backups) {
            Work sync = new Work.Sync(primary.id(), backup.id());
            after = List.of(onMaster(Phase.PREPARE, primary, sync, after));
        }
        StepId frozen = onMaster(Phase.PREPARE, primary, new Work.Freeze(primary.id()), after);
        List<StepId> staged = steps.pass() == 1 ? distribute(frozen) : List.of(frozen);
        return gate(Phase.PREPARE, primary, Gate.PACKAGES_STAGED, staged);
    }

    private List<StepId> distribute(StepId after) {
        List<StepId> staged = new ArrayList<>();
        for (Master master : input.topology().masters()) {
            distribute(staged, master.id(), master.region(), after);
        }
        for (TrafficNode node : input.topology().nodes()) {
            distribute(staged, node.id(), node.region(), after);
        }
        return staged;
    }

    private void distribute(List<StepId> staged, NodeId node, RegionId region, StepId after) {
        for (PackageRef pkg : route.installs(node)) {
            Work work = new Work.Distribute(node, pkg);
            staged.add(steps.add(Phase.PREPARE, region, work, after));
        }
    }

    /**
     * Takes a node out of service, as far as it is in it.
     *
     * @return the step behind which no client is connected
     */
    StepId drain(Phase phase, TrafficNode node, StepId after) {
        StepId closed = after;
        if (node.accepting()) {
            closed = onNode(phase, node, new Work.CloseAdmission(node.id()), List.of(after));
        }
        return onNode(phase, node, new Work.Drain(node.id()), List.of(closed));
    }

    /**
     * Installs what a node needs in this pass, one package after the other, and verifies it.
     *
     * @return the step behind which the node is known to be right
     */
    StepId upgrade(Phase phase, TrafficNode node, List<StepId> after) {
        return upgrade(
                phase, node.id(), node.region(), after, policy.verify().confirm() == Confirm.ALL);
    }

    /** Installs what a master needs in this pass and verifies it. */
    StepId upgrade(Phase phase, Master master, List<StepId> after) {
        return upgrade(
                phase,
                master.id(),
                master.region(),
                after,
                policy.verify().confirm() != Confirm.NONE);
    }

    private StepId upgrade(
            Phase phase, NodeId node, RegionId region, List<StepId> after, boolean confirm) {
        Route.Stop stop = stop(node);
        List<StepId> last = after;
        for (PackageRef pkg : stop.installs()) {
            last = List.of(steps.add(phase, region, new Work.Install(node, pkg), last));
        }
        StepId verified = steps.add(phase, region, new Work.Verify(node, stop.runs()), last);
        return confirm ? steps.add(phase, region, new Work.Confirm(node), verified) : verified;
    }

    /** Puts a node into service again, unless its operator had taken it out. */
    Optional<StepId> open(Phase phase, TrafficNode node, List<StepId> after) {
        return node.accepting()
                ? Optional.of(onNode(phase, node, new Work.OpenAdmission(node.id()), after))
                : Optional.empty();
    }

    StepId gate(Phase phase, Master primary, Gate gate, List<StepId> after) {
        return onMaster(phase, primary, new Work.VerifyCluster(primary.id(), gate), after);
    }

    StepId onMaster(Phase phase, Master master, Work work, List<StepId> after) {
        return steps.add(phase, master.region(), work, after);
    }

    private StepId onNode(Phase phase, TrafficNode node, Work work, List<StepId> after) {
        return steps.add(phase, node.region(), work, after);
    }

    /**
     * Ends the pass: configuration may be changed again, and everything is verified.
     *
     * @return the last step of the pass, behind the soak where another pass follows
     */
    StepId finish(Master primary, StepId after) {
        StepId thawed =
                onMaster(Phase.RESTORE, primary, new Work.Unfreeze(primary.id()), List.of(after));
        StepId verified = gate(Phase.RESTORE, primary, Gate.ALL_UPGRADED, List.of(thawed));
        return steps.pass() < passes() ? soak(primary, verified) : verified;
    }

    private StepId soak(Master primary, StepId after) {
        PackageDescriptor site =
                route.passes().get(steps.pass() - 1).stream()
                        .filter(p -> p.kind() == PackageKind.SITE)
                        .findFirst()
                        .orElseThrow();
        Duration own = site.soak();
        Duration duration = own == null ? policy.soak() : own;
        return onMaster(
                Phase.RESTORE,
                primary,
                new Work.Soak(primary.id(), site.ref(), duration),
                List.of(after));
    }

    List<TrafficWaves> waves(SortedMap<RegionId, Halves> halves) {
        return TrafficWaves.of(input.topology(), halves, policy, this::moves);
    }
}
