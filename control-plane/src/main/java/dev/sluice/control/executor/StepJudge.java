package dev.sluice.control.executor;

import dev.sluice.control.drain.DrainRule;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.Upgrade;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Judges a running step by what is observed. Pure; success is never a node's mere word that it did
 * something.
 */
final class StepJudge {

    private final Situation situation;
    private final Upgrade upgrade;
    private final Distribution distribution;

    StepJudge(Situation situation, Upgrade upgrade, Distribution distribution) {
        this.situation = situation;
        this.upgrade = upgrade;
        this.distribution = distribution;
    }

    Verdict judge(Step step) {
        Verdict verdict = judgeWork(step);
        boolean open = verdict instanceof Verdict.Waiting || verdict instanceof Verdict.Tell;
        Optional<Duration> deadline = StepDeadlines.of(step.kind());
        if (open && deadline.isPresent() && watched(step).compareTo(deadline.get()) > 0) {
            String reason =
                    switch (verdict) {
                        case Verdict.Waiting(var why) -> why;
                        case Verdict.Tell(var _, var why) -> why;
                        default ->
                                throw new IllegalStateException(
                                        "verdict " + verdict + " is not open");
                    };
            return new Verdict.Failed(
                    "not done within %s: %s".formatted(deadline.get(), reason), true);
        }
        return verdict;
    }

    private Verdict judgeWork(Step step) {
        return switch (step.work()) {
            case Work.Backup _ -> backup(step);
            case Work.Sync(var _, var to) -> synced(step, to);
            case Work.BreakFailover _ ->
                    Verdict.succeeded(
                            "the backup takes no office by itself until failover is restored");
            case Work.Freeze _ ->
                    Verdict.succeeded(
                            "configuration frozen at revision "
                                    + situation.state().configuration().revision());
            case Work.Unfreeze _ -> Verdict.succeeded("configuration may be changed again");
            case Work.Finalise _ -> Verdict.succeeded("finalised");
            case Work.AwaitWindow _ -> Verdict.succeeded("no maintenance window is set");
            case Work.AwaitClients _ ->
                    new Verdict.Failed(
                            "the versions of clients are not known to this control plane", false);
            case Work.Distribute(var node, var pkg) -> distribute(step, node, pkg);
            case Work.CloseAdmission(var node) -> admission(step, node, false);
            case Work.OpenAdmission(var node) -> admission(step, node, true);
            case Work.Drain(var node) -> drain(step, node);
            case Work.Install(var node, var pkg) -> install(step, node, pkg);
            case Work.Verify verify -> verify(step, verify);
            case Work.VerifyCluster(var _, var gate) ->
                    ClusterGate.judge(situation, upgrade, step, gate);
            case Work.Soak soak -> soak(step, soak);
            case Work.Promote(var node, var from) -> promote(step, node, from);
            case Work.SwitchAddress(var node, var _) -> switchAddress(step, node);
            case Work.Resync(var node) -> resync(step, node);
            case Work.RestoreFailover(var _, var backup) -> restoreFailover(step, backup);
            case Work.Confirm(var node) -> confirm(step, node);
        };
    }

    private StepRecord record(Step step) {
        return upgrade.record(step.id());
    }

    private Duration watched(Step step) {
        Situation.Note note = situation.notes().get(step.id());
        return note == null ? Duration.ZERO : note.watched();
    }

    private long indexAtStart(Step step) {
        Situation.Note note = situation.notes().get(step.id());
        return note == null ? situation.state().index() : note.indexAtStart();
    }

    private Optional<CommandOutcome> outcome(Step step) {
        return situation.outcomes().apply(Commands.id(upgrade, step, record(step).attempts()));
    }

    private Verdict.Waiting unknown(NodeId node) {
        return new Verdict.Waiting("node %s: %s".formatted(node, situation.whyUnknown(node)));
    }

