package dev.sluice.control.codec;

import static dev.sluice.control.codec.JournalFormat.known;
import static dev.sluice.control.codec.JournalFormat.require;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Event;
import dev.sluice.v1.JournalEntry;
import java.util.Optional;

/** Reads the events of entries. */
final class EventDecoder {

    private EventDecoder() {}

    static Event decode(JournalEntry entry) {
        return switch (entry.getEventCase()) {
            case STEP_STARTED -> decode(known(entry.getStepStarted()));
            case STEP_SUCCEEDED -> decode(known(entry.getStepSucceeded()));
            case STEP_ATTEMPT_FAILED -> decode(known(entry.getStepAttemptFailed()));
            case STEP_SKIPPED -> decode(known(entry.getStepSkipped()));
            case DRAIN_HELD -> decode(known(entry.getDrainHeld()));
            case DRAIN_DECIDED -> decode(known(entry.getDrainDecided()));
            case STEP_CONFIRMED -> decode(known(entry.getStepConfirmed()));
            case PRIMARY_TOOK_OFFICE -> decode(known(entry.getPrimaryTookOffice()));
            case HANDOVER_DECIDED -> decode(known(entry.getHandoverDecided()));
            case CLUSTER_FOUNDED -> decode(known(entry.getClusterFounded()));
            case CHANNEL_SEEN -> decode(known(entry.getChannelSeen()));
            case CHANNEL_COPIED -> decode(known(entry.getChannelCopied()));
            case EULA_ACCEPTED -> decode(known(entry.getEulaAccepted()));
            case PACKAGE_IMPORTED -> decode(known(entry.getPackageImported()));
            case PACKAGE_REMOVED -> decode(known(entry.getPackageRemoved()));
            case DISTRIBUTION_CHOSEN -> decode(known(entry.getDistributionChosen()));
            case SETTING_CHANGED -> decode(known(entry.getSettingChanged()));
            case NODE_ADMISSION_CHOSEN -> decode(known(entry.getNodeAdmissionChosen()));
            case UPGRADE_PLANNED -> decode(known(entry.getUpgradePlanned()));
            case UPGRADE_STARTED -> decode(known(entry.getUpgradeStarted()));
            case UPGRADE_PAUSED -> decode(known(entry.getUpgradePaused()));
            case UPGRADE_RESUMED -> decode(known(entry.getUpgradeResumed()));
            case UPGRADE_HALTED -> decode(known(entry.getUpgradeHalted()));
            case ABORT_REQUESTED -> decode(known(entry.getAbortRequested()));
            case UPGRADE_ABORTED -> decode(known(entry.getUpgradeAborted()));
            case UPGRADE_COMPLETED -> decode(known(entry.getUpgradeCompleted()));
            case NODE_SET_ASIDE -> decode(known(entry.getNodeSetAside()));
            case CONFIGURATION_FROZEN -> decode(known(entry.getConfigurationFrozen()));
            case FORCED_CHANGES_OVERWRITTEN -> decode(known(entry.getForcedChangesOverwritten()));
            case CONFIGURATION_UNFROZEN -> decode(known(entry.getConfigurationUnfrozen()));
            case FAILOVER_BROKEN -> decode(known(entry.getFailoverBroken()));
            case FAILOVER_RESTORED -> decode(known(entry.getFailoverRestored()));
            case AUTOMATIC_FAILOVER_SWITCHED -> decode(known(entry.getAutomaticFailoverSwitched()));
            case FORCED_PROMOTION_USED ->
                    new Event.ForcedPromotionUsed(
                            SuccessionMapping.decode(known(entry.getForcedPromotionUsed())));
            case EVENT_NOT_SET -> throw JournalFormat.missing("event");
        };
    }

    private static Event decode(JournalEntry.StepStarted m) {
        return new Event.StepStarted(
                new PlanId(m.getPlanId()), new StepId(m.getStepId()), m.getAttempt());
    }

    private static Event decode(JournalEntry.StepSucceeded m) {
        return new Event.StepSucceeded(
                new PlanId(m.getPlanId()), new StepId(m.getStepId()), m.getEvidenceList());
    }

    private static Event decode(JournalEntry.StepAttemptFailed m) {
        return new Event.StepAttemptFailed(
                new PlanId(m.getPlanId()),
                new StepId(m.getStepId()),
                m.getAttempt(),
                m.getReason());
    }

    private static Event decode(JournalEntry.StepSkipped m) {
        return new Event.StepSkipped(
                new PlanId(m.getPlanId()), new StepId(m.getStepId()), m.getReason());
    }

    private static Event decode(JournalEntry.DrainHeld m) {
        return new Event.DrainHeld(
                new PlanId(m.getPlanId()), new StepId(m.getStepId()), m.getClients());
    }

