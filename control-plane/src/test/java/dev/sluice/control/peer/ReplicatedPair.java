package dev.sluice.control.peer;

import dev.sluice.control.controller.Batch;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.controller.Founding;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.GrpcTls;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.control.recordstore.Retention;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Office;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.FetchSnapshotRequest;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Masters m-a and m-b that replicate over mutual TLS on loopback, each on a journal of its own that
 * survives its restarts.
 */
final class ReplicatedPair implements AutoCloseable {

    static final NodeId A = new NodeId("m-a");
    static final NodeId B = new NodeId("m-b");

    /** Segments so small that a journal of some hundred entries can be compacted. */
    static final JournalOptions OPTIONS =
            JournalOptions.defaults().withPreallocateBytes(0).withSegmentBytes(8 << 10);

    /** The snapshots that were asked for. */
    final List<FetchSnapshotRequest> fetches = new CopyOnWriteArrayList<>();

    /** As the product's, only faster. */
    private static final RecordPuller.Pace PACE =
            new RecordPuller.Pace(Duration.ofMillis(50), Duration.ofMillis(20));

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final InstantSource CLOCK = InstantSource.system();
    private static final CertificateAuthority CA =
            CertificateAuthority.create("test", Duration.ofDays(1), CLOCK);

    private final Path directory;
    private final Map<NodeId, InetSocketAddress> addresses = new HashMap<>();
    private final Map<NodeId, Running> running = new HashMap<>();
    private final AtomicLong incarnations = new AtomicLong();

    ReplicatedPair(Path directory) throws IOException {
        this.directory = directory;
        addresses.put(A, freeAddress());
        addresses.put(B, freeAddress());
    }

    private InetSocketAddress address(NodeId master) {
        return Objects.requireNonNull(addresses.get(master));
    }