    private Verdict backup(Step step) {
        return switch (situation
                .backups()
                .get(Commands.id(upgrade, step, record(step).attempts()))) {
            case Situation.BackupResult.Written(var evidence) -> Verdict.succeeded(evidence);
            case Situation.BackupResult.NotWritten(var reason) -> new Verdict.Failed(reason, true);
            case null -> new Verdict.TakeBackup();
        };
    }

    private Verdict synced(Step step, NodeId to) {
        if (to.equals(situation.self())) {
            return Verdict.succeeded("master %s is the primary itself".formatted(to));
        }
        Peers.Peer peer = situation.peers().get(to);
        if (peer == null || !peer.following()) {
            return new Verdict.Waiting("master %s does not follow this one".formatted(to));
        }
        long wanted = indexAtStart(step);
        return peer.durableIndex() >= wanted
                ? Verdict.succeeded("master %s has everything up to %d".formatted(to, wanted))
                : new Verdict.Waiting(
                        "master %s has %d of %d".formatted(to, peer.durableIndex(), wanted));
    }

    private Verdict distribute(Step step, NodeId node, PackageRef ref) {
        PackageRecord pkg = situation.state().packages().get(ref);
        if (pkg == null) {
            return new Verdict.Failed("package %s is not imported".formatted(ref), false);
        }
        Optional<NodeFacts> facts = situation.facts(node);
        if (facts.isEmpty()) {
            return unknown(node);
        }
        if (facts.get().hasStaged(pkg.contentSha256())) {
            return Verdict.succeeded("%s holds %s, verified".formatted(node, ref));
        }
        if (outcome(step).orElse(null)
                instanceof CommandOutcome.Failed(var reason, var retryable)) {
            return new Verdict.Failed(reason, retryable);
        }
        return distribution.pulling(node, pkg, facts.get());
    }

    /**
     * A node whose site restarts does not accept either, and does again in a moment: it is closed
     * when it was told so as well.
     */
    private Verdict admission(Step step, NodeId node, boolean accepting) {
        Optional<NodeFacts> facts = situation.facts(node);
        if (facts.isEmpty()) {
            return unknown(node);
        }
        if (accepting && situation.state().operatorClosed().contains(node)) {
            return Verdict.succeeded(node + " stays closed: its operator took it out");
        }
        Optional<CommandOutcome> told = outcome(step);
        boolean isSo =
                accepting
                        ? facts.get().accepting() && facts.get().service().healthy()
                        : !facts.get().accepting() && told.isPresent();
        if (told.orElse(null) instanceof CommandOutcome.Failed(var reason, var retryable)) {
            return new Verdict.Failed(reason, retryable);
        }
        if (isSo) {
            return Verdict.succeeded(
                    "%s %s".formatted(node, accepting ? "accepts" : "does not accept"));
        }
        return new Verdict.Tell(
                new AgentCommand.AgentWork.SetAdmission(accepting),
                "%s to %s admission".formatted(node, accepting ? "open" : "close"));
    }

    private Verdict drain(Step step, NodeId node) {
        Optional<NodeFacts> facts = situation.facts(node);
        if (facts.isEmpty()) {
            return silent(step, node);
        }
        if (facts.get().accepting()) {
            return new Verdict.Tell(
                    new AgentCommand.AgentWork.SetAdmission(false),
                    node + " accepts again; its admission is closed once more");
        }
        int clients = facts.get().clients();
        Policy.DrainPolicy policy = upgrade.blueprint().policy().drain();
        return switch (DrainRule.decide(clients, watched(step), policy, record(step))) {
            case DrainRule.Verdict.Drained _ ->
                    Verdict.succeeded(node + " has no connected clients");
            case DrainRule.Verdict.Waiting(var left, var time) ->
                    new Verdict.Waiting(
                            "%s: %d clients still connected; %s until the deadline"
                                    .formatted(
                                            node,
                                            left,
                                            time.truncatedTo(
                                                    java.time.temporal.ChronoUnit.SECONDS)));
            case DrainRule.Verdict.Hold(var left) -> new Verdict.Hold(left);
            case DrainRule.Verdict.Held(var left) ->
                    new Verdict.Waiting(
                            "%s: the deadline passed with %d clients connected; an operator decides: sluice upgrade confirm %s --cut | --extend"
                                    .formatted(node, left, step.id()));
            case DrainRule.Verdict.Cut(var left) ->
                    new Verdict.Tell(
                            new AgentCommand.AgentWork.CutSessions(),
                            "%s: %d clients are cut".formatted(node, left));
        };
    }

