package dev.sluice.control.codec;

import dev.sluice.control.state.Event;
import dev.sluice.v1.JournalEntry;

/** Writes events into entries. */
final class EventEncoder {

    private EventEncoder() {}

    /** The lowest format whose readers know the event. */
    static int format(Event event) {
        boolean replaces =
                event instanceof Event.UpgradePlanned planned && !planned.replaces().isEmpty();
        if (replaces || event instanceof Event.PackageRemoved) {
            return JournalFormat.PACKAGE_REMOVAL;
        }
        if (event instanceof Event.ChannelCopied) {
            return JournalFormat.CHANNEL_COPIES;
        }
        if (event instanceof Event.ForcedPromotionUsed(var promotion)
                && promotion.signed().isPresent()) {
            return JournalFormat.SIGNED_PROMOTION;
        }
        if (event instanceof Event.ChannelSeen || event instanceof Event.EulaAccepted) {
            return JournalFormat.SUPPLY;
        }
        if (event instanceof Event.DistributionChosen) {
            return JournalFormat.PACKAGE_CHOICES;
        }
        return event instanceof Event.AutomaticFailoverSwitched
                        || event instanceof Event.ForcedPromotionUsed
                ? JournalFormat.SUCCESSION
                : JournalFormat.FIRST;
    }

    /** An entry with nothing but its event. */
    static JournalEntry.Builder encode(Event event) {
        JournalEntry.Builder entry = JournalEntry.newBuilder();
        switch (event) {
            case Event.PrimaryTookOffice(var ballot, var version, var reason) ->
                    entry.getPrimaryTookOfficeBuilder()
                            .setBallot(ValueMapping.encode(ballot))
                            .setControlPlaneVersion(version)
                            .setReason(reason);
            case Event.HandoverDecided(var from, var to) ->
                    entry.getHandoverDecidedBuilder().setFrom(from.value()).setTo(to.value());
            case Event.AutomaticFailoverSwitched(var on, var actor) ->
                    entry.getAutomaticFailoverSwitchedBuilder().setOn(on).setActor(actor.name());
            case Event.ForcedPromotionUsed(var promotion) ->
                    entry.setForcedPromotionUsed(SuccessionMapping.encode(promotion));
            case Event.ClusterFounded(var topology, var policy) ->
                    entry.getClusterFoundedBuilder()
                            .setTopology(TopologyMapping.encode(topology))
                            .setPolicy(PolicyMapping.encode(policy));
            case Event.PackageImported(var pkg, var actor) ->
                    entry.getPackageImportedBuilder()
                            .setPackage(PackageMapping.encode(pkg))
                            .setActor(actor.name());
            case Event.ChannelSeen(var versions) ->
                    entry.getChannelSeenBuilder().setVersions(SupplyMapping.encode(versions));
            case Event.ChannelCopied(var copy) ->
                    entry.getChannelCopiedBuilder().setCopy(SupplyMapping.encode(copy));
            case Event.EulaAccepted(var pkg, var terms, var from, var actor) ->
                    entry.getEulaAcceptedBuilder()
                            .setPackage(ValueMapping.encode(pkg))
                            .setTermsSha256(terms)
                            .setFrom(from)
                            .setActor(actor.name());
            case Event.DistributionChosen(var pkg, var on, var actor) ->
                    entry.getDistributionChosenBuilder()
                            .setPackage(ValueMapping.encode(pkg))
                            .setOn(on)
                            .setActor(actor.name());
            case Event.PackageRemoved(var pkg, var reason, var actor) ->
                    entry.getPackageRemovedBuilder()
                            .setPackage(ValueMapping.encode(pkg))
                            .setReason(reason)
                            .setActor(actor.name());
            case Event.SettingChanged(var key, var value, var forced, var actor) -> {
                JournalEntry.SettingChanged.Builder changed = entry.getSettingChangedBuilder();
                changed.setKey(key).setForced(forced).setActor(actor.name());
                value.ifPresent(changed::setValue);
            }
            case Event.NodeAdmissionChosen(var node, var accepting, var actor) ->
                    entry.getNodeAdmissionChosenBuilder()
                            .setNodeId(node.value())
                            .setAccepting(accepting)
                            .setActor(actor.name());
            case Event.OfStep ofStep -> encode(entry, ofStep);
            case Event.OfUpgrade ofUpgrade -> encode(entry, ofUpgrade);
        }
        return entry;
    }

