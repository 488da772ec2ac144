package dev.sluice.control.state;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a command makes of a state: events, or a refusal that names what was expected and
 * found. Reads nothing but its arguments.
 */
public final class Decider {

    private Decider() {}

    public static Decision decide(ClusterState state, Command command) {
        if (command instanceof Command.TakeOffice takeOffice) {
            return takeOffice(state, takeOffice);
        }
        Office office = state.office();
        if (office == null) {
            return Decision.rejected(
                    "cluster", "no primary has taken office yet; try again when one has");
        }
        NodeId handedTo = office.handedTo();
        if (handedTo != null) {
            return Decision.rejected(
                    "master " + office.primary(),
                    "gave its office to master %s; ask that one".formatted(handedTo));
        }
        return switch (command) {
            case Command.TakeOffice takeOffice -> takeOffice(state, takeOffice);
            case Command.DecideHandover(var to) -> handOver(state, office, to);
            case Command.SwitchAutomaticFailover(var on, var actor) ->
                    state.automaticFailover() == on
                            ? Decision.accepted()
                            : Decision.accepted(new Event.AutomaticFailoverSwitched(on, actor));
            case Command.FoundCluster(var topology, var policy) ->
                    state.topology() == null
                            ? Decision.accepted(new Event.ClusterFounded(topology, policy))
                            : Decision.rejected(
                                    "cluster",
                                    "is founded already, as %s".formatted(state.topology().name()));
            case Command.ImportPackage(var pkg, var actor) -> importPackage(state, pkg, actor);
            case Command.RemovePackage remove -> removePackage(state, remove);
            case Command.SeeChannel(var versions) -> seeChannel(state.supply(), versions);
            case Command.CopyChannel(var copy) -> copyChannel(state.supply(), copy);
            case Command.AcceptEula accept -> acceptEula(state, accept);
            case Command.ChangeSetting change -> changeSetting(state, change);
            case Command.ChooseNodeAdmission choice -> chooseAdmission(state, choice);
            case Command.ChooseDistribution(var pkg, var on, var actor) ->
                    chooseDistribution(state, pkg, on, actor);
            case Command.AcceptPlan accept -> UpgradeDecisions.accept(state, accept);
            case Command.StartUpgrade start -> UpgradeDecisions.start(state, start);
            case Command.PauseUpgrade(var actor) -> UpgradeDecisions.pause(state, actor);
            case Command.ResumeUpgrade(var actor) -> UpgradeDecisions.resume(state, actor);
            case Command.AbortUpgrade(var reason, var actor) ->
                    UpgradeDecisions.abort(state, reason, actor);
            case Command.FinishAbort(var plan, var leftClosed) ->
                    UpgradeDecisions.finishAbort(state, plan, leftClosed);
            case Command.CompleteUpgrade(var plan) -> UpgradeDecisions.complete(state, plan);
            case Command.OfStep ofStep -> StepDecisions.decide(state, ofStep);
            case Command.ConfirmStep(var step, var right, var actor) ->
                    StepDecisions.confirm(state, step, right, actor);
            case Command.DecideDrain(var step, var decision, var actor) ->
                    StepDecisions.decideDrain(state, step, decision, actor);
        };
    }

    /** Who may take office is decided before this, outside of the journal: here only the order. */
    private static Decision takeOffice(ClusterState state, Command.TakeOffice command) {
        Ballot ballot = command.ballot();
        Office office = state.office();
        if (office != null && !ballot.isAbove(office.ballot())) {
            return Decision.rejected(
                    "ballot " + ballot,
                    "is not above %s, the last that took office".formatted(office.ballot()));
        }
        Optional<ForcedPromotion> forced = command.forced();
        Event took =
                new Event.PrimaryTookOffice(
                        ballot, command.controlPlaneVersion(), command.reason());
        return forced.isEmpty()
                ? Decision.accepted(took)
                : takeOffice(state, ballot, took, forced.get());
    }

    private static Decision takeOffice(
            ClusterState state, Ballot ballot, Event took, ForcedPromotion forced) {
        if (forced.generation() != ballot.generation()
                || !forced.master().equals(ballot.master())) {
            return Decision.rejected(
                    "ballot " + ballot,
                    "its certificate is for generation %d of master %s"
                            .formatted(forced.generation(), forced.master()));
        }
        Optional<Integer> before = state.succession().usedIn(forced.nonce());
        return before.isPresent()
                ? Decision.rejected(
                        "certificate " + forced.nonce(),
                        "was used already, in generation %d".formatted(before.get()))
                : Decision.accepted(took, new Event.ForcedPromotionUsed(forced));
    }

    private static Decision handOver(ClusterState state, Office office, NodeId to) {
        if (to.equals(office.primary())) {
            return Decision.rejected("master " + to, "is the primary already");
        }
        if (state.topology() == null || state.topology().master(to).isEmpty()) {
            return Decision.rejected("master " + to, "is no master of this cluster");
        }
        return Decision.accepted(new Event.HandoverDecided(office.primary(), to));
    }

    private static Decision importPackage(ClusterState state, PackageRecord pkg, Actor actor) {
        @Nullable PackageRecord known = state.packages().get(pkg.ref());
        if (known == null) {
            return Decision.accepted(new Event.PackageImported(pkg, actor));
        }
        if (known.contentSha256().equals(pkg.contentSha256())) {
            return Decision.accepted();
        }
        return Decision.rejected(
                "package " + pkg.ref(),
                "is known with content %s, this file has %s; a changed package needs a new version"
                        .formatted(known.contentSha256(), pkg.contentSha256()));
    }