    /** A drain may take as long as its clients do, and still a silent node ends the attempt. */
    private Verdict silent(Step step, NodeId node) {
        NodeObservation seen = situation.fleet().get(node);
        Duration watched = watched(step);
        Duration age = seen == null || seen.facts() == null ? watched : seen.age();
        Duration silence = age.compareTo(watched) < 0 ? age : watched;
        return silence.compareTo(StepDeadlines.SILENCE) > 0
                ? new Verdict.Failed(
                        "node %s: nothing is known of it for %s: %s"
                                .formatted(node, StepDeadlines.SILENCE, situation.whyUnknown(node)),
                        true)
                : unknown(node);
    }

    private Verdict install(Step step, NodeId node, PackageRef ref) {
        Optional<NodeFacts> known = situation.facts(node);
        if (known.isEmpty()) {
            return unknown(node);
        }
        NodeFacts facts = known.get();
        String id = Commands.id(upgrade, step, record(step).attempts());
        boolean busy = facts.executing().equals(id);
        PackageRecord pkg = situation.state().packages().get(ref);
        if (pkg == null) {
            return new Verdict.Failed("package %s is not imported".formatted(ref), false);
        }
        if (!busy && runs(facts, pkg)) {
            return Verdict.succeeded("%s runs %s".formatted(node, ref));
        }
        if (outcome(step).orElse(null)
                instanceof CommandOutcome.Failed(var reason, var retryable)) {
            return new Verdict.Failed(reason, retryable);
        }
        boolean cut = mayCut(step);
        if (!busy
                && !situation.isMaster(node)
                && (facts.accepting() || (facts.clients() > 0 && !cut))) {
            return new Verdict.Waiting(
                    "%s: expected it closed and empty, found it %s with %d clients; nothing is installed on it"
                            .formatted(
                                    node,
                                    facts.accepting() ? "accepting" : "closed",
                                    facts.clients()));
        }
        String doing = facts.activity().isEmpty() ? "told to install " + ref : facts.activity();
        return new Verdict.Tell(
                new AgentCommand.AgentWork.Install(ref, pkg.contentSha256(), cut),
                "%s: %s".formatted(node, doing));
    }

    /**
     * The node's slot holds the package, its service is well, and of a site the service itself says
     * so.
     */
    private static boolean runs(NodeFacts facts, PackageRecord pkg) {
        NodeFacts.Service service = facts.service();
        return facts.hasInstalled(pkg.ref())
                && service.running()
                && service.healthy()
                && (pkg.descriptor().kind() != PackageKind.SITE
                        || service.version().equals(pkg.ref().version().toString()));
    }

    /**
     * The operator, or the policy's deadline, has cut this node's clients: those that came back
     * since may be cut too.
     */
    private boolean mayCut(Step install) {
        for (Step step : upgrade.graph().stepsOf(install.node())) {
            if (step.pass() == install.pass() && step.work() instanceof Work.Drain) {
                StepRecord drain = record(step);
                boolean byPolicy =
                        upgrade.blueprint().policy().drain().onDeadline() == Policy.OnDeadline.CUT;
                return drain.drainDecision() == DrainDecision.CUT || byPolicy;
            }
        }
        return false;
    }

