package dev.sluice.loadtest.sim;

import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.controller.Founding;
import dev.sluice.control.executor.Executor;
import dev.sluice.control.executor.PackageSources;
import dev.sluice.control.failover.Mastership;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Timings;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.fleet.AgentLinkEndpoint;
import dev.sluice.control.fleet.Fleet;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Work;
import dev.sluice.control.peer.InSync;
import dev.sluice.control.peer.MemoryFile;
import dev.sluice.control.peer.OfficeKeeper;
import dev.sluice.control.peer.PeerTable;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Recorded;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One life of a master's process: the real parts of a control plane, wired without threads. */
final class SimMaster {

    private static final long EXECUTOR_NANOS = Duration.ofMillis(250).toNanos();
    private static final long ELECTION_NANOS = Duration.ofMillis(50).toNanos();
    private static final long SWEEP_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int STORE_ID_BYTES = 16;

    /** A mutated master remembers what its first process saw, so that it takes part at all. */
    private static final int FORGETS_AFTER = 1;

    /** As small as can be, so that a history has many segments, and the first ones go. */
    private static final JournalOptions JOURNAL = new JournalOptions(4 << 10, 1 << 20, 4 << 10);

    private static final long COMPACTION_NANOS = Duration.ofSeconds(2).toNanos();

    private final World world;
    private final Life life;
    private final NodeId id;
    private final MasterDisks disks;
    private final int start;
    private final EventCodec codec = new EventCodec();
    private final Controller controller;
    private final InSync inSync;
    private final Fleet fleet;
    private final WatchedAgents agents;
    private final AgentLinkEndpoint agentLink;
    private final PeerTable peers;
    private final WatchedWitnesses witnesses;
    private final OfficeKeeper office;
    private final SimFollower follower;
    private final Executor executor;
    private final SortedMap<NodeId, SimShipper> shippers = new TreeMap<>();
    private final SimShipper.Ports shipping;
    private long snapshotAt;
    private boolean writing;
    private boolean looking;
    private boolean electing;
    private @Nullable Register register;

    /**
     * Recovers what is on the disks; {@link #start} begins.
     *
     * @throws IOException when something can't be read: the process can't start
     */
    SimMaster(World world, NodeId id, String version, Life life, MasterDisks disks, int start)
            throws IOException {
        this.world = world;
        this.life = life;
        this.id = id;
        this.disks = disks;
        this.start = start;
        long drawn = world.dice().random().nextLong() & Long.MAX_VALUE;
        long incarnation = world.mutation() == Mutation.BALLOT_REUSED ? 7 : drawn;
        boolean forgets = world.mutation() == Mutation.JOURNAL_FORGETS_FORCE;
        DurableState durable =
                DurableState.recover(
                        id,
                        incarnation,
                        new SimDisk(disks.journal(), life, forgets),
                        JOURNAL,
                        life.machine()::wall,
                        this::storeId);
        world.promises().commits().compare(life, durable.state(), durable.durablePosition());
        this.inSync = new InSync(life.machine()::nanos);
        this.controller =
                Controller.stepped(
                        durable,
                        new WatchedGate(
                                inSync, this::decided, world.mutation() == Mutation.COMMIT_ALONE),
                        life.machine()::nanos,
                        this::write);
        this.peers =
                new PeerTable(
                        world.masters().stream()
                                .map(NodeId::new)
                                .filter(m -> !m.equals(id))
                                .toList());
        this.fleet =
                new Fleet(
                        id,
                        version,
                        node -> world.hosts().containsKey(node.value()),
                        life.machine()::nanos,
                        this::obeyed,
                        this::wake,
                        this::replied,
                        this::signedFor,
                        () -> "");
        this.agentLink = new AgentLinkEndpoint(fleet, life.machine()::nanos);
        this.agents =
                new WatchedAgents(
                        fleet,
                        world.schedule(),
                        world.mutation() == Mutation.UNKNOWN_COUNTS_AS_SERVING);
        this.witnesses =
                new WatchedWitnesses(
                        fleet, inSync, world.mutation() == Mutation.IN_SYNC_WITHOUT_QUORUM);
        this.office =
                new OfficeKeeper(
                        new OfficeKeeper.Ports(
                                controller.replica(),
                                incarnation,
                                version,
                                founding(),
                                Timings.DEFAULT,
                                controller,
                                witnesses,
                                inSync,
                                new MemoryFile(new SimDisk(memory(), life, false)),
                                life.machine()::wall,
                                life.machine()::nanos,
                                higher -> exit("superseded by " + higher),
                                () -> exit("the election failed")));
        this.follower =
                new SimFollower(
                        world,
                        life,
                        id,
                        version,
                        controller,
                        peers,
                        this,
                        new SimDisk(disks.archive(), life, false),
                        new SimDisk(disks.incoming(), life, false));
        this.shipping =
                new SimShipper.Ports(
                        life,
                        id,
                        version,
                        controller,
                        inSync,
                        peers,
                        office::register,
                        shippers,
                        this::wake);
        this.executor =
                new Executor(
                        new Executor.Ports(
                                id,
                                controller,
                                agents,
                                peers,
                                (name, state) -> name + ": " + state.index(),
                                sources(),
                                life.machine()::wall,
                                life.machine()::nanos,
                                work -> life.after(SWEEP_NANOS, work),
                                SharedAddresses.ADDRESS,
                                office::electorate));
    }

