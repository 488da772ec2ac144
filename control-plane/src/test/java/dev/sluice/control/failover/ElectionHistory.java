package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.List;

/** One history of a cluster: faults for some seconds, then none, until all is well. */
final class ElectionHistory {

    /** A second or more of everything: a silence, a round that fails, a restart. */
    private static final long MIN_FAULTS_MILLIS = 2_000;

    private static final long MAX_FAULTS_MILLIS = 8_000;

    /** Time for many elections; what needs longer is stuck. */
    private static final long RECOVERY_MILLIS = 20_000;

    /** As many as all other faults together. */
    private static final int MOST_OF_A_FAVOURITE = 16;

    private static final long STEP = 50 * ModelNetwork.MILLI;

    private final ElectionModel model;
    private final boolean ledgersMayBeLost;
    private final List<Runnable> faults = new ArrayList<>();

    ElectionHistory(long seed, Mutation mutation, boolean traces) {
        model = new ElectionModel(seed, mutation, traces);
        ledgersMayBeLost = model.random.nextBoolean();
        weigh(this::cutOne);
        weigh(this::isolate);
        weigh(this::split);
        weigh(model.network::heal);
        faults.add(model.network::heal);
        weigh(this::crashMaster);
        weigh(this::freezeMaster);
        weigh(this::stopAgent);
        weigh(this::loseStore);
        weigh(model::exchange);
        weigh(() -> model.masters().forEach(ModelMaster::handOver));
        weigh(() -> model.any(model.masters()).promote());
        weigh(() -> flip(model.any(model.masters())));
        Runnable favourite = model.any(faults);
        for (int i = model.random.nextInt(MOST_OF_A_FAVOURITE); i > 0; i--) {
            faults.add(favourite);
        }
    }

    /**
     * Each kind of fault is frequent in some histories, and absent in others. One is a favourite.
     */
    private void weigh(Runnable fault) {
        int weight = model.random.nextInt(4);
        for (int i = 0; i < weight; i++) {
            faults.add(fault);
        }
    }

    ElectionModel model() {
        return model;
    }

    /** Lets it happen; what must not is a {@link ElectionChecks.Violation}. */
    void run() {
        model.masters().forEach(ModelMaster::start);
        network().run(network().now() + model.random.nextLong(1500) * ModelNetwork.MILLI);
        disturb();
        long end = network().now() + faultsNanos();
        long pause = model.random.nextLong(20, 400);
        while (network().now() - end < 0) {
            network().run(network().now() + model.random.nextLong(pause) * ModelNetwork.MILLI);
            Runnable fault = model.any(faults);
            fault.run();
        }
        recover();
    }

    private ModelNetwork network() {
        return model.network;
    }

    private long faultsNanos() {
        return model.random.nextLong(MIN_FAULTS_MILLIS, MAX_FAULTS_MILLIS) * ModelNetwork.MILLI;
    }

    private void disturb() {
        network().disturb(upTo(0.3), upTo(0.2), upTo(0.5), model.random.nextLong(50, 2500));
        model.crashInEffects = upTo(0.02);
        model.restartInAnswers = upTo(0.3);
    }

    /** Nothing in some histories. */
    private double upTo(double most) {
        return model.random.nextInt(3) == 0 ? 0 : model.random.nextDouble(most);
    }

    private void recover() {
        model.trace("the faults end");
        network().disturb(0, 0, 0, 1);
        network().heal();
        model.crashInEffects = 0;
        model.restartInAnswers = 0;
        model.agents().forEach(ModelAgent::start);
        for (ModelMaster master : model.masters()) {
            master.automatic = true;
            model.later(master::start);
        }
        long end = network().now() + RECOVERY_MILLIS * ModelNetwork.MILLI;
        while (network().now() - end < 0) {
            network().run(network().now() + STEP);
            if (model.isWell()) {
                return;
            }
        }
        throw new ElectionChecks.Violation(
                ElectionChecks.RECOVERY, "it is not\n" + model.describe());
    }

    // Faults.

    private void cutOne() {
        NodeId one = anyNode();
        NodeId other = anyNode();
        model.trace("cut %s to %s", one, other);
        network().cut(one, other);
        if (model.random.nextBoolean()) {
            network().cut(other, one);
        }
    }

    private NodeId anyNode() {
        return model.any(nodes());
    }

    private List<NodeId> nodes() {
        List<NodeId> nodes = new ArrayList<>();
        model.masters().forEach(master -> nodes.add(master.id()));
        model.agents().forEach(agent -> nodes.add(agent.node()));
        return nodes;
    }

    private void isolate() {
        NodeId alone = model.any(model.masters()).id();
        boolean speaks = model.chance(0.25);
        boolean hears = !speaks && model.chance(0.25);
        model.trace("isolate %s", alone);
        for (NodeId other : nodes()) {
            if (!speaks) {
                network().cut(alone, other);
            }
            if (!hears) {
                network().cut(other, alone);
            }
        }
    }

    private void split() {
        List<NodeId> here = new ArrayList<>();
        List<NodeId> there = new ArrayList<>();
        nodes().forEach(node -> (model.random.nextBoolean() ? here : there).add(node));
        model.trace("split %s from %s", here, there);
        for (NodeId one : here) {
            for (NodeId other : there) {
                network().cut(one, other);
                network().cut(other, one);
            }
        }
    }

    private void crashMaster() {
        ModelMaster master = model.any(model.masters());
        master.crash();
        network().in(model.random.nextLong(2500) * ModelNetwork.MILLI, master::start);
    }

    private void freezeMaster() {
        ModelMaster master = model.any(model.masters());
        model.trace("%s freezes", master.id());
        master.freeze(model.random.nextLong(3000) * ModelNetwork.MILLI);
    }

    private void stopAgent() {
        ModelAgent agent = model.any(model.agents());
        model.trace("%s stops", agent.node());
        agent.stop();
        network().in(model.random.nextLong(1500) * ModelNetwork.MILLI, agent::start);
    }

    private void loseStore() {
        if (ledgersMayBeLost) {
            ModelAgent agent = model.any(model.agents());
            if (model.maySpareLedger(agent)) {
                agent.loseLedger(model.nextStore());
                model.ledgersLost++;
            }
        } else {
            ModelMaster master = model.any(model.masters());
            if (model.maySpareDisk(master)) {
                master.loseDisk(model.nextStore());
                model.disksLost++;
                model.later(master::start);
            }
        }
    }

    private void flip(ModelMaster master) {
        master.automatic = !master.automatic;
        model.trace("%s: automatic %s", master.id(), master.automatic);
    }
}
