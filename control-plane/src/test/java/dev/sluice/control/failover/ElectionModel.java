package dev.sluice.control.failover;

import com.google.errorprone.annotations.FormatMethod;
import dev.sluice.control.model.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Masters, agents and the network between them: one cluster, made from one seed. */
final class ElectionModel {

    /** Entries that a journal may have before the faults end. */
    static final int MAX_ENTRIES = 60;

    /** Lines of the trace that are kept. */
    private static final int TRACED = 400;

    private static final int AGENTS = 7;

    final SplittableRandom random;
    final ModelNetwork network;
    final ElectionChecks checks = new ElectionChecks();
    final Mutation mutation;
    private final boolean traces;
    private final Deque<String> trace = new ArrayDeque<>();
    private final List<ModelMaster> masters = new ArrayList<>();
    private final List<ModelAgent> agents = new ArrayList<>();

    /** The nodes that should be witnesses. */
    private final SortedSet<NodeId> chosen = new TreeSet<>();

    private long numbers;
    double crashInEffects;
    double restartInAnswers;
    int handovers;
    int exchanges;
    int shrunk;
    int grown;
    int ledgersLost;
    int disksLost;

    ElectionModel(long seed, Mutation mutation, boolean traces) {
        this.random = new SplittableRandom(seed);
        this.mutation = mutation;
        this.traces = traces;
        this.network = new ModelNetwork(random, random.nextLong());
        int members = random.nextInt(4) == 0 ? 5 : 3;
        for (int i = 0; i < AGENTS; i++) {
            agents.add(new ModelAgent(this, new NodeId("n-" + i), nextStore()));
        }
        agents.stream().limit(members).forEach(agent -> chosen.add(agent.node()));
        int count = random.nextInt(3) == 0 ? 3 : 2;
        for (int i = 0; i < count; i++) {
            masters.add(new ModelMaster(this, new NodeId("m-" + i), nextStore(), i == 0));
        }
    }

    List<ModelMaster> masters() {
        return masters;
    }

    List<ModelAgent> agents() {
        return agents;
    }

    ModelAgent agent(NodeId node) {
        return agents.stream().filter(a -> a.node().equals(node)).findFirst().orElseThrow();
    }

    <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    boolean chance(double of) {
        return random.nextDouble() < of;
    }

    long nextNumber() {
        return ++numbers;
    }

    StoreId nextStore() {
        return new StoreId("s-" + nextNumber());
    }

    /** Does it within a second. */
    void later(Runnable what) {
        network.in(random.nextLong(1000) * ModelNetwork.MILLI, what);
    }

    @FormatMethod
    void trace(String format, @Nullable Object... arguments) {
        if (traces) {
            if (trace.size() == TRACED) {
                trace.removeFirst();
            }
            trace.add(network.now() / ModelNetwork.MILLI + " " + format.formatted(arguments));
        }
    }

    String traced() {
        return String.join("\n", trace);
    }

    void written(Register before, Register now) {
        exchanges += before.leaving().isPresent() && now.leaving().isEmpty() ? 1 : 0;
        shrunk += now.inSync().size() < before.inSync().size() ? 1 : 0;
        grown += now.inSync().size() > before.inSync().size() ? 1 : 0;
    }

    /** The witnesses that there should be, as a master sees it; a founder needs all of them. */
    SortedSet<Witness> wanted(
            SortedMap<NodeId, WitnessLink.Presence> present, @Nullable Register known) {
        SortedSet<Witness> wanted = new TreeSet<>();
        for (NodeId node : chosen) {
            WitnessLink.Presence presence = present.get(node);
            if (presence != null) {
                wanted.add(new Witness(node, presence.store()));
            } else if (known == null) {
                return new TreeSet<>();
            } else {
                for (Witness witness : known.witnesses().members()) {
                    if (witness.node().equals(node)) {
                        wanted.add(witness);
                    }
                }
            }
        }
        return wanted;
    }

    void exchange() {
        List<NodeId> spare =
                agents.stream().map(ModelAgent::node).filter(n -> !chosen.contains(n)).toList();
        NodeId leaves = any(List.copyOf(chosen));
        NodeId joins = any(spare);
        trace("%s is to be a witness instead of %s", joins, leaves);
        chosen.remove(leaves);
        chosen.add(joins);
    }

    /**
     * Whether every register that counts, or may yet, has a majority without this ledger. While the
     * cluster is founded, one may be lost.
     */
    boolean maySpareLedger(ModelAgent lost) {
        if (checks.chosen().isEmpty() && ledgersLost > 0) {
            return false;
        }
        Stream<Register> known =
                masters.stream().map(m -> m.memory().register()).flatMap(Stream::ofNullable);
        return Stream.concat(checks.open().stream(), known)
                .flatMap(r -> Stream.concat(Stream.of(r.witnesses()), r.leaving().stream()))
                .allMatch(set ->
                        set.hasMajority(
                                agents.stream()
                                        .filter(agent -> agent != lost)
                                        .map(a -> new Witness(a.node(), a.witness().store()))
                                        .toList()));
    }

    /** Whether another master is in sync whatever register counts. */
    boolean maySpareDisk(ModelMaster lost) {
        Optional<Register> counts = checks.chosen();
        List<Replica> others =
                masters.stream().filter(m -> m != lost).map(ModelMaster::replica).toList();
        return counts.isPresent()
                && checks.open().stream()
                        .allMatch(r -> r.inSync().stream().anyMatch(others::contains));
    }

    /** Whether one master leads, everybody is in sync, and all have the same. */
    boolean isWell() {
        SortedSet<Replica> all =
                masters.stream()
                        .map(ModelMaster::replica)
                        .collect(Collectors.toCollection(TreeSet::new));
        List<ModelMaster> leading = masters.stream().filter(ModelMaster::leads).toList();
        return leading.size() == 1
                && leading.getFirst().leadsAll(all)
                && masters.stream().allMatch(m -> m.journal().equals(leading.getFirst().journal()));
    }

    String describe() {
        StringBuilder text = new StringBuilder();
        masters.forEach(master -> text.append(master.describe()).append('\n'));
        agents.forEach(agent ->
                text.append(
                        "%s/%s %s: promised %s, register %s, obeys %s\n"
                                .formatted(
                                        agent.node(),
                                        agent.witness().store(),
                                        agent.isUp() ? "up" : "down",
                                        agent.witness().promised(),
                                        agent.witness().register(),
                                        agent.obeyed())));
        return text.toString();
    }
}