    /** A mutated master writes to a copy, which the next process does not find. */
    private MemoryDisk memory() throws IOException {
        boolean forgets = world.mutation() == Mutation.BALLOT_REUSED && start > FORGETS_AFTER;
        return forgets ? MasterDisks.copyOf(disks.memory()) : disks.memory();
    }

    private Optional<Founding> founding() {
        boolean isFounder = id.value().equals(world.masters().getFirst());
        return isFounder
                ? Optional.of(new Founding(world.topology(), world.shape().policy()))
                : Optional.empty();
    }

    private void exit(String why) {
        world.trace().say(life.name(), () -> why);
        life.end();
    }

    private Optional<SignedPromotion> signedFor(int generation) {
        return office.signedFor(generation);
    }

    private void obeyed(Ballot ballot) {
        office.obeyed(ballot);
        elect();
    }

    private void replied(NodeId node, long request, WitnessReply reply) {
        office.replied(node, request, reply);
        elect();
    }

    /** Hears a primary; false to leave it. */
    boolean heard(NodeId master, Ballot ballot, Optional<Register> register) {
        boolean follows = office.heard(master, ballot, register);
        elect();
        return follows;
    }

    void followsNoMore(NodeId master) {
        office.ended(master);
    }

    boolean mayFollow() {
        return !office.isPrimary();
    }

    /** Lets the election look soon. */
    private void elect() {
        if (!electing) {
            electing = true;
            life.after(
                    0,
                    () -> {
                        electing = false;
                        look();
                    });
        }
    }

    private void look() {
        inSync.look();
        office.step();
        office.register()
                .ifPresent(r -> {
                    world.promises().commits().leads(life, r.ballot());
                    world.promises().commits().wrote(r);
                    if (!r.equals(register)) {
                        register = r;
                        world.trace()
                                .say(
                                        life.name(),
                                        () ->
                                                "register %s/%d: in sync %s, witnesses %s"
                                                        .formatted(
                                                                r.ballot(),
                                                                r.sequence(),
                                                                r.inSync(),
                                                                r.witnesses().members()));
                    }
                });
    }

