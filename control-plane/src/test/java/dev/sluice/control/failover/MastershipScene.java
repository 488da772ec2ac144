package dev.sluice.control.failover;

import static dev.sluice.control.failover.Registers.inSync;
import static dev.sluice.control.failover.Registers.replica;
import static dev.sluice.control.failover.Registers.witnesses;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One master and its witnesses n-1 to n-6, in the words of a test. Time is below zero. */
final class MastershipScene {

    private static final long MILLI = 1_000_000;

    private final NodeId self;
    private final boolean founder;
    private final SortedMap<NodeId, WitnessModel> agents = new TreeMap<>();
    private final SortedMap<NodeId, Ballot> obeyed = new TreeMap<>();
    private final Set<NodeId> down = new HashSet<>();
    private Optional<Class<? extends WitnessRequest>> lost = Optional.empty();
    private final List<MastershipEffect> performed = new ArrayList<>();
    private final Deque<MastershipEffect.Ask> asked = new ArrayDeque<>();
    private Mastership mastership;
    private Memory memory;
    private MastershipView.Log log = MastershipView.Log.EMPTY;
    private SortedSet<Replica> proposed;
    private SortedSet<Witness> wanted = witnesses("1 2 3");
    private boolean automatic = true;
    private long now = -60_000 * MILLI;

    private MastershipScene(NodeId self, boolean founder, Memory memory) {
        this.self = self;
        this.founder = founder;
        this.memory = memory;
        this.proposed = inSync(self);
        for (int i = 1; i <= 6; i++) {
            agents.put(new NodeId("n-" + i), new WitnessModel(new StoreId("a")));
        }
        this.mastership = process(7);
    }

    static MastershipScene founder(NodeId self) {
        return new MastershipScene(self, true, Memory.NONE);
    }

    /** A follower that knows this register; so do its witnesses, and the journal has its office. */
    static MastershipScene follower(NodeId self, Register register) {
        MastershipScene scene = new MastershipScene(self, false, Memory.NONE.saw(register));
        for (Witness witness : register.everyone()) {
            scene.witness(witness.node())
                    .answer(scene.now - 2000 * MILLI, register.primary(), accept(register));
        }
        scene.log = new MastershipView.Log(false, register.ballot(), null);
        return scene;
    }

    private Mastership process(long incarnation) {
        return new Mastership(replica(self), incarnation, founder, Timings.DEFAULT, memory);
    }

    private static WitnessRequest accept(Register register) {
        return new WitnessRequest.Accept(register);
    }

    Mastership mastership() {
        return mastership;
    }

    Memory memory() {
        return memory;
    }

    long now() {
        return now;
    }

    WitnessModel witness(NodeId node) {
        WitnessModel witness = agents.get(node);
        if (witness == null) {
            throw new IllegalArgumentException("no agent " + node);
        }
        return witness;
    }

    WitnessModel witness(int node) {
        return witness(new NodeId("n-" + node));
    }

    // What is given.

    MastershipScene down(int... nodes) {
        for (int node : nodes) {
            down.add(new NodeId("n-" + node));
        }
        return this;
    }

    MastershipScene up(int... nodes) {
        for (int node : nodes) {
            down.remove(new NodeId("n-" + node));
        }
        return this;
    }

    /** What is asked of this kind does not arrive. */
    MastershipScene loses(Class<? extends WitnessRequest> kind) {
        lost = Optional.of(kind);
        return this;
    }

    MastershipScene losesNothing() {
        lost = Optional.empty();
        return this;
    }

    MastershipScene obeys(int node, Ballot ballot) {
        obeyed.put(new NodeId("n-" + node), ballot);
        return this;
    }

    MastershipScene automatic(boolean on) {
        automatic = on;
        return this;
    }

    MastershipScene journal(@Nullable Ballot office, @Nullable NodeId handedTo) {
        log = new MastershipView.Log(office == null, office, handedTo);
        return this;
    }

