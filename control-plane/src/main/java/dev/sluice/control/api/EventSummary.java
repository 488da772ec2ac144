package dev.sluice.control.api;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.PlanGraph;
import dev.sluice.control.state.Recorded;
import dev.sluice.v1.WatchEventsResponse;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A recorded event in one line for people, with what it is about beside it. */
final class EventSummary {

    /** The longest line; plans' warnings and reasons can be longer than anybody reads. */
    private static final int MAX_SUMMARY = 500;

    private static final int MAX_LISTED = 5;

    private EventSummary() {}

    /**
     * Sums an event up.
     *
     * @param graph the steps of the event's plan; null when they are not at hand, and then the
     *     step's kind, node and phase stay open
     */
    static WatchEventsResponse of(Recorded recorded, @Nullable PlanGraph graph) {
        Event event = recorded.event();
        WatchEventsResponse.Builder summary =
                WatchEventsResponse.newBuilder()
                        .setIndex(recorded.index())
                        .setAt(WireValues.of(recorded.at()))
                        .setType(event.getClass().getSimpleName());
        if (event instanceof Event.OfUpgrade ofUpgrade) {
            summary.setPlanId(ofUpgrade.plan().value());
        }
        String subject = "";
        if (event instanceof Event.OfStep ofStep) {
            Optional<Step> step = Optional.ofNullable(graph).flatMap(g -> g.step(ofStep.step()));
            summary.setStepId(ofStep.step().value());
            step.ifPresent(s ->
                    summary.setStepKind(s.kind().name())
                            .setNode(s.node().value())
                            .setPhase(s.phase().name()));
            subject = step.map(EventSummary::describe).orElse("step " + ofStep.step());
        }
        node(event).ifPresent(node -> summary.setNode(node.value()));
        actor(event)
                .filter(actor -> !actor.equals(Actor.SLUICE))
                .ifPresent(actor -> summary.setActor(actor.name()));
        return summary.setSummary(bounded(line(event, subject))).build();
    }

    private static String describe(Step step) {
        return "%s %s%s"
                .formatted(step.kind(), step.node(), step.pkg().map(ref -> " " + ref).orElse(""));
    }

    private static String line(Event event, String step) {
        return switch (event) {
            case Event.PrimaryTookOffice(var ballot, var version, var reason) ->
                    "master %s is primary under ballot %s with control plane %s: %s"
                            .formatted(ballot.master(), ballot, version, reason);
            case Event.HandoverDecided(var from, var to) ->
                    "master %s gave its office to master %s".formatted(from, to);
            case Event.AutomaticFailoverSwitched(var on, var _) ->
                    "automatic failover switched " + (on ? "on" : "off");
            case Event.ForcedPromotionUsed(var forced) ->
                    "master %s was promoted by force, generation %d, certificate %s, after entry %d; witnesses %s; written off: %s; loss accepted: %s"
                            .formatted(
                                    forced.master(),
                                    forced.generation(),
                                    forced.nonce(),
                                    forced.lastIndex(),
                                    some(forced.witnesses()),
                                    forced.writtenOff().isEmpty()
                                            ? "none"
                                            : some(forced.writtenOff()),
                                    forced.acceptedLoss());
            case Event.ClusterFounded(var topology, var _) ->
                    "cluster %s founded with %d masters and %d traffic nodes"
                            .formatted(
                                    topology.name(),
                                    topology.masters().size(),
                                    topology.nodes().size());
            case Event.PackageImported(var pkg, var _) ->
                    "package %s imported, signed by %s".formatted(pkg.ref(), pkg.signer());
            case Event.ChannelSeen(var versions) ->
                    "channel %s seen: %s".formatted(versions.channel(), versions);
            case Event.ChannelCopied(var copy) ->
                    "channel %s: its files are kept for the nodes: %s"
                            .formatted(copy.versions().channel(), copy.versions());
            case Event.EulaAccepted(var pkg, var terms, var from, var _) ->
                    "licence terms of package %s accepted from %s, text sha256 %s"
                            .formatted(pkg, from, terms);
            case Event.DistributionChosen(var pkg, var on, var _) ->
                    on
                            ? "package %s is to be on every node".formatted(pkg)
                            : "package %s need not be on the nodes".formatted(pkg);
            case Event.PackageRemoved(var pkg, var reason, var _) ->
                    "package %s removed: %s".formatted(pkg, reason);
            case Event.SettingChanged(var key, var value, var forced, var _) ->
                    "setting %s %s%s"
                            .formatted(
                                    key,
                                    value.map("is now \"%s\""::formatted).orElse("removed"),
                                    forced ? ", forced while frozen: will be overwritten" : "");
            case Event.NodeAdmissionChosen(var node, var accepting, var _) ->
                    "node %s %s"
                            .formatted(
                                    node,
                                    accepting ? "given back to service" : "taken out of service");
            case Event.UpgradePlanned planned -> planned(planned);
            case Event.UpgradeStarted _ -> "upgrade started";
            case Event.UpgradePaused _ -> "upgrade paused";
            case Event.UpgradeResumed _ -> "upgrade resumed";
            case Event.UpgradeHalted(var _, var reasons) -> "upgrade halted: " + some(reasons);
            case Event.AbortRequested(var _, var reason, var _) ->
                    reason.isEmpty() ? "abort requested" : "abort requested: " + reason;
            case Event.UpgradeAborted(var _, var leftClosed) ->
                    leftClosed.isEmpty()
                            ? "upgrade aborted"
                            : "upgrade aborted; left out of service: " + some(leftClosed);
            case Event.UpgradeCompleted _ -> "upgrade completed";
            case Event.NodeSetAside(var _, var node, var reason) ->
                    "node %s set aside: %s".formatted(node, reason);
            case Event.ConfigurationFrozen _ -> "configuration frozen";
            case Event.ForcedChangesOverwritten(var _, var keys) ->
                    "configuration put back; forced changes overwritten: " + some(keys);
            case Event.ConfigurationUnfrozen _ -> "configuration may be changed again";
            case Event.FailoverBroken _ -> "failover broken";
            case Event.FailoverRestored _ -> "failover restored";
            case Event.OfStep ofStep -> step + ": " + ofStep(ofStep);
        };
    }

