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

/** Something that was decided or observed and is never forgotten; only events change the state. */
public sealed interface Event {

    /** An event of one upgrade. */
    sealed interface OfUpgrade extends Event {
        PlanId plan();
    }

    /** An event of one step of an upgrade. */
    sealed interface OfStep extends OfUpgrade {
        StepId step();
    }

    // Who commands.

    /** A master began to command under a new ballot. */
    record PrimaryTookOffice(Ballot ballot, String controlPlaneVersion, String reason)
            implements Event {}

    /** The primary gave its office to another master, and decides nothing any more. */
    record HandoverDecided(NodeId from, NodeId to) implements Event {}

    /** An operator let backups become primary by themselves, or forbade it. */
    record AutomaticFailoverSwitched(boolean on, Actor actor) implements Event {}

    /** The office was taken by an operator's certificate, which can't be used again. */
    record ForcedPromotionUsed(ForcedPromotion promotion) implements Event {}

    // The cluster.

    record ClusterFounded(Topology topology, Policy policy) implements Event {}

    record PackageImported(PackageRecord pkg, Actor actor) implements Event {}

    /** A channel was read, and these are the highest versions of its files so far. */
    record ChannelSeen(ChannelVersions versions) implements Event {}

    /** A channel was read to its end, and these are its files. */
    record ChannelCopied(ChannelCopy copy) implements Event {}

    /**
     * An operator accepted the licence terms of a package.
     *
     * @param termsSha256 of their text in UTF-8, lower-case hexadecimal
     * @param from the address that the operator called from
     */
    record EulaAccepted(PackageRef pkg, String termsSha256, String from, Actor actor)
            implements Event {}

    /** Every node that the package suits is to have it, or need not any more. */
    record DistributionChosen(PackageRef pkg, boolean on, Actor actor) implements Event {}

    /** The package is gone from all masters. */
    record PackageRemoved(PackageRef pkg, String reason, Actor actor) implements Event {}

    /** A setting got a value, or lost it when {@code value} is empty. */
    record SettingChanged(String key, Optional<String> value, boolean forced, Actor actor)
            implements Event {}

    /** An operator took a traffic node out of service, or gave it back. */
    record NodeAdmissionChosen(NodeId node, boolean accepting, Actor actor) implements Event {}

    // The upgrade as a whole.

    /**
     * A plan was accepted.
     *
     * @param replaces what was installed anywhere then
     */
    record UpgradePlanned(
            PlanId plan,
            Blueprint blueprint,
            List<String> warnings,
            Actor actor,
            List<PackageRef> replaces)
            implements OfUpgrade {
        public UpgradePlanned {
            warnings = List.copyOf(warnings);
            replaces = List.copyOf(replaces);
        }
    }

    record UpgradeStarted(PlanId plan, Actor actor) implements OfUpgrade {}

    record UpgradePaused(PlanId plan, Actor actor) implements OfUpgrade {}

    /**
     * An operator let a paused or halted upgrade go on; what had failed is tried again from the
     * first attempt.
     */
    record UpgradeResumed(PlanId plan, Actor actor) implements OfUpgrade {}

    record UpgradeHalted(PlanId plan, List<String> reasons) implements OfUpgrade {
        public UpgradeHalted {
            reasons = List.copyOf(reasons);
        }
    }

    record AbortRequested(PlanId plan, String reason, Actor actor) implements OfUpgrade {}

    /** Nothing of the plan runs any more; nodes that could not be given back are named. */
    record UpgradeAborted(PlanId plan, List<NodeId> leftClosed) implements OfUpgrade {
        public UpgradeAborted {
            leftClosed = List.copyOf(leftClosed);
        }
    }

    record UpgradeCompleted(PlanId plan) implements OfUpgrade {}

    record NodeSetAside(PlanId plan, NodeId node, String reason) implements OfUpgrade {}

    record ConfigurationFrozen(PlanId plan) implements OfUpgrade {}

    /**
     * The resync put the configuration back to what it was when it was frozen; these keys had been
     * forced.
     */
    record ForcedChangesOverwritten(PlanId plan, List<String> keys) implements OfUpgrade {
        public ForcedChangesOverwritten {
            keys = List.copyOf(keys);
        }
    }

    record ConfigurationUnfrozen(PlanId plan) implements OfUpgrade {}

    record FailoverBroken(PlanId plan) implements OfUpgrade {}

    record FailoverRestored(PlanId plan) implements OfUpgrade {}

    // The steps.

    /** The intent to perform a step; committed before the first effect of it. */
    record StepStarted(PlanId plan, StepId step, int attempt) implements OfStep {}

    record StepSucceeded(PlanId plan, StepId step, List<String> evidence) implements OfStep {
        public StepSucceeded {
            evidence = List.copyOf(evidence);
        }
    }

    /**
     * An attempt failed; the step is tried again unless its node is set aside or the upgrade halts.
     */
    record StepAttemptFailed(PlanId plan, StepId step, int attempt, String reason)
            implements OfStep {}

    record StepSkipped(PlanId plan, StepId step, String reason) implements OfStep {}

    /** The deadline of a drain passed with clients still connected, and the policy says to ask. */
    record DrainHeld(PlanId plan, StepId step, int clients) implements OfStep {}

    record DrainDecided(PlanId plan, StepId step, DrainDecision decision, Actor actor)
            implements OfStep {}

    record StepConfirmed(PlanId plan, StepId step, boolean right, Actor actor) implements OfStep {}
}
