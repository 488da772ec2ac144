package dev.sluice.control.api;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.sluice.control.channel.ChannelAccess;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.executor.AgentCommand;
import dev.sluice.control.executor.AgentGateway;
import dev.sluice.control.executor.CommandOutcome;
import dev.sluice.control.executor.KeepOrder;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.GrpcTls;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.trust.channel.ChannelSigningKey;
import dev.sluice.trust.channel.DeviceKey;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.Credentials;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.OperatorServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A master's operators' service over mutual TLS on loopback, with a real controller on a real
 * journal. Its nodes, peers and depot are as the test says.
 */
final class ServedMaster implements AutoCloseable {

    private static final InstantSource CLOCK = InstantSource.system();
    private static final CertificateAuthority CA =
            CertificateAuthority.create("test", Duration.ofDays(1), CLOCK);

    final Controller controller;
    final Agents agents = new Agents();
    volatile SortedMap<NodeId, Peers.Peer> peers;
    volatile PackageImport depot = _ -> new ImportResult.Imported(Scene.base());
    final FakeMasters masters;
    volatile Instant now = CLOCK.instant();
    final OperatorEndpoint endpoint;
    final HeldGate gate = new HeldGate();

    /** What the writer's clock is ahead of the machine's. */
    final AtomicLong passedNanos = new AtomicLong();

    private final NodeId self;
    private final Ballot ballot;
    private final Server server;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    ServedMaster(NodeId self, Path directory) throws Exception {
        this(self, directory, Optional.empty());
    }

    ServedMaster(NodeId self, Path directory, Optional<ChannelAccess> channel) throws Exception {
        this.self = self;
        this.ballot = self.equals(Scene.A) ? Scene.OF_A : Scene.OF_B;
        this.peers = Scene.peers(self.equals(Scene.A) ? Scene.B : Scene.A);
        this.masters =
                new FakeMasters(
                        self.equals(Scene.A)
                                ? FakeMasters.primary(FakeMasters.bothInSync())
                                : FakeMasters.follower(FakeMasters.bothInSync(), Scene.A));
        this.controller =
                new Controller(
                        DurableState.recover(
                                self,
                                ballot.incarnation(),
                                NioDisk.in(
                                        Files.createDirectories(directory.resolve(self.value()))),
                                JournalOptions.defaults(),
                                CLOCK),
                        gate,
                        () -> System.nanoTime() + passedNanos.get(),
                        () -> {});
        running.push(controller);
        this.endpoint =
                new OperatorEndpoint(
                        new OperatorEndpoint.Ports(
                                self,
                                "1.0.0",
                                controller,
                                agents,
                                () -> peers,
                                List::of,
                                content -> depot.importPackage(content),
                                masters,
                                Relations.none(),
                                new OperatorSignatures(identity(PeerName.master(self.value()))),
                                () -> now,
                                channelPorts(self, channel),
                                "10.0.0.1",
                                SessionRecords.none()));
        running.push(endpoint);
        ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
        running.push(calls::shutdownNow);
        this.server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sslContext(GrpcTls.server(identity(PeerName.master(self.value()))))
                        .executor(calls)
                        .intercept(PeerIdentity.interceptor())
                        .addService(endpoint)
                        .build()
                        .start();
        running.push(() -> server.shutdownNow().awaitTermination());
    }

    private static OperatorEndpoint.ChannelPorts channelPorts(
            NodeId self, Optional<ChannelAccess> channel) {
        Credentials own = credentials(PeerName.master(self.value()));
        ChannelSigningKey key = ChannelSigningKey.of(own.key(), own.certificate().getPublicKey());
        return new OperatorEndpoint.ChannelPorts(
                channel,
                new DeviceSigner() {
                    @Override
                    public X509Certificate certificate() {
                        return own.certificate();
                    }

                    @Override
                    public byte[] sign(DeviceKey device) {
                        return device.signed(key);
                    }
                },
                () -> "time source: none found");
    }