    private String storeId() {
        byte[] bytes = new byte[STORE_ID_BYTES];
        world.dice().random().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private PackageSources sources() {
        return new PackageSources() {
            @Override
            public boolean has(PackageRef pkg) {
                SimNode node = world.node(id);
                String content = world.packages().byRef(pkg).content().sha256().hex();
                long size = world.packages().byRef(pkg).content().size();
                return node.depot().contains(content)
                        || node.staged().getOrDefault(content, 0L) >= size;
            }

            @Override
            public String address() {
                return id + ":7070";
            }
        };
    }

    void start() {
        controller.subscribe(this::applied);
        inSync.onShippable(() -> shippers.values().forEach(SimShipper::pump));
        world.network().listen(World.agentService(id.value()), life, this::agentDialled);
        world.network().listen(World.replicationService(id.value()), life, this::followerDialled);
        world.network()
                .listen(
                        World.positionService(id.value()),
                        life,
                        (end, _) -> new SimSnapshots(world, life, controller, end));
        life.every(EXECUTOR_NANOS, executor::step);
        life.every(SWEEP_NANOS, agentLink::expireSilent);
        life.every(SWEEP_NANOS, this::write);
        life.every(ELECTION_NANOS, this::look);
        life.every(COMPACTION_NANOS, this::compact);
        follower.start();
    }

    /** The upkeep that a real master does every 20,000 events. */
    private void compact() {
        long index = controller.state().index();
        if (index - snapshotAt < world.eventsBetweenSnapshots()) {
            return;
        }
        snapshotAt = index;
        var _ =
                controller.maintain(durable -> {
                    durable.snapshot();
                    long before = durable.firstIndex();
                    durable.compact(inSync.lowestFollower());
                    if (durable.firstIndex() > before) {
                        world.covered("journals compacted");
                    }
                });
    }

    /** This master's journal was replaced by one that begins after a snapshot. */
    void replaced() {
        office.replaced(controller.replica());
        elect();
    }

    private Receiver agentDialled(End end, String peer) {
        SimStream<SessionRequest, SessionResponse> stream =
                new SimStream<>(end, SessionRequest.class);
        PeerIdentity.as(PeerName.node(peer)).run(() -> stream.to(agentLink.session(stream)));
        return stream;
    }

    private Receiver followerDialled(End end, String peer) {
        return new SimShipper(shipping, end, peer);
    }

    /** Lets the writer go on, a step at a time, as fast as the disk is. */
    private void write() {
        if (writing) {
            return;
        }
        writing = true;
        life.after(
                world.dice().between(100_000L, 2_000_000L) + disks.slowNanos(),
                () -> {
                    writing = false;
                    step();
                });
    }

    private void step() {
        try {
            if (controller.step()) {
                write();
            }
        } catch (IOException e) {
            world.trace().say(life.name(), () -> "the writer stops: " + e.getMessage());
            life.end();
        }
    }

    /** Lets the executor look soon. */
    private void wake() {
        if (!looking) {
            looking = true;
            life.after(
                    1_000_000L,
                    () -> {
                        looking = false;
                        executor.step();
                    });
        }
    }

    // What the promises are told.

    private void decided(long firstIndex, List<byte[]> payloads) {
        long index = firstIndex;
        for (byte[] payload : payloads) {
            try {
                Recorded recorded = codec.decode(index++, payload);
                if (recorded.event() instanceof Event.StepStarted(var plan, var step, var _)) {
                    controller
                            .state()
                            .upgrade(plan)
                            .flatMap(upgrade -> upgrade.graph().step(step))
                            .filter(s -> s.work() instanceof Work.CloseAdmission)
                            .ifPresent(s ->
                                    world.promises().budget().closes(s.node(), agents.lookedAt()));
                }
            } catch (JournalCodecException e) {
                throw new IllegalStateException("entry %d".formatted(index), e);
            }
        }
    }

    private void applied(ClusterState state, List<Recorded> recorded) {
        Commits commits = world.promises().commits();
        boolean primary = controller.leading().isPresent();
        recorded.forEach(one ->
                world.trace()
                        .say(
                                life.name(),
                                () ->
                                        "%s %d %s"
                                                .formatted(
                                                        primary ? "decides" : "takes",
                                                        one.index(),
                                                        brief(one.event()))));
        controller
                .leading()
                .ifPresent(ballot ->
                        commits.shown(life, ballot, state, controller.firstIndex() - 1, this::at));
        commits.has(life, state, at(state.index()));
        wake();
    }

    private static String brief(Event event) {
        String text = event.toString();
        return text.length() <= 200 ? text : text.substring(0, 200) + "...";
    }

    private JournalPosition at(long index) {
        try {
            return controller.positionAt(index);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the visible state stands. */
    JournalPosition position() {
        return at(controller.state().index());
    }

    /** Whether a quorum has everything that this primary asked it to accept. */
    boolean isWritten() {
        Optional<Register> accepted = office.register();
        return accepted.isPresent() && accepted.get().equals(witnesses.asked());
    }

    boolean isCandidate() {
        return office.standing().role() instanceof Mastership.Role.Candidate;
    }

    // What operators use.

    Life life() {
        return life;
    }

    NodeId id() {
        return id;
    }

    Controller controller() {
        return controller;
    }

    Fleet fleet() {
        return fleet;
    }

    PeerTable peers() {
        return peers;
    }

    Executor executor() {
        return executor;
    }

    OfficeKeeper office() {
        return office;
    }
}
