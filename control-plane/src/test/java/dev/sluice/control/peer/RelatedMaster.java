package dev.sluice.control.peer;

import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.GrpcTls;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.control.recordstore.Retention;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.GetPositionRequest;
import dev.sluice.v1.GetPositionResponse;
import dev.sluice.v1.PullRequest;
import dev.sluice.v1.PullResponse;
import dev.sluice.v1.RelationCheck;
import dev.sluice.v1.RelationServiceGrpc;
import dev.sluice.v1.ReplicationServiceGrpc;
import dev.sluice.v1.SessionRecordServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.grpc.util.MutableHandlerRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A peer over mutual TLS on loopback that, once it is related, serves the relation's service and
 * answers positions to whoever comes through the gate.
 */
final class RelatedMaster implements AutoCloseable {

    private static final InstantSource CLOCK = InstantSource.system();
    private static final CertificateAuthority CA = authority("test");

    final NodeId id;
    private final TlsIdentity identity;
    private final Server server;
    private final MutableHandlerRegistry services = new MutableHandlerRegistry();
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final SortedMap<NodeId, ManagedChannel> channels = new TreeMap<>();
    final RecordStore records =
            new RecordStore(new MemoryDisk(), Retention.DEFAULT, CLOCK, System::nanoTime);
    private @Nullable Relation related;
    private @Nullable RelationClient relating;

    static CertificateAuthority authority(String name) {
        return CertificateAuthority.create(name, Duration.ofDays(1), CLOCK);
    }

    static RelatedMaster master(String id) throws Exception {
        return new RelatedMaster(CA, PeerName.master(id));
    }

    RelatedMaster(CertificateAuthority authority, PeerName name) throws Exception {
        this.id = new NodeId(name.id());
        this.identity = TlsIdentity.of(authority.issue(name, Set.of(), Duration.ofHours(1)), CLOCK);
        ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
        running.push(records);
        running.push(calls::shutdownNow);
        this.server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sslContext(GrpcTls.server(identity))
                        .executor(calls)
                        .intercept(PeerIdentity.interceptor())
                        .fallbackHandlerRegistry(services)
                        .build()
                        .start();
        running.push(() -> server.shutdownNow().awaitTermination());
    }

    static RelatedMaster node(String id) throws Exception {
        return new RelatedMaster(CA, PeerName.node(id));
    }

    /** Where it really listens. */
    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort());
    }

    /**
     * Configures it.
     *
     * @param told where it expects to be reached
     * @param others where it expects to reach the others
     */
    RelatedMaster relate(
            RelationKey key, InetSocketAddress told, Map<NodeId, InetSocketAddress> others)
            throws Exception {
        related = new Relation(id, key, identity, told, new TreeMap<>(others));
        relating = new RelationClient(relation());
        serveAnew();
        for (var other : others.entrySet()) {
            connect(other.getKey(), other.getValue());
        }
        return this;
    }

    private Relation relation() {
        return Objects.requireNonNull(related);
    }

    private RelationClient client() {
        return Objects.requireNonNull(relating);
    }

    /** As a new process would: it has forgotten who proved what. */
    void serveAnew() {
        RelationEndpoint endpoint = new RelationEndpoint(relation(), System::nanoTime);
        services.addService(endpoint);
        services.addService(ServerInterceptors.intercept(new Positions(), endpoint.gate()));
        services.addService(
                ServerInterceptors.intercept(
                        new RecordEndpoint(
                                relation().masters().keySet(),
                                records,
                                new RecordExchanges(List.of(), CLOCK)),
                        endpoint.gate()));
    }

    private void connect(NodeId other, InetSocketAddress address) throws Exception {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(address)
                        .sslContext(
                                GrpcTls.client(
                                        identity,
                                        PeerExpectation.exactly(PeerName.master(other.value()))))
                        .intercept(client().proving(other))
                        .build();
        channels.put(other, channel);
        running.push(() -> channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS));
    }

    /** A channel that proves nothing. */
    ManagedChannel bare(RelatedMaster to) throws Exception {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(to.address())
                        .sslContext(GrpcTls.client(identity, PeerExpectation.any()))
                        .build();
        running.push(() -> channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS));
        return channel;
    }

    RelationServiceGrpc.RelationServiceBlockingStub relationOf(RelatedMaster to) throws Exception {
        return RelationServiceGrpc.newBlockingStub(bare(to))
                .withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    /** Asks for a position as a follower would. */
    GetPositionResponse positionAt(NodeId other) {
        return ReplicationServiceGrpc.newBlockingStub(Objects.requireNonNull(channels.get(other)))
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .getPosition(GetPositionRequest.getDefaultInstance());
    }

    /** Asks for session records as a master does that has none, over a channel that proves. */
    PullResponse pullFrom(NodeId other) {
        return pull(Objects.requireNonNull(channels.get(other)));
    }

    /** The same over any channel. */
    static PullResponse pull(ManagedChannel channel) {
        return SessionRecordServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .pull(PullRequest.getDefaultInstance());
    }

    List<String> checks() {
        return client().check(channels).stream().map(RelatedMaster::text).toList();
    }

    private static String text(RelationCheck check) {
        return "%s sees %s%s: %s"
                .formatted(
                        check.getSeenBy(),
                        check.getMaster(),
                        check.getAddress().isEmpty() ? ", key" : "",
                        check.getOutcome().name().substring("OUTCOME_".length()));
    }

    List<RelationCheck> allChecks() {
        return client().check(channels);
    }

    private static final class Positions extends ReplicationServiceGrpc.ReplicationServiceImplBase {
        @Override
        public void getPosition(
                GetPositionRequest request, StreamObserver<GetPositionResponse> observer) {
            observer.onNext(GetPositionResponse.newBuilder().setLastIndex(42).build());
            observer.onCompleted();
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
                throw new AssertionError("closing " + id, e);
            }
        }
    }
}