    private static String planned(Event.UpgradePlanned planned) {
        Map<PackageName, Version> target = planned.blueprint().target();
        String warnings =
                planned.warnings().isEmpty() ? "" : "; warnings: " + some(planned.warnings());
        return "upgrade to %s planned with %d steps, strategy %s%s%s"
                .formatted(
                        target.entrySet().stream()
                                .map(e -> e.getKey() + " " + e.getValue())
                                .collect(Collectors.joining(", ")),
                        planned.blueprint().steps().size(),
                        planned.blueprint().strategy(),
                        planned.blueprint().withoutBackup()
                                ? ", WITHOUT A BACKUP as asked by name"
                                : "",
                        warnings);
    }

    private static String ofStep(Event.OfStep event) {
        return switch (event) {
            case Event.StepStarted(var _, var _, var attempt) ->
                    attempt == 1 ? "started" : "started, attempt " + attempt;
            case Event.StepSucceeded(var _, var _, var evidence) ->
                    evidence.isEmpty() ? "succeeded" : "succeeded: " + some(evidence);
            case Event.StepAttemptFailed(var _, var _, var attempt, var reason) ->
                    "attempt %d failed: %s".formatted(attempt, reason);
            case Event.StepSkipped(var _, var _, var reason) -> "skipped: " + reason;
            case Event.DrainHeld(var _, var _, var clients) ->
                    "held at its deadline with %d clients connected; an operator decides"
                            .formatted(clients);
            case Event.DrainDecided(var _, var _, var decision, var _) ->
                    decision == DrainDecision.CUT
                            ? "the clients that are left are cut"
                            : "it waits for as long again";
            case Event.StepConfirmed(var _, var _, var right, var _) ->
                    right ? "confirmed" : "rejected";
        };
    }

    /** The node of an event that belongs to no step. */
    private static Optional<NodeId> node(Event event) {
        if (event instanceof Event.NodeAdmissionChosen chosen) {
            return Optional.of(chosen.node());
        }
        if (event instanceof Event.NodeSetAside setAside) {
            return Optional.of(setAside.node());
        }
        if (event instanceof Event.ForcedPromotionUsed used) {
            return Optional.of(used.promotion().master());
        }
        if (event instanceof Event.PrimaryTookOffice took) {
            return Optional.of(took.ballot().master());
        }
        return event instanceof Event.HandoverDecided handover
                ? Optional.of(handover.to())
                : Optional.empty();
    }

    private static Optional<Actor> actor(Event event) {
        return switch (event) {
            case Event.PackageImported e -> Optional.of(e.actor());
            case Event.EulaAccepted e -> Optional.of(e.actor());
            case Event.DistributionChosen e -> Optional.of(e.actor());
            case Event.PackageRemoved e -> Optional.of(e.actor());
            case Event.SettingChanged e -> Optional.of(e.actor());
            case Event.NodeAdmissionChosen e -> Optional.of(e.actor());
            case Event.AutomaticFailoverSwitched e -> Optional.of(e.actor());
            case Event.ForcedPromotionUsed e -> Optional.of(e.promotion().operator());
            case Event.UpgradePlanned e -> Optional.of(e.actor());
            case Event.UpgradeStarted e -> Optional.of(e.actor());
            case Event.UpgradePaused e -> Optional.of(e.actor());
            case Event.UpgradeResumed e -> Optional.of(e.actor());
            case Event.AbortRequested e -> Optional.of(e.actor());
            case Event.DrainDecided e -> Optional.of(e.actor());
            case Event.StepConfirmed e -> Optional.of(e.actor());
            case Event.PrimaryTookOffice _,
                    Event.HandoverDecided _,
                    Event.ChannelSeen _,
                    Event.ChannelCopied _,
                    Event.ClusterFounded _,
                    Event.UpgradeHalted _,
                    Event.UpgradeAborted _,
                    Event.UpgradeCompleted _,
                    Event.NodeSetAside _,
                    Event.ConfigurationFrozen _,
                    Event.ForcedChangesOverwritten _,
                    Event.ConfigurationUnfrozen _,
                    Event.FailoverBroken _,
                    Event.FailoverRestored _,
                    Event.StepStarted _,
                    Event.StepSucceeded _,
                    Event.StepAttemptFailed _,
                    Event.StepSkipped _,
                    Event.DrainHeld _ ->
                    Optional.empty();
        };
    }

    private static String some(Collection<?> items) {
        String listed =
                items.stream()
                        .limit(MAX_LISTED)
                        .map(String::valueOf)
                        .collect(Collectors.joining("; "));
        return items.size() > MAX_LISTED
                ? "%s; and %d more".formatted(listed, items.size() - MAX_LISTED)
                : listed;
    }

    private static String bounded(String line) {
        return line.length() <= MAX_SUMMARY ? line : line.substring(0, MAX_SUMMARY - 3) + "...";
    }
}