    private static InetSocketAddress freeAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
        }
    }

    Path journal(NodeId master) throws IOException {
        return directory(master, "journal");
    }

    Path directory(NodeId master, String name) throws IOException {
        return Files.createDirectories(directory.resolve(master.value()).resolve(name));
    }

    /** Starts a master that serves, follows and takes office when it is its turn. */
    Running start(NodeId self) throws Exception {
        Running started = new Running(self, self.equals(A) ? B : A);
        running.put(self, started);
        return started;
    }

    void stop(NodeId self) {
        Running stopped = running.remove(self);
        if (stopped != null) {
            stopped.close();
        }
    }

    /** Adds an entry to B's journal that A decided and lost. */
    void addLostEntryToB() throws IOException {
        Path copy = directory.resolve("copy");
        Files.createDirectory(copy);
        try (Stream<Path> files = Files.list(journal(A))) {
            for (Path file : files.filter(f -> !f.toString().endsWith(".lock")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        List<byte[]> lost;
        try (DurableState before = open(copy, A, 1)) {
            Batch batch =
                    before.append(
                            List.of(
                                    new Command.ChangeSetting(
                                            "site.lost",
                                            Optional.of("1"),
                                            false,
                                            new Actor("alice"))));
            lost = batch.payloads();
        }
        try (DurableState b = open(journal(B), B, 99)) {
            var _ = b.follow(b.state().index() + 1, lost, _ -> {});
        }
    }

    private static DurableState open(Path journal, NodeId self, long incarnation)
            throws IOException {
        return DurableState.recover(self, incarnation, NioDisk.in(journal), OPTIONS, CLOCK);
    }

    /** A channel to a master for whoever holds a certificate. */
    ManagedChannel channel(PeerName as, NodeId to) throws Exception {
        return NettyChannelBuilder.forAddress(address(to))
                .sslContext(
                        GrpcTls.client(
                                identity(as), PeerExpectation.exactly(PeerName.master(to.value()))))
                .build();
    }

    private static TlsIdentity identity(PeerName name) throws Exception {
        return TlsIdentity.of(CA.issue(name, Set.of(), Duration.ofHours(1)), CLOCK);
    }

    /** Waits for what other threads bring about; at every look no two masters are in office. */
    void await(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            requireAtMostOneInOffice();
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("never happened: " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        requireAtMostOneInOffice();
    }

    /** Starts the founder, which takes office. */
    Running startPrimary() throws Exception {
        Running a = start(A);
        await("A is in office", () -> a.controller.state().topology() != null);
        return a;
    }

    /** Waits until a follower has the primary's journal and is wanted in sync. */
    void awaitSame(Running primary, Running follower) {
        await(
                "B has what A has",
                () ->
                        follower.controller
                                        .durablePosition()
                                        .equals(primary.controller.durablePosition())
                                && follower.has(primary)
                                && primary.inSync.wanted().contains(follower.controller.replica()));
    }

    void requireAtMostOneInOffice() {
        List<NodeId> inOffice =
                running.values().stream()
                        .filter(m -> m.controller.isInOffice())
                        .map(m -> m.self)
                        .toList();
        if (inOffice.size() > 1) {
            throw new AssertionError("in office at once: " + inOffice);
        }
    }

    /** Notes which snapshots are asked for. */
    private final class Wiretap implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
                @Override
                public void onMessage(Q message) {
                    if (message instanceof FetchSnapshotRequest request) {
                        fetches.add(request);
                    }
                    super.onMessage(message);
                }
            };
        }
    }

    /** One process of a master. */
    final class Running implements AutoCloseable {

        final NodeId self;
        final NodeId other;
        final Controller controller;
        final PeerTable peers;
        final InSync inSync;
        final Follower follower;

        final RecordStore records;
        final RecordExchanges exchanges;

        /** Sessions in which a primary was heard. */
        final AtomicInteger heard = new AtomicInteger();

        /** The replicas that this master became when its journal began anew. */
        final List<Replica> replaced = new CopyOnWriteArrayList<>();

        /** Whether a wanted in-sync set counts as written at once. */
        volatile boolean writesWanted = true;

        private final Deque<AutoCloseable> parts = new ArrayDeque<>();

        private Running(NodeId self, NodeId other) throws Exception {
            this.self = self;
            this.other = other;
            long incarnation = incarnations.incrementAndGet();
            DurableState durable =
                    DurableState.recover(
                            self, incarnation, NioDisk.in(journal(self)), OPTIONS, CLOCK);
            inSync = new InSync(System::nanoTime);
            inSync.primary(durable.replica(), new TreeSet<>(Set.of(durable.replica())));
            inSync.onWantedChanged(this::writeWanted);
            controller = new Controller(durable, inSync, System::nanoTime, () -> {});
            parts.push(controller);
            peers = new PeerTable(List.of(other));
            ReplicationEndpoint endpoint =
                    new ReplicationEndpoint(
                            self,
                            "1.0.0",
                            controller,
                            inSync,
                            Optional::empty,
                            peers,
                            CLOCK,
                            () -> {});
            parts.push(endpoint);
            records =
                    new RecordStore(
                            NioDisk.in(directory(self, "records")),
                            Retention.DEFAULT,
                            CLOCK,
                            System::nanoTime);
            parts.push(records);
            exchanges = new RecordExchanges(List.of(other), CLOCK);
            serve(endpoint);
            ManagedChannel channel = channel(PeerName.master(self.value()), other);
            parts.push(() -> channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS));
            parts.push(
                    new RecordPuller(
                            records, exchanges, new TreeMap<>(Map.of(other, channel)), PACE));
            follower =
                    new Follower(
                            new Follower.Ports(
                                    self,
                                    "1.0.0",
                                    controller,
                                    new TreeMap<>(Map.of(other, channel)),
                                    peers,
                                    new Ears(),
                                    this::isAnothersTurn,
                                    NioDisk.in(directory(self, "archive")),
                                    NioDisk.in(directory(self, "resync")),
                                    this::begunAnew,
                                    System::nanoTime));
            parts.push(follower);
            PlanningInput input =
                    Fixture.twoMasters()
                            .region("eu", 2)
                            .pkg("base 7.0.0", "base >=6.1.0")
                            .target("base 7.0.0")
                            .input();
            new OfficeByJournal(
                            self,
                            A,
                            incarnation,
                            controller,
                            new Founding(input.topology(), input.policy()))
                    .start();
        }

        private final class Ears implements PrimaryHeard {
            private volatile boolean hears;

            @Override
            public boolean heard(NodeId master, Ballot ballot, Optional<Register> register) {
                if (!hears) {
                    hears = true;
                    var _ = heard.incrementAndGet();
                }
                return true;
            }

            @Override
            public void ended(NodeId master) {
                hears = false;
            }
        }

        private void begunAnew(Replica replica) {
            replaced.add(replica);
            inSync.primary(replica, new TreeSet<>(Set.of(replica)));
        }

        /** Whether it is another master's turn by this one's journal. */
        private boolean isAnothersTurn() {
            Office office = controller.state().office();
            return !controller.isInOffice() && (office == null || !office.entitled().equals(self));
        }

        private void writeWanted() {
            if (writesWanted) {
                SortedSet<Replica> wanted = inSync.wanted();
                boolean _ = inSync.registers(wanted, wanted);
            }
        }

        private void serve(ReplicationEndpoint endpoint) throws Exception {
            ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
            parts.push(calls::shutdownNow);
            Server server =
                    NettyServerBuilder.forAddress(address(self))
                            .sslContext(GrpcTls.server(identity(PeerName.master(self.value()))))
                            .executor(calls)
                            .intercept(PeerIdentity.interceptor())
                            .intercept(new Wiretap())
                            .addService(endpoint)
                            .addService(new RecordEndpoint(List.of(other), records, exchanges))
                            .build()
                            .start();
            parts.push(() -> server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS));
        }

        Decision decide(Command command) throws Exception {
            return controller.submit(command).get(30, TimeUnit.SECONDS);
        }

        void set(String key, String value) throws Exception {
            Decision decision =
                    decide(
                            new Command.ChangeSetting(
                                    key, Optional.of(value), false, new Actor("alice")));
            if (decision instanceof Decision.Rejected(var refusal)) {
                throw new AssertionError("refused: " + refusal);
            }
        }

        Peers.Peer peer() {
            Peers.Peer peer = peers.observe().get(other);
            if (peer == null) {
                throw new AssertionError("master " + other + " is not in the table");
            }
            return peer;
        }

        boolean has(Running primary) {
            return controller.state().equals(primary.controller.state());
        }

        @Override
        public void close() {
            while (!parts.isEmpty()) {
                try {
                    parts.pop().close();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                } catch (Exception e) {
                    throw new AssertionError("closing master " + self, e);
                }
            }
        }
    }

    @Override
    public void close() {
        List.copyOf(running.keySet()).forEach(this::stop);
    }
}
