package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A master in the model: a disk, and a process around {@link Mastership} that may end anywhere. */
final class ModelMaster {

    private final ElectionModel model;
    private final NodeId id;
    private final boolean founder;

    // The disk.
    private Replica replica;
    private List<ModelEntry> journal = new ArrayList<>();
    private Memory memory = Memory.NONE;

    private @Nullable Running process;
    private long incarnation;
    boolean automatic = true;
    private long frozenUntil;

    private static final class Running {
        private final long number;
        private final Mastership mastership;
        private @Nullable ModelOffice office;

        Running(long number, Mastership mastership) {
            this.number = number;
            this.mastership = mastership;
        }
    }

    ModelMaster(ElectionModel model, NodeId id, StoreId store, boolean founder) {
        this.model = model;
        this.id = id;
        this.founder = founder;
        this.replica = new Replica(id, store);
        this.frozenUntil = model.network.now();
    }

    NodeId id() {
        return id;
    }

    Replica replica() {
        return replica;
    }

    List<ModelEntry> journal() {
        return journal;
    }

    Memory memory() {
        return memory;
    }

    boolean isUp() {
        return process != null;
    }

    // Its process.

    void start() {
        if (process != null) {
            return;
        }
        long number = model.nextNumber();
        if (model.mutation == Mutation.MEMORY_IS_LOST
                || model.mutation == Mutation.INCARNATION_IS_USED_AGAIN) {
            memory = Memory.NONE;
        }
        if (model.mutation != Mutation.INCARNATION_IS_USED_AGAIN || incarnation == 0) {
            incarnation = number;
        }
        model.trace("%s starts as process %d", id, number);
        Running started =
                new Running(
                        number,
                        new Mastership(replica, incarnation, founder, Timings.DEFAULT, memory));
        process = started;
        tickLater(started);
    }

    void crash() {
        if (process != null) {
            model.trace("%s crashes", id);
            process = null;
        }
    }

    void freeze(long nanos) {
        frozenUntil = model.network.now() + nanos;
    }

    void loseDisk(StoreId next) {
        crash();
        model.trace("%s loses its disk", id);
        if (model.mutation != Mutation.LOST_JOURNAL_KEEPS_ITS_NAME) {
            replica = new Replica(id, next);
        }
        journal = new ArrayList<>();
        memory = Memory.NONE;
    }

    /** Does it now, or when the process thaws, if it is the same one then. */
    private void whenAwake(Running same, Runnable what) {
        long wait = frozenUntil - model.network.now();
        if (process != same) {
            return;
        }
        if (wait > 0) {
            model.network.in(wait, () -> whenAwake(same, what));
        } else {
            what.run();
        }
    }

    private void toProcess(Runnable what) {
        Running now = process;
        if (now != null) {
            whenAwake(now, what);
        }
    }

    private void tickLater(Running same) {
        model.network.in(
                model.random.nextLong(30, 120) * ModelNetwork.MILLI,
                () -> whenAwake(same, () -> tick(same)));
    }

    private void tick(Running same) {
        perform(same, same.mastership.look(model.network.now(), view(same)));
        if (process == same && same.office != null) {
            lead(same, same.office);
        }
        if (process == same) {
            model.agents().forEach(agent -> tell(same, agent));
        }
        if (process == same) {
            tickLater(same);
        }
    }

    /** A session says at times whom its agent obeys. */
    private void tell(Running same, ModelAgent agent) {
        Optional<Ballot> obeyed = agent.obeyed();
        if (process == same && obeyed.isPresent() && isPresent(agent) && model.chance(0.1)) {
            perform(same, same.mastership.saw(obeyed.get()));
        }
    }

    private boolean isPresent(ModelAgent agent) {
        return agent.isUp() && model.network.joins(id, agent.node());
    }

    private MastershipView view(Running same) {
        SortedMap<NodeId, WitnessLink.Presence> present = new TreeMap<>();
        for (ModelAgent agent : model.agents()) {
            if (isPresent(agent)) {
                present.put(
                        agent.node(),
                        new WitnessLink.Presence(
                                agent.witness().store(), agent.obeyed().orElse(null)));
            }
        }
        ModelOffice office = same.office;
        SortedSet<Replica> inSync = office == null ? new TreeSet<>() : office.inSync();
        return new MastershipView(
                log(), present, inSync, model.wanted(present, memory.register()), automatic);
    }

    private MastershipView.Log log() {
        Ballot office = null;
        NodeId handedTo = null;
        for (ModelEntry entry : journal) {
            switch (entry) {
                case ModelEntry.Office(var ballot) -> {
                    office = ballot;
                    handedTo = null;
                }
                case ModelEntry.Handover(_, var to) -> handedTo = to;
                case ModelEntry.Value _ -> {}
            }
        }
        return new MastershipView.Log(journal.isEmpty(), office, handedTo);
    }

    private void perform(Running same, List<MastershipEffect> effects) {
        int end = effects.size();
        boolean crashes = end > 0 && model.chance(model.crashInEffects);
        if (crashes) {
            end = model.random.nextInt(end);
        }
        for (MastershipEffect effect : effects.subList(0, end)) {
            if (effect instanceof MastershipEffect.Writing && model.chance(0.05)) {
                same.mastership.withdraw();
                break;
            }
            if (process == same) {
                perform(same, effect);
            }
        }
        if (crashes) {
            crash();
            model.later(this::start);
        }
    }

