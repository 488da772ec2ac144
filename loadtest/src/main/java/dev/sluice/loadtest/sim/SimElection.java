package dev.sluice.loadtest.sim;

import dev.sluice.control.controller.Controller;
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
import dev.sluice.control.peer.InSync;
import dev.sluice.control.peer.MemoryFile;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Office;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Performs what {@link Mastership} decides. */
final class SimElection {

    private static final long LOOK_NANOS = Duration.ofMillis(50).toNanos();
    private static final Duration ABSENCE = Duration.ofSeconds(60);

    private final World world;
    private final Life life;
    private final NodeId self;
    private final String version;
    private final Controller controller;
    private final WitnessLink witnesses;
    private final InSync inSync;
    private final MemoryFile memory;
    private final Runnable exit;
    private final Mastership mastership;
    private final SortedMap<NodeId, Seen> seen = new TreeMap<>();
    private Optional<Register> writing = Optional.empty();
    private Optional<Register> written = Optional.empty();
    private boolean over;
    private boolean founded;

    private record Seen(StoreId store, long atNanos) {}

    SimElection(
            World world,
            Life life,
            NodeId self,
            long incarnation,
            String version,
            Controller controller,
            WitnessLink witnesses,
            InSync inSync,
            MemoryFile memory,
            Runnable exit)
            throws IOException {
        this.world = world;
        this.life = life;
        this.self = self;
        this.version = version;
        this.controller = controller;
        this.witnesses = witnesses;
        this.inSync = inSync;
        this.memory = memory;
        this.exit = exit;
        this.mastership =
                new Mastership(
                        controller.replica(),
                        incarnation,
                        isFounder(),
                        Timings.DEFAULT,
                        memory.load());
    }

    private boolean isFounder() {
        return self.value().equals(world.masters().getFirst());
    }

    void start() {
        life.every(LOOK_NANOS, this::look);
    }

    boolean mayFollow() {
        return !(mastership.role() instanceof Mastership.Role.Primary) && !over;
    }

    Optional<Register> register() {
        return mastership.role() instanceof Mastership.Role.Primary(var register)
                ? Optional.of(register)
                : Optional.empty();
    }

    /** Whether a quorum has everything that this primary wrote. */
    boolean isWritten() {
        return written.isPresent() && writing.isEmpty();
    }

    boolean isCandidate() {
        return mastership.role() instanceof Mastership.Role.Candidate;
    }

    Electorate electorate() {
        SortedMap<NodeId, StoreId> stores = new TreeMap<>();
        witnesses.present().forEach((node, presence) -> stores.put(node, presence.store()));
        return register()
                .map(r -> new Electorate(r.inSync(), r.everyone(), stores))
                .orElse(Electorate.NONE);
    }

    void replied(NodeId node, long id, WitnessReply reply) {
        perform(mastership.replied(now(), node, id, reply));
    }

    boolean heard(Ballot ballot, Optional<Register> register) {
        perform(mastership.heardPrimary(now(), ballot, register.orElse(null)));
        Register known = mastership.memory().register();
        return known == null || !known.ballot().isAbove(ballot);
    }

    void obeyed(Ballot ballot) {
        perform(mastership.saw(ballot));
    }

    void promote() {
        mastership.promote();
    }

    private long now() {
        return life.machine().nanos();
    }

    private void look() {
        if (over) {
            return;
        }
        inSync.look();
        MastershipView view = view();
        perform(mastership.look(now(), view));
        if (!(mastership.role() instanceof Mastership.Role.Primary) && written.isPresent()) {
            written = Optional.empty();
            writing = Optional.empty();
            inSync.reset();
        }
        found();
    }

    private void perform(List<MastershipEffect> effects) {
        for (MastershipEffect effect : effects) {
            if (over) {
                return;
            }
            if (!perform(effect)) {
                return;
            }
        }
    }

