package dev.sluice.loadtest.bench;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.Follower;
import dev.sluice.control.peer.InSync;
import dev.sluice.control.peer.PeerLoop;
import dev.sluice.control.peer.PeerTable;
import dev.sluice.control.peer.PrimaryHeard;
import dev.sluice.control.peer.ReplicationEndpoint;
import dev.sluice.control.pki.GrpcTls;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A primary and its follower in one process, over loopback with mutual TLS. */
final class FollowedMaster implements AutoCloseable {

    private static final InstantSource CLOCK = InstantSource.system();

    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final InSync inSync = new InSync(System::nanoTime);
    private final CountDownLatch both = new CountDownLatch(1);
    private final Controller controller;

    private FollowedMaster(Path directory) throws IOException {
        DurableState durable =
                CommitBenchmark.recover(CommitBenchmark.A, 1, directory.resolve("m-a"));
        inSync.primary(durable.replica(), new TreeSet<>(Set.of(durable.replica())));
        inSync.onWantedChanged(this::write);
        controller = closing(new Controller(durable, inSync, System::nanoTime, () -> {}));
    }

    static FollowedMaster start(Path directory) throws IOException {
        FollowedMaster master = new FollowedMaster(directory);
        boolean started = false;
        try {
            master.follow(directory.resolve("m-b"), master.serve());
            started = true;
            return master;
        } finally {
            if (!started) {
                master.close();
            }
        }
    }

    Controller controller() {
        return controller;
    }

    private void write() {
        SortedSet<Replica> wanted = inSync.wanted();
        if (inSync.registers(wanted, wanted) && wanted.size() == 2) {
            both.countDown();
        }
    }

    private final CertificateAuthority authority =
            CertificateAuthority.create("benchmark", Duration.ofDays(1), CLOCK);

    private TlsIdentity identity(NodeId master) throws IOException {
        return TlsIdentity.of(
                authority.issue(PeerName.master(master.value()), Set.of(), Duration.ofHours(1)),
                CLOCK);
    }

    private int serve() throws IOException {
        ReplicationEndpoint endpoint =
                closing(
                        new ReplicationEndpoint(
                                CommitBenchmark.A,
                                "1.0.0",
                                controller,
                                inSync,
                                Optional::empty,
                                new PeerTable(List.of(CommitBenchmark.B)),
                                CLOCK,
                                () -> {}));
        ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
        closing(calls::shutdownNow);
        Server server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sslContext(GrpcTls.server(identity(CommitBenchmark.A)))
                        .executor(calls)
                        .callExecutor(ReplicationEndpoint.calls(calls))
                        .intercept(PeerIdentity.interceptor())
                        .addService(endpoint)
                        .build()
                        .start();
        closing(() -> server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS));
        return server.getPort();
    }

    private void follow(Path directory, int port) throws IOException {
        Controller follower =
                closing(
                        new Controller(
                                CommitBenchmark.recover(
                                        CommitBenchmark.B, 2, directory.resolve("journal")),
                                () -> {}));
        PeerLoop loop = closing(new PeerLoop());
        ManagedChannel channel =
                loop.carry(
                                NettyChannelBuilder.forAddress(
                                        new InetSocketAddress(
                                                InetAddress.getLoopbackAddress(), port)))
                        .sslContext(
                                GrpcTls.client(
                                        identity(CommitBenchmark.B),
                                        PeerExpectation.exactly(
                                                PeerName.master(CommitBenchmark.A.value()))))
                        .maxInboundMessageSize(64 << 20)
                        .build();
        closing(() -> channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS));
        closing(
                new Follower(
                        new Follower.Ports(
                                CommitBenchmark.B,
                                "1.0.0",
                                follower,
                                new TreeMap<>(Map.of(CommitBenchmark.A, channel)),
                                new PeerTable(List.of(CommitBenchmark.A)),
                                PrimaryHeard.NOBODY,
                                () -> true,
                                NioDisk.in(directory.resolve("archive")),
                                NioDisk.in(directory.resolve("resync")),
                                _ -> {},
                                System::nanoTime)));
    }

    void awaitInSync() throws InterruptedException {
        if (!both.await(30, TimeUnit.SECONDS)) {
            throw new IllegalStateException("commit benchmark: the follower is not in sync");
        }
    }

    /** What was measured was measured with the follower only if that is still there. */
    void requireInSync() {
        if (inSync.wanted().size() != 2) {
            throw new IllegalStateException("commit benchmark: the follower was left out");
        }
    }

    private <T extends AutoCloseable> T closing(T part) {
        running.push(part);
        return part;
    }

    @Override
    public void close() throws IOException {
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                throw new IOException("commit benchmark: closing failed: " + e, e);
            }
        }
    }
}