    /** Credentials of this cluster. */
    static Credentials credentials(PeerName name) {
        return CA.issue(name, Set.of(), Duration.ofHours(1));
    }

    private static TlsIdentity identity(PeerName name) throws Exception {
        return TlsIdentity.of(CA.issue(name, Set.of(), Duration.ofHours(1)), CLOCK);
    }

    /** In office over a founded cluster whose agents all obey it, with base 7.0.0 imported. */
    ServedMaster inOffice() throws Exception {
        decide(new Command.TakeOffice(ballot, "1.0.0", "founder"));
        decide(new Command.FoundCluster(Scene.topology(), Scene.fixture().input().policy()));
        decide(new Command.ImportPackage(Scene.base(), Scene.ALICE));
        agents.fleet = Scene.fleet(ballot);
        return this;
    }

    /** Takes over all that another master has recorded. */
    ServedMaster following(ServedMaster primary) throws Exception {
        long next = controller.state().index() + 1;
        List<byte[]> entries =
                primary.controller.read(next, 1 << 20).stream().map(JournalEntry::payload).toList();
        var _ = controller.replicate(next, entries).get(10, TimeUnit.SECONDS);
        agents.fleet = Scene.fleet(Scene.OF_A);
        return this;
    }

    void decide(Command command) throws Exception {
        if (controller.submit(command).get(10, TimeUnit.SECONDS)
                instanceof Decision.Rejected(var refusal)) {
            throw new AssertionError("refused: " + refusal);
        }
    }

    OperatorServiceGrpc.OperatorServiceBlockingStub alice() throws Exception {
        return as(PeerName.operator("alice"));
    }

    OperatorServiceGrpc.OperatorServiceBlockingStub as(PeerName who) throws Exception {
        return OperatorServiceGrpc.newBlockingStub(channel(who))
                .withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    ManagedChannel channel(PeerName who) throws Exception {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(
                                new InetSocketAddress(
                                        InetAddress.getLoopbackAddress(), server.getPort()))
                        .sslContext(
                                GrpcTls.client(
                                        identity(who),
                                        PeerExpectation.exactly(PeerName.master(self.value()))))
                        .build();
        running.push(() -> channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS));
        return channel;
    }

    static ErrorInfo info(StatusRuntimeException e) {
        com.google.rpc.Status status = StatusProto.fromThrowable(e);
        if (status == null || status.getDetailsCount() == 0) {
            throw new AssertionError("no details", e);
        }
        try {
            return status.getDetails(0).unpack(ErrorInfo.class);
        } catch (InvalidProtocolBufferException damaged) {
            throw new AssertionError("no ErrorInfo", damaged);
        }
    }

    /** Agents that report what the test says and are sent nothing. */
    static final class Agents implements AgentGateway {
        volatile SortedMap<NodeId, NodeObservation> fleet = new TreeMap<>();

        @Override
        public SortedMap<NodeId, NodeObservation> observe() {
            return fleet;
        }

        @Override
        public Optional<CommandOutcome> outcome(String commandId) {
            return Optional.empty();
        }

        @Override
        public void send(NodeId node, AgentCommand command) {
            throw new AssertionError("the operators' service commands no agent: " + command);
        }

        @Override
        public void keep(NodeId node, Ballot ballot, KeepOrder order) {
            throw new AssertionError("the operators' service commands no agent: " + order);
        }

        @Override
        public void renewLease(NodeId node, Ballot ballot, Duration lease) {
            throw new AssertionError("the operators' service renews no lease");
        }

        @Override
        public void lead(Ballot ballot) {
            throw new AssertionError("the operators' service leads nobody");
        }

        @Override
        public void follow() {
            throw new AssertionError("the operators' service follows nobody");
        }
    }

    @Override
    public void close() {
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                throw new AssertionError("closing master " + self, e);
            }
        }
    }
}
