package dev.sluice.loadtest.sim;

import dev.sluice.agent.ledger.LedgerCorruptException;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Everything that a history consists of, and what its parts need of one another. */
final class World {

    private final Schedule schedule = new Schedule();
    private final Dice dice;
    private final Trace trace;
    private final Mutation mutation;
    private final Shape shape;
    private final Topology topology;
    private final Packages packages;
    private final Network network;
    private final SharedAddresses addresses = new SharedAddresses();
    private final SortedMap<String, Host> hosts = new TreeMap<>();
    private final SortedMap<String, MasterUnit> masters = new TreeMap<>();
    private final Promises promises;
    private final long eventsBetweenSnapshots;
    private final SortedMap<String, Integer> coverage = new TreeMap<>();
    private boolean witnessesLost;

    World(long seed, Mutation mutation, Function<Schedule, Trace> trace) {
        this.dice = new Dice(seed);
        this.trace = trace.apply(schedule);
        this.mutation = mutation;
        this.shape = Shape.of(dice);
        this.topology = shape.topology();
        this.packages = Packages.of(dice, shape.twoPasses());
        this.network = new Network(schedule, dice);
        this.promises = new Promises(this);
        for (Master master : topology.masters()) {
            Machine machine = newMachine(master.id().value());
            MasterUnit unit = new MasterUnit(this, master.id(), machine);
            masters.put(master.id().value(), unit);
            add(new SimNode(master.id(), master.region(), true, machine, unit, Packages.before()));
        }
        for (TrafficNode node : topology.nodes()) {
            Machine machine = newMachine(node.id().value());
            SiteUnit site = new SiteUnit(schedule, dice, shape.stay());
            add(new SimNode(node.id(), node.region(), false, machine, site, Packages.before()));
        }
        setLatencies();
        this.eventsBetweenSnapshots = dice.pick(List.of(10L, 30L, Long.MAX_VALUE));
    }

    /** So few that some histories compact their journals again and again; others never do. */
    long eventsBetweenSnapshots() {
        return eventsBetweenSnapshots;
    }

    private void add(SimNode node) {
        hosts.put(node.id().value(), new Host(this, node));
    }

    private Machine newMachine(String name) {
        double speed = 1 + dice.between(-10_000, 10_000) / 1e6;
        return new Machine(name, schedule, speed, dice.between(0, 1L << 50));
    }

    private void setLatencies() {
        for (Host from : hosts.values()) {
            for (Host to : hosts.values()) {
                boolean near = from.node().region().equals(to.node().region());
                long usual =
                        near
                                ? dice.between(Duration.ofNanos(200_000), Duration.ofMillis(2))
                                : dice.between(Duration.ofMillis(10), Duration.ofMillis(60));
                network.latency(from.node().id().value(), to.node().id().value(), usual);
            }
        }
    }

    static String agentService(String master) {
        return master + "/agents";
    }

    static String replicationService(String master) {
        return master + "/replication";
    }

    static String positionService(String master) {
        return master + "/positions";
    }

    static String packageSource(String node) {
        return node + ":7444";
    }

    Schedule schedule() {
        return schedule;
    }

    Dice dice() {
        return dice;
    }

    Trace trace() {
        return trace;
    }

    Mutation mutation() {
        return mutation;
    }

    Shape shape() {
        return shape;
    }

    Topology topology() {
        return topology;
    }

    Packages packages() {
        return packages;
    }

    Network network() {
        return network;
    }

    SharedAddresses addresses() {
        return addresses;
    }

    Promises promises() {
        return promises;
    }

    List<String> masters() {
        return List.copyOf(masters.keySet());
    }

    SortedMap<String, MasterUnit> masterUnits() {
        return masters;
    }

    SortedMap<String, Host> hosts() {
        return hosts;
    }

    Host host(String name) {
        Host host = hosts.get(name);
        if (host == null) {
            throw new IllegalArgumentException("there is no node " + name);
        }
        return host;
    }

    SimNode node(NodeId id) {
        return host(id.value()).node();
    }

    Machine machine(String name) {
        return host(name).node().machine();
    }

    /** Whether somebody at an address has a whole content and can be reached both ways. */
    boolean servesContent(String address, String content, long size, Machine puller) {
        String name = address.substring(0, address.indexOf(':'));
        Host source = hosts.get(name);
        if (source == null || !source.node().isPowered()) {
            return false;
        }
        SimNode node = source.node();
        boolean isAgent = address.equals(packageSource(name));
        boolean awake =
                isAgent
                        ? source.agentLife() != null && source.agentLife().isAwake()
                        : node.service().isAlive();
        boolean has =
                node.staged().getOrDefault(content, 0L) >= size
                        || (!isAgent && node.depot().contains(content));
        return awake
                && has
                && !network.isCut(puller, node.machine())
                && !network.isCut(node.machine(), puller);
    }

    /**
     * Whether a new base takes the agent down with the node; where it runs beside it, it does not.
     */
    boolean rebootEndsAgent(SimNode node) {
        return node.id().value().hashCode() % 2 == 0;
    }

    void reboot(SimNode node) {
        host(node.id().value())
                .losePower(dice.between(Duration.ofSeconds(5), Duration.ofSeconds(40)));
    }

    /** Something rare has happened. */
    void covered(String what) {
        coverage.merge(what, 1, Integer::sum);
    }

    SortedMap<String, Integer> coverage() {
        return coverage;
    }

    /** A majority of the witnesses is gone for good; known to the operator, who acts on it. */
    void witnessesAreLost() {
        witnessesLost = true;
    }

    boolean areWitnessesLost() {
        return witnessesLost;
    }

    /** What the primaries' executors wait for, for people. */
    String waits() {
        StringBuilder waits = new StringBuilder();
        for (MasterUnit unit : masters.values()) {
            SimMaster master = unit.running();
            if (master != null) {
                waits.append(
                        "; %s %s waits for %s"
                                .formatted(
                                        master.id(),
                                        master.controller().ballot(),
                                        master.executor().waits()));
            }
        }
        return waits.toString();
    }

    /** An operator does what the message says: the ledger is gone, and a new one is founded. */
    void agentCannotStart(SimNode node, IOException why) {
        trace.say(node.id().value(), () -> "agent can't start: " + why.getMessage());
        if (why instanceof LedgerCorruptException) {
            node.ledger().lose();
            promises.ledgerLost(node);
        }
    }

    /** An operator does what the message says: the journal is gone, and the master resyncs. */
    void masterCannotStart(MasterUnit master, IOException why) {
        trace.say("master " + master.id(), () -> "can't start: " + why.getMessage());
        if (master.takeDamage()) {
            master.disks().lose();
        }
    }
}