    private static void encode(JournalEntry.Builder entry, Event.OfUpgrade event) {
        String plan = event.plan().value();
        switch (event) {
            case Event.UpgradePlanned planned ->
                    entry.getUpgradePlannedBuilder()
                            .setPlanId(plan)
                            .setBlueprint(BlueprintEncoder.encode(planned.blueprint()))
                            .addAllWarnings(planned.warnings())
                            .setActor(planned.actor().name())
                            .addAllReplaces(ValueMapping.encodeRefs(planned.replaces()));
            case Event.UpgradeStarted(var _, var actor) ->
                    entry.getUpgradeStartedBuilder().setPlanId(plan).setActor(actor.name());
            case Event.UpgradePaused(var _, var actor) ->
                    entry.getUpgradePausedBuilder().setPlanId(plan).setActor(actor.name());
            case Event.UpgradeResumed(var _, var actor) ->
                    entry.getUpgradeResumedBuilder().setPlanId(plan).setActor(actor.name());
            case Event.UpgradeHalted(var _, var reasons) ->
                    entry.getUpgradeHaltedBuilder().setPlanId(plan).addAllReasons(reasons);
            case Event.AbortRequested(var _, var reason, var actor) ->
                    entry.getAbortRequestedBuilder()
                            .setPlanId(plan)
                            .setReason(reason)
                            .setActor(actor.name());
            case Event.UpgradeAborted(var _, var leftClosed) ->
                    entry.getUpgradeAbortedBuilder()
                            .setPlanId(plan)
                            .addAllLeftClosed(ValueMapping.encode(leftClosed));
            case Event.UpgradeCompleted _ -> entry.getUpgradeCompletedBuilder().setPlanId(plan);
            case Event.NodeSetAside(var _, var node, var reason) ->
                    entry.getNodeSetAsideBuilder()
                            .setPlanId(plan)
                            .setNodeId(node.value())
                            .setReason(reason);
            case Event.ConfigurationFrozen _ ->
                    entry.getConfigurationFrozenBuilder().setPlanId(plan);
            case Event.ForcedChangesOverwritten(var _, var keys) ->
                    entry.getForcedChangesOverwrittenBuilder().setPlanId(plan).addAllKeys(keys);
            case Event.ConfigurationUnfrozen _ ->
                    entry.getConfigurationUnfrozenBuilder().setPlanId(plan);
            case Event.FailoverBroken _ -> entry.getFailoverBrokenBuilder().setPlanId(plan);
            case Event.FailoverRestored _ -> entry.getFailoverRestoredBuilder().setPlanId(plan);
            case Event.OfStep ofStep -> encode(entry, ofStep);
        }
    }

    private static void encode(JournalEntry.Builder entry, Event.OfStep event) {
        String plan = event.plan().value();
        String step = event.step().value();
        switch (event) {
            case Event.StepStarted(var _, var _, var attempt) ->
                    entry.getStepStartedBuilder()
                            .setPlanId(plan)
                            .setStepId(step)
                            .setAttempt(attempt);
            case Event.StepSucceeded(var _, var _, var evidence) ->
                    entry.getStepSucceededBuilder()
                            .setPlanId(plan)
                            .setStepId(step)
                            .addAllEvidence(evidence);
            case Event.StepAttemptFailed(var _, var _, var attempt, var reason) ->
                    entry.getStepAttemptFailedBuilder()
                            .setPlanId(plan)
                            .setStepId(step)
                            .setAttempt(attempt)
                            .setReason(reason);
            case Event.StepSkipped(var _, var _, var reason) ->
                    entry.getStepSkippedBuilder().setPlanId(plan).setStepId(step).setReason(reason);
            case Event.DrainHeld(var _, var _, var clients) ->
                    entry.getDrainHeldBuilder().setPlanId(plan).setStepId(step).setClients(clients);
            case Event.DrainDecided(var _, var _, var decision, var actor) ->
                    entry.getDrainDecidedBuilder()
                            .setPlanId(plan)
                            .setStepId(step)
                            .setDecision(DrainDecisionMapping.encode(decision))
                            .setActor(actor.name());
            case Event.StepConfirmed(var _, var _, var right, var actor) ->
                    entry.getStepConfirmedBuilder()
                            .setPlanId(plan)
                            .setStepId(step)
                            .setRight(right)
                            .setActor(actor.name());
        }
    }
}