    private static Event decode(JournalEntry.DrainDecided m) {
        return new Event.DrainDecided(
                new PlanId(m.getPlanId()),
                new StepId(m.getStepId()),
                DrainDecisionMapping.decode(m.getDecision()),
                new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.StepConfirmed m) {
        return new Event.StepConfirmed(
                new PlanId(m.getPlanId()),
                new StepId(m.getStepId()),
                m.getRight(),
                new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.PrimaryTookOffice m) {
        require(m.hasBallot(), "ballot of the office");
        return new Event.PrimaryTookOffice(
                ValueMapping.decode(m.getBallot()), m.getControlPlaneVersion(), m.getReason());
    }

    private static Event decode(JournalEntry.AutomaticFailoverSwitched m) {
        return new Event.AutomaticFailoverSwitched(m.getOn(), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.HandoverDecided m) {
        return new Event.HandoverDecided(new NodeId(m.getFrom()), new NodeId(m.getTo()));
    }

    private static Event decode(JournalEntry.ClusterFounded m) {
        require(m.hasTopology(), "founding topology");
        require(m.hasPolicy(), "founding policy");
        return new Event.ClusterFounded(
                TopologyMapping.decode(m.getTopology()), PolicyMapping.decode(m.getPolicy()));
    }

    private static Event decode(JournalEntry.ChannelSeen m) {
        require(m.hasVersions(), "versions of the channel");
        return new Event.ChannelSeen(SupplyMapping.decode(m.getVersions()));
    }

    private static Event decode(JournalEntry.ChannelCopied m) {
        require(m.hasCopy(), "copy of the channel");
        return new Event.ChannelCopied(SupplyMapping.decode(m.getCopy()));
    }

    private static Event decode(JournalEntry.EulaAccepted m) {
        require(m.hasPackage(), "package of the accepted terms");
        return new Event.EulaAccepted(
                ValueMapping.decode(m.getPackage()),
                m.getTermsSha256(),
                m.getFrom(),
                new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.PackageImported m) {
        require(m.hasPackage(), "imported package");
        return new Event.PackageImported(
                PackageMapping.decode(m.getPackage()), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.DistributionChosen m) {
        require(m.hasPackage(), "package");
        return new Event.DistributionChosen(
                ValueMapping.decode(m.getPackage()), m.getOn(), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.PackageRemoved m) {
        require(m.hasPackage(), "package");
        return new Event.PackageRemoved(
                ValueMapping.decode(known(m.getPackage())), m.getReason(), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.SettingChanged m) {
        return new Event.SettingChanged(
                m.getKey(),
                m.hasValue() ? Optional.of(m.getValue()) : Optional.empty(),
                m.getForced(),
                new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.NodeAdmissionChosen m) {
        return new Event.NodeAdmissionChosen(
                new NodeId(m.getNodeId()), m.getAccepting(), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.UpgradePlanned m) {
        require(m.hasBlueprint(), "blueprint");
        return new Event.UpgradePlanned(
                new PlanId(m.getPlanId()),
                BlueprintDecoder.decode(m.getBlueprint()),
                m.getWarningsList(),
                new Actor(m.getActor()),
                ValueMapping.decodeRefs(m.getReplacesList()));
    }

    private static Event decode(JournalEntry.UpgradeStarted m) {
        return new Event.UpgradeStarted(new PlanId(m.getPlanId()), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.UpgradePaused m) {
        return new Event.UpgradePaused(new PlanId(m.getPlanId()), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.UpgradeResumed m) {
        return new Event.UpgradeResumed(new PlanId(m.getPlanId()), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.UpgradeHalted m) {
        return new Event.UpgradeHalted(new PlanId(m.getPlanId()), m.getReasonsList());
    }

    private static Event decode(JournalEntry.AbortRequested m) {
        return new Event.AbortRequested(
                new PlanId(m.getPlanId()), m.getReason(), new Actor(m.getActor()));
    }

    private static Event decode(JournalEntry.UpgradeAborted m) {
        return new Event.UpgradeAborted(
                new PlanId(m.getPlanId()), ValueMapping.decodeNodes(m.getLeftClosedList()));
    }

    private static Event decode(JournalEntry.UpgradeCompleted m) {
        return new Event.UpgradeCompleted(new PlanId(m.getPlanId()));
    }

    private static Event decode(JournalEntry.NodeSetAside m) {
        return new Event.NodeSetAside(
                new PlanId(m.getPlanId()), new NodeId(m.getNodeId()), m.getReason());
    }

    private static Event decode(JournalEntry.ConfigurationFrozen m) {
        return new Event.ConfigurationFrozen(new PlanId(m.getPlanId()));
    }

    private static Event decode(JournalEntry.ForcedChangesOverwritten m) {
        return new Event.ForcedChangesOverwritten(new PlanId(m.getPlanId()), m.getKeysList());
    }

    private static Event decode(JournalEntry.ConfigurationUnfrozen m) {
        return new Event.ConfigurationUnfrozen(new PlanId(m.getPlanId()));
    }

    private static Event decode(JournalEntry.FailoverBroken m) {
        return new Event.FailoverBroken(new PlanId(m.getPlanId()));
    }

    private static Event decode(JournalEntry.FailoverRestored m) {
        return new Event.FailoverRestored(new PlanId(m.getPlanId()));
    }
}
