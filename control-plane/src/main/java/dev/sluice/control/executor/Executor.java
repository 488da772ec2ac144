package dev.sluice.control.executor;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.Electorate;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.StepId;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks, decides by {@link Pass} and does: once with each {@link #step}, or in a loop of its own
 * after {@link #start}, woken by changes and at least four times a second. All that it remembers
 * may be lost: the journal says which steps run, and the agents say what is so.
 */
public final class Executor implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Executor.class);

    /** How long a node holds the shared address without hearing from the primary. */
    static final Duration LEASE = Duration.ofSeconds(2);

    private static final Duration LEASE_RENEWAL = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofMillis(250);

    /**
     * After this a command without an effect is sent again; its id keeps it from being done twice.
     */
    private static final Duration RESEND_AFTER = Duration.ofSeconds(3);

    /** A package that a node has refused will be refused again; until somebody has mended it. */
    private static final Duration REFUSED_AGAIN_AFTER = Duration.ofSeconds(30);

    /** Other sources for a pull that runs are told at most this often. */
    private static final Duration NEWS_AFTER = Duration.ofSeconds(1);

    private static final Duration REPEAT_AFTER = Duration.ofMillis(25);

    /**
     * Bytes of channels' files that are sent in a second, with a burst after a rest. What a node
     * has not taken yet is held in memory, and thousands may be behind at the same time.
     */
    private static final long COPY_BYTES_PER_SECOND = 8L << 20;

    private static final Duration COPY_BURST = Duration.ofMillis(250);

    /** Commands whose sending is remembered, to hold back repeats. */
    private static final int MAX_SENT = 50_000;

    /**
     * What the loop works with.
     *
     * @param ticker nanoseconds of a monotonic clock
     * @param background runs what takes long: writing a backup
     * @param sharedAddress null: the cluster has none
     * @param electorate the witnesses of now
     */
    public record Ports(
            NodeId self,
            Controller controller,
            AgentGateway agents,
            Peers peers,
            Backups backups,
            PackageSources sources,
            InstantSource clock,
            LongSupplier ticker,
            java.util.concurrent.Executor background,
            @Nullable String sharedAddress,
            Supplier<Electorate> electorate) {}

    private record Watched(
            int attempt, StepStatus status, boolean held, long sinceNanos, long indexAtStart) {

        /** Still the same wait; an operator's extension of a held drain begins a new one. */
        boolean describes(StepRecord record) {
            return attempt == record.attempts()
                    && status == record.status()
                    && (!held || record.heldClients() > 0);
        }
    }

    /**
     * A sending of a command.
     *
     * @param id the one it was sent under
     * @param pull what was to be pulled from where
     */
    private record Sent(String id, long session, long atNanos, AgentCommand.Pull pull) {}

    private final Ports ports;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private final Map<StepId, Watched> watched = new HashMap<>();
    private final Map<String, Sent> sent =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Sent> eldest) {
                    return size() > MAX_SENT;
                }
            };
    private final Map<String, Situation.BackupResult> backups = new ConcurrentHashMap<>();
    private final Set<String> backupsBegun = ConcurrentHashMap.newKeySet();
    private final List<CompletableFuture<Decision>> asked = new ArrayList<>();
    private @Nullable PlanId watchedPlan;
    private @Nullable Ballot leading;
    private long leaseRenewedAt;

    /** When the files of channels that were sent so far are paid for, at the rate above. */
    private long copiesPaidAt;

    private long sendings;
    private boolean repeatsSoon;
    private volatile List<Waiting> waits = List.of();
    private volatile boolean closing;

    public Executor(Ports ports) {
        this.ports = ports;
        this.leaseRenewedAt = ports.ticker().getAsLong();
        this.copiesPaidAt = leaseRenewedAt;
        this.thread = Thread.ofPlatform().name("executor").unstarted(this::run);
        ports.controller().subscribe((_, _) -> wake());
    }

    /** Starts the loop. */
    public void start() {
        thread.start();
    }

    /** Makes the loop look soon; for any thread, cheap. */
    public void wake() {
        if (wake.availablePermits() == 0) {
            wake.release();
        }
    }

    /** What is being done or waited for now, for people. */
    public List<Waiting> waits() {
        return waits;
    }

    private void run() {
        while (!closing) {
            try {
                Duration wait = repeatsSoon ? REPEAT_AFTER : LONGEST_WAIT;
                boolean _ = wake.tryAcquire(wait.toMillis(), TimeUnit.MILLISECONDS);
                wake.drainPermits();
                step();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                LOG.error("A pass of the executor failed; it looks again", e);
            }
        }
    }

    /**
     * Looks once and does what follows from it. While what an earlier look asked of the controller
     * is not decided it only keeps the lease: the next look has to see the decision.
     */
    public void step() {
        repeatsSoon = false;
        Ballot ballot = ports.controller().ballot();
        if (!Objects.equals(ballot, leading)) {
            changeOffice(ballot);
        }
        if (ballot == null) {
            return;
        }
        renewLease(ballot);
        asked.removeIf(CompletableFuture::isDone);
        if (!asked.isEmpty()) {
            return;
        }
        ClusterState state = ports.controller().state();
        Situation situation = situation(state, ballot);
        Pass pass = Pass.over(situation);
        waits = pass.waits();
        perform(situation, pass);
    }

    /**
     * Begins or ends commanding. The shared address stays where it is when the office is handed
     * over: the agent lets it go when it obeys the successor, who takes it then, or when its lease
     * ends. Letting it go now would leave nobody there while the successor is elected.
     */
    private void changeOffice(@Nullable Ballot ballot) {
        leading = ballot;
        waits = List.of();
        watched.clear();
        sent.clear();
        if (ballot == null) {
            ports.agents().follow();
        } else {
            ports.agents().lead(ballot);
        }
    }

    private void renewLease(Ballot ballot) {
        long now = ports.ticker().getAsLong();
        if (now - leaseRenewedAt >= LEASE_RENEWAL.toNanos()) {
            leaseRenewedAt = now;
            ports.agents().renewLease(ports.self(), ballot, LEASE);
        }
    }

    private Situation situation(ClusterState state, Ballot ballot) {
        return new Situation(
                state,
                ports.self(),
                ballot,
                ports.agents().observe(),
                ports.agents()::outcome,
                ports.peers().observe(),
                this::told,
                notes(state),
                backups,
                ports.sources(),
                ports.sharedAddress(),
                ports.electorate().get(),
                ports.clock().instant());
    }

    private AgentCommand.Pull told(String command) {
        Sent last = sent.get(command);
        return last == null ? AgentCommand.Pull.NOTHING : last.pull();
    }

    /**
     * Since when each step has been as it is, in this process: running, or waiting after a failure.
     */
    private Map<StepId, Situation.Note> notes(ClusterState state) {
        long now = ports.ticker().getAsLong();
        Map<StepId, Situation.Note> notes = new HashMap<>();
        var upgrade = state.currentUpgrade();
        PlanId plan = upgrade.map(Upgrade::id).orElse(null);
        if (!Objects.equals(plan, watchedPlan)) {
            watched.clear();
            backups.clear();
            watchedPlan = plan;
        }
        if (upgrade.isEmpty()) {
            return notes;
        }
        for (var entry : upgrade.get().records().entrySet()) {
            StepRecord record = entry.getValue();
            if (record.status().isOver()) {
                watched.remove(entry.getKey());
                continue;
            }
            Watched known = watched.get(entry.getKey());
            boolean held = record.heldClients() > 0;
            if (known == null || !known.describes(record)) {
                known = new Watched(record.attempts(), record.status(), held, now, state.index());
                watched.put(entry.getKey(), known);
            } else if (held && !known.held()) {
                known =
                        new Watched(
                                known.attempt(),
                                known.status(),
                                true,
                                known.sinceNanos(),
                                known.indexAtStart());
                watched.put(entry.getKey(), known);
            }
            notes.put(
                    entry.getKey(),
                    new Situation.Note(
                            known.attempt(),
                            Duration.ofNanos(now - known.sinceNanos()),
                            known.indexAtStart()));
        }
        return notes;
    }

    private void perform(Situation situation, Pass pass) {
        for (Directive directive : pass.directives()) {
            switch (directive) {
                case Directive.Submit(var command) -> submit(command);
                case Directive.Send(var node, var command) -> send(situation, node, command);
                case Directive.Keep(var node, var order) -> keep(situation, node, order);
                case Directive.TakeBackup(var id) -> takeBackup(situation.state(), id);
            }
        }
    }

    private void submit(Command command) {
        CompletableFuture<Decision> answer = ports.controller().submit(command);
        asked.add(answer);
        var _ =
                answer.whenComplete((decision, failure) -> {
                    if (failure != null) {
                        LOG.warn("The controller does not answer: {}", failure.getMessage());
                    } else if (decision instanceof Decision.Rejected(var refusal)) {
                        LOG.debug("{} was refused: {}", command, refusal);
                    }
                    wake();
                });
    }

    private void send(Situation situation, NodeId node, AgentCommand command) {
        NodeObservation observed = situation.fleet().get(node);
        if (observed == null) {
            return;
        }
        NodeFacts facts = observed.facts();
        long now = ports.ticker().getAsLong();
        Sent before = sent.get(command.id());
        AgentCommand.Pull pulled =
                command.work() instanceof AgentCommand.AgentWork.Stage stage
                        ? stage.pull()
                        : AgentCommand.Pull.NOTHING;
        boolean hasNews =
                !pulled.sources().isEmpty()
                        && (before == null
                                || (!before.pull().equals(pulled)
                                        && now - before.atNanos() >= NEWS_AFTER.toNanos()));
        if (!hasNews && facts != null && facts.executing().startsWith(command.id())) {
            return;
        }
        if (!hasNews && before != null && before.session() == observed.session()) {
            Duration pause = pause(command.work(), before);
            if (now - before.atNanos() < pause.toNanos()) {
                repeatsSoon |= pause.equals(REPEAT_AFTER);
                return;
            }
        }
        if (!mayHandOn(command.work(), now)) {
            return;
        }
        AgentCommand sending = command.step().isEmpty() ? withOwnId(command, facts) : command;
        sent.put(command.id(), new Sent(sending.id(), observed.session(), now, pulled));
        ports.agents().send(node, sending);
    }

    private boolean mayHandOn(AgentCommand.AgentWork work, long now) {
        long bytes =
                work instanceof AgentCommand.AgentWork.Stage stage
                        ? stage.copies().stream().mapToLong(ChannelCopy::bytes).sum()
                        : 0;
        if (bytes == 0) {
            return true;
        }
        if (copiesPaidAt - now > 0) {
            return false;
        }
        copiesPaidAt =
                Math.max(copiesPaidAt, now - COPY_BURST.toNanos())
                        + bytes * TimeUnit.SECONDS.toNanos(1) / COPY_BYTES_PER_SECOND;
        return true;
    }

    private void keep(Situation situation, NodeId node, KeepOrder order) {
        NodeObservation observed = situation.fleet().get(node);
        if (observed == null) {
            return;
        }
        long now = ports.ticker().getAsLong();
        Sent before = sent.get("keep/" + node);
        boolean isRepeat =
                before != null
                        && before.session() == observed.session()
                        && before.id().equals(order.digest())
                        && now - before.atNanos() < RESEND_AFTER.toNanos();
        if (!isRepeat) {
            sent.put(
                    "keep/" + node,
                    new Sent(order.digest(), observed.session(), now, AgentCommand.Pull.NOTHING));
            ports.agents().keep(node, situation.ballot(), order);
        }
    }

    /**
     * How long to hold back a repeat. What ended and had no effect is told again soon: a shared
     * address is refused until the node that had it has let it go.
     */
    private Duration pause(AgentCommand.AgentWork work, Sent before) {
        Optional<CommandOutcome> outcome = ports.agents().outcome(before.id());
        if (!(work instanceof AgentCommand.AgentWork.Stage)) {
            return outcome.isPresent() ? REPEAT_AFTER : RESEND_AFTER;
        }
        boolean isRefused =
                outcome.isPresent()
                        && outcome.get() instanceof CommandOutcome.Failed failed
                        && !failed.retryable();
        return isRefused ? REFUSED_AGAIN_AFTER : RESEND_AFTER;
    }

    /**
     * Desired state that no step stands for is told under a new id each time, so that it is done
     * each time; but what is being done is told more about under the id that it has.
     */
    private AgentCommand withOwnId(AgentCommand command, @Nullable NodeFacts facts) {
        String executing = facts == null ? "" : facts.executing();
        return new AgentCommand(
                executing.startsWith(command.id() + "/")
                        ? executing
                        : "%s/%d".formatted(command.id(), ++sendings),
                command.ballot(),
                command.plan(),
                command.step(),
                command.attempt(),
                command.work());
    }

    private void takeBackup(ClusterState state, String id) {
        if (!backupsBegun.add(id)) {
            return;
        }
        ports.background()
                .execute(() -> {
                    backups.put(id, write(id.replace('/', '-'), state));
                    wake();
                });
    }

    private Situation.BackupResult write(String name, ClusterState state) {
        try {
            return new Situation.BackupResult.Written(ports.backups().write(name, state));
        } catch (IOException | RuntimeException e) {
            return new Situation.BackupResult.NotWritten(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Stops the loop after the pass it is in; the address stays where it is until its lease ends.
     */
    @Override
    public void close() {
        closing = true;
        wake();
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