    private void perform(Running same, MastershipEffect effect) {
        if (!(effect instanceof MastershipEffect.Ask)) {
            model.trace("%s: %s", id, effect);
        }
        switch (effect) {
            case MastershipEffect.Remember(var next) -> memory = next;
            case MastershipEffect.Ask(var node, var requestId, var request) ->
                    ask(same, node, requestId, request);
            case MastershipEffect.TakeOffice(var register, _) -> {
                model.checks.tookOffice(replica, same.number, register, journal);
                same.office = new ModelOffice(model, replica, journal, register);
            }
            case MastershipEffect.Writing(var register) -> led(same).begins(register);
            case MastershipEffect.Written(var register) -> led(same).hasWritten(register);
            case MastershipEffect.StandDown _ -> {
                crash();
                model.later(this::start);
            }
        }
    }

    private static ModelOffice led(Running of) {
        ModelOffice office = of.office;
        if (office == null) {
            throw new IllegalStateException("a register is written by a process without office");
        }
        return office;
    }

    private void ask(Running same, NodeId node, long requestId, WitnessRequest request) {
        model.checks.uses(id, same.number, request);
        if (!(request instanceof WitnessRequest.Alive)) {
            model.trace("%s asks %s: %d %s", id, node, requestId, request);
        }
        ModelAgent agent = model.agent(node);
        model.network.send(id, node, () -> agent.ask(this, requestId, request));
    }

    /** A reply goes to the process that is there, whichever asked. */
    void replied(NodeId node, long requestId, WitnessReply reply) {
        toProcess(() -> {
            Running now = process;
            if (now != null) {
                perform(now, now.mastership.replied(model.network.now(), node, requestId, reply));
            }
        });
    }

    void sawObeyed(Ballot ballot) {
        toProcess(() -> {
            Running now = process;
            if (now != null) {
                perform(now, now.mastership.saw(ballot));
            }
        });
    }

    void promote() {
        if (process != null) {
            model.trace("%s is to be promoted", id);
            process.mastership.promote();
        }
    }

    // A primary.

    private void lead(Running same, ModelOffice office) {
        boolean primary = same.mastership.role() instanceof Mastership.Role.Primary;
        if (primary) {
            office.decide();
        }
        List<ModelEntry> copy = List.copyOf(journal);
        Ballot ballot = office.ballot();
        Register register = office.written();
        for (ModelMaster other : model.masters()) {
            if (other != this) {
                model.network.send(id, other.id, () -> other.shipped(this, ballot, copy, register));
            }
        }
        if (primary) {
            model.agents().forEach(agent -> fence(agent, ballot));
        }
        office.commit();
    }

    private void fence(ModelAgent agent, Ballot ballot) {
        if (!agent.obeyed().equals(Optional.of(ballot))) {
            model.network.send(id, agent.node(), () -> agent.fence(this, ballot));
        }
    }

    void handOver() {
        Running same = process;
        if (same != null
                && same.office != null
                && same.mastership.role() instanceof Mastership.Role.Primary) {
            model.trace("%s hands over", id);
            same.office.handOver();
        }
    }

    private void acknowledged(Ballot ballot, Replica follower, int length) {
        toProcess(() -> {
            Running now = process;
            if (now != null && now.office != null && now.office.ballot().equals(ballot)) {
                now.office.acknowledged(follower, length);
            }
        });
    }

    // A follower.

    private void shipped(
            ModelMaster from, Ballot ballot, List<ModelEntry> entries, Register register) {
        toProcess(() -> {
            Running now = process;
            if (now != null) {
                follow(now, from, ballot, entries, register);
            }
        });
    }

    private void follow(
            Running same,
            ModelMaster from,
            Ballot ballot,
            List<ModelEntry> entries,
            Register register) {
        Register known = memory.register();
        boolean obeys = model.mutation == Mutation.FOLLOWER_OBEYS_ANY_BALLOT;
        if (known != null && known.ballot().isAbove(ballot) && !obeys) {
            model.network.send(id, from.id, () -> from.sawObeyed(known.ballot()));
            return;
        }
        Runnable hear =
                () ->
                        perform(
                                same,
                                same.mastership.heardPrimary(
                                        model.network.now(), ballot, register));
        if (model.mutation == Mutation.FOLLOWER_REMEMBERS_LATE) {
            model.later(() -> whenAwake(same, hear));
        } else {
            hear.run();
        }
        if (process != same || same.mastership.role() instanceof Mastership.Role.Primary) {
            return;
        }
        same.office = null;
        copy(entries);
        Replica follower = replica;
        model.network.send(id, from.id, () -> from.acknowledged(ballot, follower, entries.size()));
    }

    private void copy(List<ModelEntry> entries) {
        int common = 0;
        while (common < Math.min(entries.size(), journal.size())
                && entries.get(common).equals(journal.get(common))) {
            common++;
        }
        if (common == entries.size()) {
            return;
        }
        if (common < journal.size()) {
            model.trace("%s cuts its journal at %d of %d", id, common, journal.size());
        }
        journal = new ArrayList<>(journal.subList(0, common));
        journal.addAll(entries.subList(common, entries.size()));
    }

    // What is seen at the end.

    /** Whether it leads with everybody in sync, and all it decided is committed. */
    boolean leadsAll(SortedSet<Replica> all) {
        Running now = process;
        return now != null
                && now.mastership.role() instanceof Mastership.Role.Primary(Register register)
                && register.inSync().equals(all)
                && now.office != null
                && now.office.isSettled();
    }

    boolean leads() {
        return process != null && process.mastership.role() instanceof Mastership.Role.Primary;
    }

    String describe() {
        return "%s: %s, memory %s, journal of %d, %s"
                .formatted(
                        id,
                        process == null ? "down" : process.mastership.role(),
                        memory,
                        journal.size(),
                        log());
    }
}