    private boolean perform(MastershipEffect effect) {
        switch (effect) {
            case MastershipEffect.Remember(var remembered) -> {
                try {
                    memory.save(remembered);
                } catch (IOException e) {
                    leave("memory: " + e.getMessage());
                }
            }
            case MastershipEffect.Ask(var node, var id, var request) ->
                    witnesses.ask(node, id, request);
            case MastershipEffect.TakeOffice(var register, var reason) ->
                    takeOffice(register, reason);
            case MastershipEffect.Writing(var register) -> {
                SortedSet<Replica> before =
                        written.map(Register::inSync).orElseGet(TreeSet::new);
                boolean early = world.mutation() == Mutation.IN_SYNC_WITHOUT_QUORUM;
                if (!inSync.registers(early ? register.inSync() : before, register.inSync())) {
                    mastership.withdraw();
                    return false;
                }
                writing = Optional.of(register);
            }
            case MastershipEffect.Written(var register) -> {
                written = Optional.of(register);
                writing = Optional.empty();
                if (!inSync.registers(register.inSync(), register.inSync())) {
                    throw new IllegalStateException("a set that is written is refused");
                }
                world.trace()
                        .say(
                                life.name(),
                                () ->
                                        "register %s/%d: in sync %s, witnesses %s"
                                                .formatted(
                                                        register.ballot(),
                                                        register.sequence(),
                                                        register.inSync(),
                                                        register.witnesses().members()));
            }
            case MastershipEffect.StandDown(var higher, var reason) ->
                    leave("superseded by %s: %s".formatted(higher, reason));
        }
        return true;
    }

    private void leave(String why) {
        over = true;
        world.trace().say(life.name(), () -> why);
        exit.run();
    }

    private void takeOffice(Register register, String reason) {
        written = Optional.of(register);
        writing = Optional.empty();
        inSync.primary(register);
        Ballot ballot = register.ballot();
        world.trace().say(life.name(), () -> "is primary under %s: %s".formatted(ballot, reason));
        world.promises().commits().leads(life, ballot);
        var _ =
                controller
                        .submit(new Command.TakeOffice(ballot, version, reason))
                        .whenComplete((decision, failure) -> {
                            if (failure == null
                                    && decision instanceof Decision.Rejected(var refusal)) {
                                leave("office not taken: " + refusal);
                            }
                        });
    }

    private MastershipView view() {
        ClusterState state = controller.state();
        Office office = state.office();
        SortedMap<NodeId, WitnessLink.Presence> present = witnesses.present();
        return new MastershipView(
                new MastershipView.Log(
                        state.index() == 0,
                        office == null ? null : office.ballot(),
                        office == null ? null : office.handedTo()),
                present,
                inSync.wanted(),
                wanted(state, present),
                state.automaticFailover() && !state.failoverBroken());
    }

    private SortedSet<Witness> wanted(
            ClusterState state, SortedMap<NodeId, WitnessLink.Presence> present) {
        long now = now();
        present.forEach((node, presence) -> seen.put(node, new Seen(presence.store(), now)));
        seen.values().removeIf(s -> now - s.atNanos() > ABSENCE.toNanos());
        SortedMap<NodeId, StoreId> stores = new TreeMap<>();
        seen.forEach((node, s) -> stores.put(node, s.store()));
        @Nullable Register known = mastership.memory().register();
        SortedSet<Witness> chosen =
                WitnessChoice.choose(
                        world.topology(),
                        stores,
                        known == null ? Set.of() : known.witnesses().members(),
                        WitnessDuty.unfit(state));
        boolean whole = chosen.size() == WitnessChoice.size(world.topology());
        return known == null && !whole ? new TreeSet<>() : chosen;
    }

    private void found() {
        if (isFounder()
                && controller.isInOffice()
                && controller.state().topology() == null
                && !founded) {
            founded = true;
            var _ =
                    controller.submit(
                            new Command.FoundCluster(world.topology(), world.shape().policy()));
        }
    }
}
