package dev.sluice.control.fleet;

import dev.sluice.control.executor.AgentCommand;
import dev.sluice.control.executor.AgentGateway;
import dev.sluice.control.executor.CommandOutcome;
import dev.sluice.control.executor.KeepOrder;
import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.failover.WitnessRequest;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.v1.SessionResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agents as this master sees them, and the way to them. Sessions feed it; the executor reads
 * observations and sends commands; the election asks the same agents as witnesses, whoever leads.
 * Safe for use by many threads.
 *
 * <p>What is known of a node is an immutable value in a concurrent map, so that a snapshot of ten
 * thousand costs a walk and no lock. Whether a node is fenced is not stored but derived: its last
 * acknowledgement belongs to a {@link Tenure}, and with a new one all of them are void at once.
 */
public final class Fleet implements AgentGateway, WitnessLink {

    /** How long a session may stay without a report; agents report each second. */
    public static final Duration MAX_SILENCE = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);

    private final NodeId master;
    private final String controlPlaneVersion;
    private final Predicate<NodeId> members;
    private final LongSupplier nanos;
    private final Consumer<Ballot> onHigherBallot;
    private final Runnable wake;
    private final WitnessLink.Listener witnesses;
    private final IntFunction<Optional<SignedPromotion>> promotions;
    private final Supplier<String> transferAddress;
    private final ConcurrentNavigableMap<NodeId, Known> nodes = new ConcurrentSkipListMap<>();
    private final Object tenureLock = new Object();
    private final Outcomes outcomes = new Outcomes();
    private volatile Tenure tenure = new Tenure(0, null, Optional.empty());

    /**
     * A fleet that follows and knows nobody.
     *
     * @param members whether a node is in the cluster's topology; asked at every Hello
     * @param nanos monotonic, such as {@link System#nanoTime}
     * @param onHigherBallot told when an agent has obeyed a higher ballot than the one that this
     *     master leads under; called on gRPC's threads, must not block
     * @param wake told when something changed that the executor may act upon; called often and on
     *     gRPC's threads, must not block
     * @param witnesses hears what the agents reply as witnesses, on gRPC's threads; must not block
     * @param promotions what an operator signed for a generation, shown to agents that have not met
     *     it
     * @param transferAddress where this master serves contents by the transfer protocol, host:port;
     *     empty: nowhere yet
     */
    public Fleet(
            NodeId master,
            String controlPlaneVersion,
            Predicate<NodeId> members,
            LongSupplier nanos,
            Consumer<Ballot> onHigherBallot,
            Runnable wake,
            WitnessLink.Listener witnesses,
            IntFunction<Optional<SignedPromotion>> promotions,
            Supplier<String> transferAddress) {
        this.master = master;
        this.controlPlaneVersion = controlPlaneVersion;
        this.members = members;
        this.nanos = nanos;
        this.onHigherBallot = onHigherBallot;
        this.wake = wake;
        this.witnesses = witnesses;
        this.promotions = promotions;
        this.transferAddress = transferAddress;
    }

    @Override
    public SortedMap<NodeId, NodeObservation> observe() {
        Tenure now = tenure;
        long at = nanos.getAsLong();
        TreeMap<NodeId, NodeObservation> seen = new TreeMap<>();
        nodes.values().forEach(known -> seen.put(known.node(), known.observation(now, at)));
        return Collections.unmodifiableSortedMap(seen);
    }

    @Override
    public Optional<CommandOutcome> outcome(String commandId) {
        return outcomes.get(commandId);
    }

    /** What of a node's last report could not be understood, such as a version; mostly nothing. */
    public List<String> remarks(NodeId node) {
        Known known = nodes.get(node);
        return known == null ? List.of() : known.remarks();
    }

    @Override
    public void send(NodeId node, AgentCommand command) {
        sendUnder(
                node,
                command.ballot(),
                (session, now) -> {
                    outcomes.sending(command.id(), node);
                    return session.offer(now, CommandWriter.command(command));
                });
    }

    @Override
    public void keep(NodeId node, Ballot ballot, KeepOrder order) {
        SessionResponse keep = CommandWriter.keep(ballot, order);
        sendUnder(node, ballot, (session, now) -> session.offer(now, keep));
    }

    @Override
    public void renewLease(NodeId node, Ballot ballot, Duration lease) {
        SessionResponse renewal = CommandWriter.lease(ballot, lease);
        sendUnder(node, ballot, (session, now) -> session.offerNow(now, renewal));
    }

    @Override
    public SortedMap<NodeId, Presence> present() {
        TreeMap<NodeId, Presence> present = new TreeMap<>();
        for (Known known : nodes.values()) {
            known.presence().ifPresent(presence -> present.put(known.node(), presence));
        }
        return Collections.unmodifiableSortedMap(present);
    }

    @Override
    public void ask(NodeId node, long requestId, WitnessRequest request) {
        Known known = nodes.get(node);
        AgentSession session = known == null ? null : known.live();
        if (known != null && session != null) {
            session.ask(
                    CommandWriter.witness(
                            requestId,
                            request,
                            known.missesGeneration(request.ballot())
                                    ? promotions.apply(request.ballot().generation())
                                    : Optional.empty()));
        }
    }

    private interface Sending {
        AgentSession.Offer send(AgentSession session, Tenure now);
    }

    private void sendUnder(NodeId node, Ballot ballot, Sending sending) {
        Tenure now = tenure;
        Known known = nodes.get(node);
        if (known == null || !now.leads(ballot) || !known.fencedIn(now)) {
            LOG.debug("node {}: not fenced under ballot {}; nothing sent", node, ballot);
            return;
        }
        AgentSession session = known.live();
        if (session != null && sending.send(session, now) == AgentSession.Offer.OVERFLOWED) {
            left(session, "it does not read its messages");
        }
    }

    @Override
    public void lead(Ballot ballot) {
        if (!ballot.master().equals(master)) {
            throw new IllegalArgumentException(
                    "master %s cannot lead under ballot %s, which is another's"
                            .formatted(master, ballot));
        }
        var _ = begin(ballot);
        LOG.info("leading under ballot {}: fencing all agents", ballot);
        forEachSession(AgentSession::fence);
        wake.run();
    }

    @Override
    public void follow() {
        Tenure before = begin(null);
        if (before.ballot() != null) {
            LOG.info("no longer leading under ballot {}: commanding nobody", before.ballot());
        }
        forEachSession(AgentSession::dropCommands);
        wake.run();
    }

    /** Begins a tenure and returns the one before. */
    private Tenure begin(@Nullable Ballot ballot) {
        synchronized (tenureLock) {
            Tenure before = tenure;
            tenure =
                    new Tenure(
                            before.term() + 1,
                            ballot,
                            ballot == null
                                    ? Optional.empty()
                                    : promotions.apply(ballot.generation()));
            return before;
        }
    }

    private void forEachSession(Consumer<AgentSession> action) {
        for (Known known : nodes.values()) {
            AgentSession session = known.live();
            if (session != null) {
                action.accept(session);
            }
        }
    }

    /**
     * Ends the sessions that have not reported for {@link #MAX_SILENCE}: their connections may be
     * half open. Asks those again that have not acknowledged the ballot. To be called about once a
     * second.
     */
    public void expireSilent() {
        long now = nanos.getAsLong();
        Tenure leading = tenure;
        for (Known known : nodes.values()) {
            AgentSession session = known.live();
            if (session != null && !known.fencedIn(leading)) {
                session.fenceAgain();
            }
            if (session != null && now - known.heardNanos() > MAX_SILENCE.toNanos()) {
                String reason = "no report for %d s".formatted(MAX_SILENCE.toSeconds());
                session.end(
                        Status.DEADLINE_EXCEEDED.withDescription(
                                "node %s: %s".formatted(known.node(), reason)));
                left(session, reason);
            }
        }
    }

    boolean isMember(NodeId node) {
        return members.test(node);
    }

    NodeId master() {
        return master;
    }

    /** Registers a new session of a node in place of the one before, and greets it. */
    AgentSession joined(Greeting greeting, ServerCallStreamObserver<SessionResponse> outbound) {
        AgentSession session = new AgentSession(greeting, outbound, () -> tenure);
        long now = nanos.getAsLong();
        Known before = nodes.get(greeting.node());
        Known after = join(before, session, greeting, now);
        while (before == null
                ? nodes.putIfAbsent(greeting.node(), after) != null
                : !nodes.replace(greeting.node(), before, after)) {
            before = nodes.get(greeting.node());
            after = join(before, session, greeting, now);
        }
        AgentSession replaced = before == null ? null : before.live();
        long number = after.session();
        if (replaced != null) {
            replaced.end(
                    Status.ABORTED.withDescription(
                            "node %s: replaced by its session %d"
                                    .formatted(greeting.node(), number)));
        }
        LOG.info(
                "node {}: session {} is up{}, agent {} incarnation {}, highest ballot {}",
                greeting.node(),
                number,
                replaced == null ? "" : " in place of session " + (number - 1),
                greeting.agentVersion(),
                Long.toUnsignedString(greeting.incarnation(), 16),
                greeting.highest() == null ? "none" : greeting.highest());
        session.greet(number, master, controlPlaneVersion, transferAddress.get());
        logRemarks(new Swap(before, after));
        wake.run();
        return session;
    }

    private static Known join(
            @Nullable Known before, AgentSession session, Greeting greeting, long now) {
        Known fresh =
                new Known(
                        greeting.node(),
                        before == null ? 1 : before.session() + 1,
                        session,
                        Known.UNFENCED,
                        before == null ? null : before.facts(),
                        List.of(),
                        Known.NO_REPORT,
                        before == null ? now : before.reportedNanos(),
                        now,
                        new Known.Agent(
                                greeting.agentVersion(),
                                greeting.packageSource(),
                                greeting.transferAddress(),
                                greeting.store(),
                                greeting.highest()));
        Report report = greeting.report();
        return report == null ? fresh : fresh.reported(report, now);
    }

    /** Takes a report in; late words change nothing. */
    void reported(AgentSession session, Report report) {
        long now = nanos.getAsLong();
        Swap swap =
                swapLive(
                        session,
                        known -> known.overtakes(report) ? null : known.reported(report, now));
        logRemarks(swap);
        logRemoved(swap);
        Known before = swap.before();
        if (swap.changed() && report.mattersAfter(before == null ? null : before.facts())) {
            wake.run();
        }
    }

    /** Takes in that the agent has persisted a ballot. */
    void fenced(AgentSession session, Ballot ballot) {
        Tenure now = tenure;
        if (!now.leads(ballot)) {
            return;
        }
        if (swapLive(session, known -> known.fenced(now.term(), ballot)).changed()) {
            LOG.info("node {}: fenced under ballot {}", session.node(), ballot);
            wake.run();
        }
    }

    /**
     * Takes in that the agent obeys a ballot higher than the one it was offered; or that it does
     * not obey the one offered, though it is the higher.
     *
     * @param reason why not, of one that is not obeyed though it is the higher
     */
    void refused(AgentSession session, Ballot highest, String commandId, String reason) {
        var _ = swapLive(session, known -> known.obeying(highest));
        Ballot own = tenure.ballot();
        if (own == null || !isLive(session)) {
            return;
        }
        if (!highest.isAbove(own)) {
            if (!reason.isEmpty() && session.isNew(reason)) {
                LOG.warn(
                        "node {}: does not obey ballot {}: {}; force a promotion anew, or empty its ledger",
                        session.node(),
                        own,
                        reason);
            }
            return;
        }
        LOG.warn(
                "node {}: refused {} under ballot {}: it obeys {}; stepping down",
                session.node(),
                commandId.isEmpty() ? "a fence or lease" : "command " + commandId,
                own,
                highest);
        onHigherBallot.accept(highest);
    }

    /** Takes in how a command ended. */
    void resulted(AgentSession session, String commandId, CommandOutcome outcome) {
        if (!isLive(session)) {
            return;
        }
        switch (outcomes.record(commandId, session.node(), outcome)) {
            case RECORDED -> wake.run();
            case KNOWN -> {}
            case NOT_SENT_TO_NODE ->
                    LOG.debug(
                            "node {}: outcome of command {}, which was not sent to it; ignored",
                            session.node(),
                            commandId);
        }
    }

    /** Takes in what the agent replied as a witness; a replaced session has no say. */
    void replied(AgentSession session, long requestId, WitnessReply reply) {
        if (isLive(session)) {
            witnesses.replied(session.node(), requestId, reply);
        }
    }

    /** Takes in that a session is over. */
    void left(AgentSession session, String reason) {
        if (swapLive(session, Known::disconnected).changed()) {
            LOG.info("node {}: session {} is down: {}", session.node(), session.number(), reason);
            wake.run();
        }
    }

    private boolean isLive(AgentSession session) {
        Known known = nodes.get(session.node());
        return known != null && session.equals(known.live());
    }

    private static void logRemoved(Swap swap) {
        Known now = swap.after();
        NodeFacts before = swap.before() == null ? null : swap.before().facts();
        NodeFacts facts = now == null ? null : now.facts();
        if (now != null && before != null && facts != null) {
            facts.keeping().removed().stream()
                    .filter(one -> !before.keeping().removed().contains(one))
                    .forEach(one -> LOG.info("node {}: removed {}", now.node(), one));
        }
    }

    private static void logRemarks(Swap swap) {
        List<String> before = swap.before() == null ? List.of() : swap.before().remarks();
        Known now = swap.after();
        if (now != null && !now.remarks().isEmpty() && !now.remarks().equals(before)) {
            LOG.warn("node {}: not understood in its report: {}", now.node(), now.remarks());
        }
    }

    /**
     * A replacement of what is known of a node.
     *
     * @param after null: nothing was to be changed
     */
    private record Swap(@Nullable Known before, @Nullable Known after) {
        boolean changed() {
            return after != null;
        }
    }

    /** Replaces what is known while this session is the node's; a replaced one changes nothing. */
    private Swap swapLive(AgentSession session, Function<Known, @Nullable Known> change) {
        while (true) {
            Known before = nodes.get(session.node());
            Known after =
                    before != null && session.equals(before.live()) ? change.apply(before) : null;
            if (before == null || after == null || nodes.replace(session.node(), before, after)) {
                return new Swap(before, after);
            }
        }
    }
}