    private Verdict verify(Step step, Work.Verify verify) {
        NodeId node = verify.node();
        Optional<NodeFacts> facts = situation.facts(node);
        if (facts.isEmpty()) {
            return unknown(node);
        }
        return switch (outcome(step).orElse(null)) {
            case CommandOutcome.Done(var evidence) ->
                    facts.get().installed().entrySet().containsAll(verify.expected().entrySet())
                            ? new Verdict.Succeeded(evidence)
                            : new Verdict.Failed(
                                    "%s: expected %s, found %s"
                                            .formatted(
                                                    node,
                                                    verify.expected(),
                                                    facts.get().installed()),
                                    true);
            case CommandOutcome.Failed(var reason, var retryable) ->
                    new Verdict.Failed(reason, retryable);
            case null -> {
                Policy.VerifyPolicy policy = upgrade.blueprint().policy().verify();
                yield new Verdict.Tell(
                        new AgentCommand.AgentWork.Verify(
                                verify.expected(),
                                policy.session() && !situation.isMaster(node),
                                policy.script()),
                        node + ": its checks run");
            }
        };
    }

    private Verdict soak(Step step, Work.Soak soak) {
        Instant started = record(step).startedAt();
        if (started == null) {
            throw new IllegalStateException("step %s runs but has no start".formatted(step.id()));
        }
        Duration soaked = Duration.between(started, situation.now());
        return soaked.compareTo(soak.duration()) < 0
                ? new Verdict.Waiting(
                        "%s soaks: %s of %s".formatted(soak.after(), soaked, soak.duration()))
                : Verdict.succeeded("%s soaked for %s".formatted(soak.after(), soak.duration()));
    }

    private Verdict promote(Step step, NodeId node, NodeId from) {
        if (situation.self().equals(node)) {
            return Verdict.succeeded(
                    "master %s is primary under ballot %s".formatted(node, situation.ballot()));
        }
        if (!situation.self().equals(from)) {
            return new Verdict.Failed(
                    "expected master %s to hand over to %s, found %s in office"
                            .formatted(from, node, situation.self()),
                    false);
        }
        if (!situation.electorate().mayTakeOffice(node)) {
            return new Verdict.Waiting("master %s is not in sync yet".formatted(node));
        }
        return synced(step, node) instanceof Verdict.Waiting waiting
                ? waiting
                : new Verdict.HandOver();
    }

    /**
     * The address follows the office: if an operator has given that back meanwhile, it has to come
     * to the node again first.
     */
    private Verdict switchAddress(Step step, NodeId node) {
        String address = situation.sharedAddress();
        if (address == null) {
            return Verdict.succeeded("the cluster has no shared address");
        }
        if (!situation.self().equals(node)) {
            return promote(step, node, situation.self());
        }
        Optional<NodeFacts> facts = situation.facts(node);
        if (facts.isEmpty()) {
            return unknown(node);
        }
        return facts.get().heldAddress().equals(address)
                ? Verdict.succeeded("%s holds %s".formatted(node, address))
                : new Verdict.Waiting("%s does not hold %s yet".formatted(node, address));
    }

    private Verdict resync(Step step, NodeId primary) {
        for (var master :
                situation.state().topology() == null
                        ? java.util.List.<dev.sluice.control.model.Master>of()
                        : situation.state().topology().masters()) {
            if (!master.id().equals(primary)
                    && synced(step, master.id()) instanceof Verdict.Waiting waiting) {
                return waiting;
            }
        }
        return ClusterGate.configurationPushed(situation, upgrade);
    }

    private Verdict restoreFailover(Step step, NodeId backup) {
        return synced(step, backup) instanceof Verdict.Waiting waiting
                ? waiting
                : Verdict.succeeded("master %s follows as %s".formatted(backup, MasterRole.BACKUP));
    }

    private Verdict confirm(Step step, NodeId node) {
        Boolean confirmed = record(step).confirmed();
        if (confirmed == null) {
            return new Verdict.Waiting(
                    "%s: an operator confirms that it is right: sluice upgrade confirm %s"
                            .formatted(node, step.id()));
        }
        return confirmed
                ? Verdict.succeeded(node + ": an operator confirmed it")
                : new Verdict.Failed(node + ": an operator found it wrong", false);
    }
}