    MastershipScene proposes(SortedSet<Replica> replicas) {
        proposed = replicas;
        return this;
    }

    MastershipScene wants(SortedSet<Witness> set) {
        wanted = set;
        return this;
    }

    /** Another master's process asks a witness. */
    MastershipScene asks(int node, WitnessRequest request) {
        witness(node).answer(now, request.ballot().master(), request);
        return this;
    }

    // What happens.

    /** The process ends and another one begins with what was remembered. */
    MastershipScene restart(long incarnation) {
        asked.clear();
        mastership = process(incarnation);
        return this;
    }

    MastershipScene look() {
        perform(mastership.look(now, view()));
        return this;
    }

    /** Looks, and lets the witnesses answer, until nothing is asked any more. */
    MastershipScene settle() {
        look();
        while (!asked.isEmpty()) {
            answer(asked.remove());
        }
        return this;
    }

    MastershipScene pass(long millis) {
        for (long end = now + millis * MILLI; now - end < 0; ) {
            now += 50 * MILLI;
            settle();
        }
        return this;
    }

    private void answer(MastershipEffect.Ask ask) {
        if (!down.contains(ask.node())
                && lost.filter(kind -> kind.isInstance(ask.request())).isEmpty()) {
            replied(
                    ask.node(),
                    ask.requestId(),
                    witness(ask.node()).answer(now, self, ask.request()));
        }
    }

    void replied(NodeId node, long requestId, WitnessReply reply) {
        perform(mastership.replied(now, node, requestId, reply));
    }

    MastershipScene hears(Ballot ballot, @Nullable Register register) {
        perform(mastership.heardPrimary(now, ballot, register));
        return this;
    }

    MastershipScene saw(Ballot ballot) {
        perform(mastership.saw(ballot));
        return this;
    }

    MastershipScene force(int generation, SortedSet<Witness> set) {
        perform(mastership.force(now, generation, set));
        return this;
    }

    private void perform(List<MastershipEffect> effects) {
        for (MastershipEffect effect : effects) {
            performed.add(effect);
            switch (effect) {
                case MastershipEffect.Remember(var next) -> memory = next;
                case MastershipEffect.Ask ask -> asked.add(ask);
                case MastershipEffect.TakeOffice(var register, _) ->
                        log = new MastershipView.Log(false, register.ballot(), null);
                case MastershipEffect.Writing _,
                        MastershipEffect.Written _,
                        MastershipEffect.StandDown _ -> {}
            }
        }
    }

    private MastershipView view() {
        SortedMap<NodeId, WitnessLink.Presence> present = new TreeMap<>();
        agents.forEach((node, witness) -> {
            if (!down.contains(node)) {
                present.put(node, new WitnessLink.Presence(witness.store(), obeyed.get(node)));
            }
        });
        return new MastershipView(log, present, proposed, wanted, automatic);
    }

    // What is seen.

    MastershipScene forget() {
        performed.clear();
        return this;
    }

    List<MastershipEffect> performed() {
        return performed;
    }

    <E extends MastershipEffect> List<E> performed(Class<E> kind) {
        return performed.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** What was asked of this kind. */
    <R extends WitnessRequest> List<R> asked(Class<R> kind) {
        return performed(MastershipEffect.Ask.class).stream()
                .map(MastershipEffect.Ask::request)
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    /** The node of the first question of this kind, and its id. */
    MastershipEffect.Ask firstAsk(Class<? extends WitnessRequest> kind) {
        return performed(MastershipEffect.Ask.class).stream()
                .filter(ask -> kind.isInstance(ask.request()))
                .findFirst()
                .orElseThrow();
    }

    boolean isPrimary() {
        return mastership.role() instanceof Mastership.Role.Primary;
    }

    Register register() {
        if (mastership.role() instanceof Mastership.Role.Primary(Register register)) {
            return register;
        }
        throw new IllegalStateException("no primary: " + mastership.role());
    }

    String why() {
        return mastership.role() instanceof Mastership.Role.Follower(String why) ? why : "";
    }
}
