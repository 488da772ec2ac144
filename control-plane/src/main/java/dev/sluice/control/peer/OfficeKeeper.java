package dev.sluice.control.peer;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.Founding;
import dev.sluice.control.failover.Electorate;
import dev.sluice.control.failover.Mastership;
import dev.sluice.control.failover.MastershipEffect;
import dev.sluice.control.failover.MastershipView;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Timings;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessChoice;
import dev.sluice.control.failover.WitnessDuty;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.ForcedPromotion;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.SignedPromotion;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Performs what {@link Mastership} decides: asks the witnesses, keeps the memory, takes office,
 * founds the cluster, and ends the process when it is superseded. One look with each {@link #step},
 * or in a loop of its own after {@link #start}.
 */
public final class OfficeKeeper implements WitnessLink.Listener, PrimaryHeard, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OfficeKeeper.class);

    /** Replies and news that wait; more are dropped, as a network would. */
    private static final int INBOX_BOUND = 4096;

    private static final long LOOK_EVERY_MILLIS = 50;

    /** A witness whose agent is away for so long is exchanged; reboots and restarts are shorter. */
    private static final Duration ABSENCE = Duration.ofSeconds(60);

    /** Between two attempts to found the cluster. */
    private static final Duration FOUND_AGAIN = Duration.ofSeconds(1);

    /**
     * What it works with.
     *
     * @param replica this master, with the journal that it has now
     * @param version of this control plane
     * @param founding the inventory, at the master that founds the cluster while there is none
     * @param ticker nanoseconds of a monotonic clock
     * @param onSuperseded told once that another master commands; this process must then stop
     * @param onFailure told once that the memory can't be kept; this process must then stop
     */
    public record Ports(
            Replica replica,
            long incarnation,
            String version,
            Optional<Founding> founding,
            Timings timings,
            Controller controller,
            WitnessLink witnesses,
            InSync inSync,
            MemoryFile memory,
            InstantSource clock,
            LongSupplier ticker,
            Consumer<Ballot> onSuperseded,
            Runnable onFailure) {

        NodeId self() {
            return replica.master();
        }
    }

    private sealed interface Input {

        record Replied(NodeId node, long requestId, WitnessReply reply) implements Input {}

        record Heard(Ballot ballot, @Nullable Register register) implements Input {}

        record Obeyed(Ballot ballot) implements Input {}

        record Promote() implements Input {}

        record Force(
                int generation,
                SortedSet<Witness> witnesses,
                ForcedPromotion certificate,
                CompletableFuture<String> answer)
                implements Input {}

        record Replaced(Replica with) implements Input {}

        /** Something may have changed. */
        record News() implements Input {}
    }

    private final Ports ports;
    private final Mastership mastership;
    private final BlockingQueue<Input> inbox = new ArrayBlockingQueue<>(INBOX_BOUND);
    private final Map<NodeId, Seen> seen = new TreeMap<>();
    private final Thread thread;
    private volatile Optional<ForcedPromotion> forced;
    private Optional<Register> written = Optional.empty();
    private String lastWord = "";
    private boolean failed;
    private volatile boolean founding;
    private boolean foundedBefore;
    private long foundedAt;
    private volatile Standing standing;
    private volatile Optional<NodeId> followed = Optional.empty();
    private volatile Optional<Contact> contact = Optional.empty();
    private volatile boolean closing;

    private record Seen(StoreId store, long atNanos) {}

    /**
     * Where this master stands, for others to read.
     *
     * @param role what it is in the election
     * @param register the highest register known, of a primary the one that a quorum accepted
     * @param highest the highest ballot known, or tried by force; null: none
     */
    public record Standing(
            Mastership.Role role, Optional<Register> register, @Nullable Ballot highest) {}

    /**
     * The last word of a primary.
     *
     * @param index the last entry that the primary had committed by then
     * @param lastSync when this master last had all that the primary had committed; null: never
     */
    public record Contact(NodeId primary, Instant at, long index, @Nullable Instant lastSync) {}

    /** Reads the memory; {@link #start} begins, or {@link #step} is called. */
    public OfficeKeeper(Ports ports) throws IOException {
        this.ports = ports;
        this.mastership =
                new Mastership(
                        ports.replica(),
                        ports.incarnation(),
                        ports.founding().isPresent(),
                        ports.timings(),
                        ports.memory().load());
        this.forced = ports.memory().forced();
        this.standing =
                new Standing(
                        mastership.role(),
                        Optional.ofNullable(mastership.memory().register()),
                        highest());
        this.thread = Thread.ofPlatform().name("mastership").unstarted(this::run);
    }

    public void start() {
        ports.controller().subscribe((_, _) -> wake());
        ports.inSync().onWantedChanged(this::wake);
        thread.start();
    }

    public Standing standing() {
        return standing;
    }

    /** The primary that this master follows now. */
    public Optional<NodeId> followed() {
        return followed;
    }

    public Optional<Contact> contact() {
        return contact;
    }

    /** Whether this master has the witnesses' word that it is primary. */
    public boolean isPrimary() {
        return standing.role() instanceof Mastership.Role.Primary;
    }

    /** The last register that a quorum accepted, while this master is primary. */
    public Optional<Register> register() {
        return standing.role() instanceof Mastership.Role.Primary(var register)
                ? Optional.of(register)
                : Optional.empty();
    }

    /** Who may become primary and who decides it, as this primary knows it now. */
    public Electorate electorate() {
        SortedMap<NodeId, StoreId> stores = new TreeMap<>();
        ports.witnesses().present().forEach((node, presence) -> stores.put(node, presence.store()));
        return register()
                .map(r -> new Electorate(r.inSync(), r.everyone(), stores))
                .orElse(Electorate.NONE);
    }

    @Override
    public void replied(NodeId node, long requestId, WitnessReply reply) {
        offer(new Input.Replied(node, requestId, reply));
    }

    /**
     * A primary is followed only when a register of its ballot is remembered: a master that
     * acknowledged entries and forgot whom it followed might cut them for an older primary, or know
     * nobody to ask. So the first contact under a ballot ends, and the next one is good.
     */
    @Override
    public boolean heard(NodeId master, Ballot ballot, Optional<Register> register) {
        boolean taken = offer(new Input.Heard(ballot, register.orElse(null)));
        boolean remembered =
                taken && standing.register().filter(r -> r.ballot().equals(ballot)).isPresent();
        followed = remembered ? Optional.of(master) : Optional.empty();
        return remembered;
    }

    @Override
    public void committed(NodeId master, long index) {
        Instant now = ports.clock().instant();
        boolean hasAll = ports.controller().durablePosition().index() >= index;
        Instant before = contact.map(Contact::lastSync).orElse(null);
        contact = Optional.of(new Contact(master, now, index, hasAll ? now : before));
    }

    @Override
    public void ended(NodeId master) {
        followed = Optional.empty();
        wake();
    }

    /** Somebody obeys this ballot. */
    public void obeyed(Ballot ballot) {
        offer(new Input.Obeyed(ballot));
    }

    /** An operator asks this master to become primary if the witnesses let it. */
    public void promote() {
        offer(new Input.Promote());
    }

    /**
     * An operator makes this master primary without those that can't be reached; the answer is
     * empty, or says why not.
     */
    public CompletableFuture<String> force(
            int generation, SortedSet<Witness> witnesses, ForcedPromotion certificate) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        if (!offer(new Input.Force(generation, witnesses, certificate, answer))) {
            answer.complete("too much waits already; try again");
        }
        return answer;
    }

    /**
     * What an operator signed for a generation, for agents that have not met it; empty: nothing was
     * signed, or it is not known here.
     */
    public Optional<SignedPromotion> signedFor(int generation) {
        return ports.controller()
                .state()
                .succession()
                .signedFor(generation)
                .or(() ->
                        forced.filter(f -> f.generation() == generation)
                                .flatMap(ForcedPromotion::signed));
    }

    /** This master's journal was replaced by another one. */
    public void replaced(Replica with) {
        offer(new Input.Replaced(with));
    }

    /** Makes it look soon. */
    public void wake() {
        offer(new Input.News());
    }

    private boolean offer(Input input) {
        return inbox.offer(input);
    }

    private void run() {
        try {
            while (!closing && !failed) {
                Input first = inbox.poll(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    take(first);
                }
                step();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("The election's part of this master is broken; the process ends", e);
            ports.onFailure().run();
        }
    }

    /** Takes in what came, looks, and does what follows. */
    public void step() {
        for (Input input = inbox.poll(); input != null && !failed; input = inbox.poll()) {
            take(input);
        }
        if (failed) {
            return;
        }
        MastershipView view = view();
        perform(mastership.look(ports.ticker().getAsLong(), view));
        settle();
        found();
    }

    private void take(Input input) {
        long now = ports.ticker().getAsLong();
        switch (input) {
            case Input.Replied(var node, var id, var reply) ->
                    perform(mastership.replied(now, node, id, reply));
            case Input.Heard(var ballot, var register) ->
                    perform(mastership.heardPrimary(now, ballot, register));
            case Input.Obeyed(var ballot) -> perform(mastership.saw(ballot));
            case Input.Promote _ -> mastership.promote();
            case Input.Force(var generation, var witnesses, var certificate, var answer) -> {
                try {
                    requireUntried(generation);
                    ports.memory().saveForced(mastership.memory(), certificate);
                    forced = Optional.of(certificate);
                    perform(mastership.force(now, generation, witnesses));
                    answer.complete("");
                } catch (IllegalArgumentException e) {
                    answer.complete(String.valueOf(e.getMessage()));
                } catch (IOException e) {
                    answer.complete("its certificate can't be kept: " + e.getMessage());
                    forgets(e);
                }
            }
            case Input.Replaced(var with) -> mastership.replaced(with);
            case Input.News _ -> {}
        }
    }

    private void requireUntried(int generation) {
        int tried = forced.map(ForcedPromotion::generation).orElse(0);
        if (generation <= tried) {
            throw new IllegalArgumentException(
                    "forced promotion of master %s: expected a generation above %d, which was tried, found %d"
                            .formatted(ports.self(), tried, generation));
        }
    }

    /** The highest ballot known, or that of the last forced promotion that was tried here. */
    private @Nullable Ballot highest() {
        Ballot known = mastership.memory().highest();
        Ballot tried =
                forced.map(f -> new Ballot(f.generation(), 1, ports.self(), ports.incarnation()))
                        .orElse(null);
        return tried == null || (known != null && known.isAbove(tried)) ? known : tried;
    }

    private void perform(List<MastershipEffect> effects) {
        for (MastershipEffect effect : effects) {
            if (failed) {
                return;
            }
            switch (effect) {
                case MastershipEffect.Remember(var memory) -> remember(memory);
                case MastershipEffect.Ask(var node, var id, var request) ->
                        ports.witnesses().ask(node, id, request);
                case MastershipEffect.TakeOffice(var register, var reason) ->
                        takeOffice(register, reason);
                case MastershipEffect.Writing(var register) -> {
                    if (!ports.inSync().registers(inSyncAsWritten(), register.inSync())) {
                        mastership.withdraw();
                        return;
                    }
                }
                case MastershipEffect.Written(var register) -> {
                    written = Optional.of(register);
                    if (!ports.inSync().registers(register.inSync(), register.inSync())) {
                        throw new IllegalStateException(
                                "register %s.%d is written, and replication refuses its in-sync set"
                                        .formatted(register.ballot(), register.sequence()));
                    }
                    LOG.info(
                            "Register {}.{}: in sync {}, witnesses {}",
                            register.ballot(),
                            register.sequence(),
                            register.inSync(),
                            register.witnesses().members());
                }
                case MastershipEffect.StandDown(var higher, var reason) ->
                        standDown(higher, reason);
            }
        }
    }

    private void remember(dev.sluice.control.failover.Memory memory) {
        try {
            ports.memory().save(memory);
        } catch (IOException e) {
            forgets(e);
        }
    }

    private void forgets(IOException why) {
        failed = true;
        LOG.error("The memory of the election can't be kept; the process ends", why);
        ports.onFailure().run();
    }

    private void takeOffice(Register register, String reason) {
        written = Optional.of(register);
        ports.inSync().primary(register);
        Ballot ballot = register.ballot();
        LOG.info("Master {} is primary under ballot {}: {}", ports.self(), ballot, reason);
        var _ =
                ports.controller()
                        .submit(
                                new Command.TakeOffice(
                                        ballot, ports.version(), reason, unrecorded(ballot)))
                        .whenComplete((decision, failure) -> {
                            if (failure != null) {
                                LOG.error("Office not taken under ballot {}", ballot, failure);
                            } else if (decision instanceof Decision.Rejected(var refusal)) {
                                LOG.error("Office not taken: {}", refusal);
                                ports.onFailure().run();
                            }
                        });
    }

    /** The certificate of this ballot's generation, if the journal does not have one yet. */
    private Optional<ForcedPromotion> unrecorded(Ballot ballot) {
        return forced.filter(f -> f.generation() == ballot.generation())
                .filter(f ->
                        !ports.controller()
                                .state()
                                .succession()
                                .usedCertificates()
                                .containsKey(f.generation()));
    }

    private SortedSet<Replica> inSyncAsWritten() {
        return written.orElseThrow().inSync();
    }

    private void standDown(Ballot higher, String reason) {
        failed = true;
        LOG.error("Master {} is superseded by ballot {}: {}", ports.self(), higher, reason);
        ports.onSuperseded().accept(higher);
    }

    /** Publishes where this master stands, and leaves replication when it is primary no more. */
    private void settle() {
        Mastership.Role role = mastership.role();
        Optional<Register> known =
                role instanceof Mastership.Role.Primary(var register)
                        ? Optional.of(register)
                        : Optional.ofNullable(mastership.memory().register());
        standing = new Standing(role, known, highest());
        if (!(role instanceof Mastership.Role.Primary) && written.isPresent()) {
            written = Optional.empty();
            ports.inSync().reset();
        }
        if (role instanceof Mastership.Role.Follower(var why) && !why.equals(lastWord)) {
            lastWord = why;
            LOG.debug("Master {} is no candidate: {}", ports.self(), why);
        }
    }

    private MastershipView view() {
        ClusterState state = ports.controller().state();
        Office office = state.office();
        SortedMap<NodeId, WitnessLink.Presence> present = ports.witnesses().present();
        return new MastershipView(
                new MastershipView.Log(
                        state.index() == 0,
                        office == null ? null : office.ballot(),
                        office == null ? null : office.handedTo()),
                present,
                ports.inSync().wanted(),
                wantedWitnesses(state, present),
                !state.failoverBroken() && state.succession().isAutomatic());
    }

    private SortedSet<Witness> wantedWitnesses(
            ClusterState state, SortedMap<NodeId, WitnessLink.Presence> present) {
        Topology topology =
                state.topology() != null
                        ? state.topology()
                        : ports.founding().map(Founding::topology).orElse(null);
        if (topology == null) {
            return new TreeSet<>();
        }
        long now = ports.ticker().getAsLong();
        present.forEach((node, presence) -> seen.put(node, new Seen(presence.store(), now)));
        seen.values().removeIf(s -> now - s.atNanos() > ABSENCE.toNanos());
        SortedMap<NodeId, StoreId> stores = new TreeMap<>();
        seen.forEach((node, s) -> stores.put(node, s.store()));
        Register known = mastership.memory().register();
        SortedSet<Witness> chosen =
                WitnessChoice.choose(
                        topology,
                        stores,
                        known == null ? Set.of() : known.witnesses().members(),
                        WitnessDuty.unfit(state));
        boolean isWhole = chosen.size() == WitnessChoice.size(topology);
        return known == null && !isWhole ? new TreeSet<>() : chosen;
    }

    /**
     * Founds the cluster, once it can and until it is there. One attempt at a time, and a while
     * between two: the one before may still come.
     */
    private void found() {
        long now = ports.ticker().getAsLong();
        if (ports.founding().isEmpty()
                || founding
                || !ports.controller().isInOffice()
                || ports.controller().state().topology() != null
                || (foundedBefore && now - foundedAt < FOUND_AGAIN.toNanos())) {
            return;
        }
        founding = true;
        foundedBefore = true;
        foundedAt = now;
        Founding with = ports.founding().get();
        var _ =
                ports.controller()
                        .submit(new Command.FoundCluster(with.topology(), with.policy()))
                        .whenComplete((decision, failure) -> {
                            if (failure != null) {
                                LOG.warn(
                                        "The cluster is not founded yet, and it is tried again: {}",
                                        failure.toString());
                            } else if (decision instanceof Decision.Rejected(var refusal)) {
                                LOG.warn("The cluster is not founded: {}", refusal);
                            }
                            founding = false;
                        });
    }

    @Override
    public void close() {
        closing = true;
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        wake();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
