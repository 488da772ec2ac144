package dev.sluice.control.state;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Topology;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Something asked of the one writer; it is accepted as events or rejected with a reason. */
public sealed interface Command {

    // Who commands.

    /**
     * Takes office.
     *
     * @param forced the certificate by which it is taken; empty: the witnesses gave it
     */
    record TakeOffice(
            Ballot ballot,
            String controlPlaneVersion,
            String reason,
            Optional<ForcedPromotion> forced)
            implements Command {

        public TakeOffice(Ballot ballot, String controlPlaneVersion, String reason) {
            this(ballot, controlPlaneVersion, reason, Optional.empty());
        }
    }

    record DecideHandover(NodeId to) implements Command {}

    /** Whether a backup may become primary by itself. */
    record SwitchAutomaticFailover(boolean on, Actor actor) implements Command {}

    // The cluster.

    record FoundCluster(Topology topology, Policy policy) implements Command {}

    record ImportPackage(PackageRecord pkg, Actor actor) implements Command {}

    /**
     * Removes a package, unless it is needed.
     *
     * @param installed what the nodes reported that they have installed
     * @param reason why, for the event log
     */
    record RemovePackage(PackageRef pkg, Installations installed, String reason, Actor actor)
            implements Command {}

    /** Remembers what was seen of a channel; nothing is done because of it before. */
    record SeeChannel(ChannelVersions versions) implements Command {}

    /** Keeps a channel's files for the nodes that verify it. */
    record CopyChannel(ChannelCopy copy) implements Command {}

    /** Accepts the licence terms of a package, as {@link Event.EulaAccepted}. */
    record AcceptEula(PackageRef pkg, String termsSha256, String from, Actor actor)
            implements Command {}

    record ChangeSetting(String key, Optional<String> value, boolean force, Actor actor)
            implements Command {}

    record ChooseDistribution(PackageRef pkg, boolean on, Actor actor) implements Command {}

    record ChooseNodeAdmission(NodeId node, boolean accepting, Actor actor) implements Command {}

    // Operators, about the upgrade.

    /**
     * Accepts a plan.
     *
     * @param replaces what is installed anywhere now
     */
    record AcceptPlan(
            PlanId plan,
            Blueprint blueprint,
            List<String> warnings,
            Actor actor,
            List<PackageRef> replaces)
            implements Command {
        public AcceptPlan {
            replaces = List.copyOf(replaces);
        }

        /** Where nothing is known of what is installed. */
        public AcceptPlan(PlanId plan, Blueprint blueprint, List<String> warnings, Actor actor) {
            this(plan, blueprint, warnings, actor, List.of());
        }
    }

    record StartUpgrade(PlanId plan, Actor actor) implements Command {}

    record PauseUpgrade(Actor actor) implements Command {}

    record ResumeUpgrade(Actor actor) implements Command {}

    record AbortUpgrade(String reason, Actor actor) implements Command {}

    record ConfirmStep(StepId step, boolean right, Actor actor) implements Command {}

    record DecideDrain(StepId step, DrainDecision decision, Actor actor) implements Command {}

    // The executor, about the steps.

    /** About one step of the current plan. */
    sealed interface OfStep extends Command {
        PlanId plan();

        StepId step();
    }

    /**
     * Starts the next attempt of a step.
     *
     * @param notServing traffic nodes that are not known to serve: unknown, unfenced, stale or
     *     unhealthy; the budget counts them as out of service
     */
    record StartStep(PlanId plan, StepId step, Set<NodeId> notServing) implements OfStep {
        public StartStep {
            notServing = Set.copyOf(notServing);
        }
    }

    record CompleteStep(PlanId plan, StepId step, List<String> evidence) implements OfStep {}

    /**
     * Reports that an attempt failed.
     *
     * @param retryable false: trying again cannot help
     */
    record FailStep(PlanId plan, StepId step, int attempt, String reason, boolean retryable)
            implements OfStep {}

    record HoldDrain(PlanId plan, StepId step, int clients) implements OfStep {}

    /** Every step is over. */
    record CompleteUpgrade(PlanId plan) implements Command {}

    record FinishAbort(PlanId plan, List<NodeId> leftClosed) implements Command {}
}