    private static Decision removePackage(ClusterState state, Command.RemovePackage remove) {
        if (!state.packages().containsKey(remove.pkg())) {
            return Decision.rejected(
                    "package " + remove.pkg(), "is not imported; see 'sluice packages list'");
        }
        List<PackageNeeds.Need> needs =
                PackageNeeds.of(state, remove.installed()).needs(remove.pkg());
        return needs.isEmpty()
                ? Decision.accepted(
                        new Event.PackageRemoved(remove.pkg(), remove.reason(), remove.actor()))
                : Decision.rejected(
                        "package " + remove.pkg(), "is needed: " + PackageNeeds.text(needs));
    }

    private static Decision seeChannel(Supply supply, ChannelVersions versions) {
        Optional<ChannelVersions> before = supply.channel(versions.channel());
        if (before.isEmpty() && supply.channels().size() == Supply.MAX_CHANNELS) {
            return Decision.rejected(
                    "channel " + versions.channel(),
                    "%d channels are known, which is the most".formatted(Supply.MAX_CHANNELS));
        }
        if (before.filter(versions::equals).isPresent()) {
            return Decision.accepted();
        }
        return before.isEmpty() || versions.canFollow(before.get())
                ? Decision.accepted(new Event.ChannelSeen(versions))
                : Decision.rejected(
                        "channel " + versions.channel(),
                        "%s is older than %s, which was seen already"
                                .formatted(versions, before.get()));
    }

    /** Only of what was seen last: two readings at once must not leave the older copy. */
    private static Decision copyChannel(Supply supply, ChannelCopy copy) {
        String channel = copy.versions().channel();
        Optional<ChannelVersions> seen = supply.channel(channel);
        if (seen.filter(copy.versions()::equals).isEmpty()) {
            return Decision.rejected(
                    "channel " + channel,
                    "the copy has %s, and what was seen is %s"
                            .formatted(
                                    copy.versions(),
                                    seen.map(ChannelVersions::toString).orElse("nothing")));
        }
        return supply.copy(channel).filter(copy::equals).isPresent()
                ? Decision.accepted()
                : Decision.accepted(new Event.ChannelCopied(copy));
    }

    private static Decision acceptEula(ClusterState state, Command.AcceptEula accept) {
        if (!state.packages().containsKey(accept.pkg())) {
            return Decision.rejected("package " + accept.pkg(), "is not imported");
        }
        return state.supply().isAccepted(accept.termsSha256())
                ? Decision.accepted()
                : Decision.accepted(
                        new Event.EulaAccepted(
                                accept.pkg(), accept.termsSha256(), accept.from(), accept.actor()));
    }

    private static Decision chooseDistribution(
            ClusterState state, PackageRef pkg, boolean on, Actor actor) {
        if (!state.packages().containsKey(pkg)) {
            return Decision.rejected(
                    "package " + pkg,
                    "expected one that was imported, found %s; import it first"
                            .formatted(
                                    state.packages().isEmpty()
                                            ? "none"
                                            : state.packages().keySet().stream()
                                                    .map(PackageRef::toString)
                                                    .collect(Collectors.joining(", "))));
        }
        return state.choices().distributed().contains(pkg) == on
                ? Decision.accepted()
                : Decision.accepted(new Event.DistributionChosen(pkg, on, actor));
    }

    private static Decision changeSetting(ClusterState state, Command.ChangeSetting change) {
        if (!Settings.isKnown(change.key())) {
            return new Decision.Rejected(Settings.unknown(change.key()));
        }
        Configuration configuration = state.configuration();
        if (change.value().isPresent()) {
            var refusal = Settings.refusal(state.policy(), change.key(), change.value().get());
            if (refusal.isPresent()) {
                return new Decision.Rejected(refusal.get());
            }
        }
        if (Optional.ofNullable(configuration.settings().get(change.key()))
                .equals(change.value())) {
            return Decision.accepted();
        }
        boolean frozen = configuration.frozenBy() != null;
        if (frozen && !change.force()) {
            return Decision.rejected(
                    "setting " + change.key(),
                    "the configuration is frozen by plan %s until its resync, which would overwrite the change; change it afterwards, or force it"
                            .formatted(configuration.frozenBy()));
        }
        return Decision.accepted(
                new Event.SettingChanged(change.key(), change.value(), frozen, change.actor()));
    }

    private static Decision chooseAdmission(
            ClusterState state, Command.ChooseNodeAdmission choice) {
        NodeId node = choice.node();
        if (state.trafficNodes().stream().noneMatch(n -> n.id().equals(node))) {
            return Decision.rejected("node " + node, "is no traffic node of this cluster");
        }
        boolean leftClosed =
                state.currentUpgrade().filter(u -> u.leftClosed().contains(node)).isPresent();
        if (state.operatorClosed().contains(node) == !choice.accepting() && !leftClosed) {
            return Decision.accepted();
        }
        if (state.configuration().frozenBy() != null) {
            return Decision.rejected(
                    "node " + node,
                    "its admission can't be changed while plan %s has the configuration frozen; pause does not help, abort or wait for its end"
                            .formatted(state.configuration().frozenBy()));
        }
        Optional<Upgrade> running =
                state.currentUpgrade()
                        .filter(u -> !u.status().isOver() && u.status() != UpgradeStatus.PLANNED);
        if (choice.accepting() && running.isPresent()) {
            return Decision.rejected(
                    "node " + node,
                    "it can't be given back while upgrade %s is %s, whose plan leaves it out; abort or wait for its end"
                            .formatted(running.get().id(), running.get().status()));
        }
        return Decision.accepted(
                new Event.NodeAdmissionChosen(node, choice.accepting(), choice.actor()));
    }

    static List<Event> concat(Event first, List<? extends Event> rest) {
        List<Event> all = new ArrayList<>(rest.size() + 1);
        all.add(first);
        all.addAll(rest);
        return all;
    }
}
