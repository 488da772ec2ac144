package dev.sluice.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.AgentLinkServiceGrpc;
import dev.sluice.v1.Ballot;
import dev.sluice.v1.Command;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.Fence;
import dev.sluice.v1.Hello;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.LeaseRenewal;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.PackageSourceServiceGrpc;
import dev.sluice.v1.ReadRequest;
import dev.sluice.v1.ReadResponse;
import dev.sluice.v1.SessionRecordAck;
import dev.sluice.v1.SessionRecordRun;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.Welcome;
import dev.sluice.v1.WitnessReply;
import dev.sluice.v1.WitnessRequest;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A master that does what the test says: a real gRPC server with a real certificate. */
final class TestMaster implements AutoCloseable {

    /** Long enough for a loaded machine; a test that passes does not wait for it. */
    static final int DEADLINE_SECONDS = 60;

    private final String id;
    private final String version;
    private final Server server;
    private final BlockingQueue<SessionRequest> received = new LinkedBlockingQueue<>();
    private final List<NodeReport> reports = new CopyOnWriteArrayList<>();
    private final Map<String, Path> contents = new ConcurrentHashMap<>();
    private final List<ReadRequest> reads = new CopyOnWriteArrayList<>();
    private volatile @Nullable StreamObserver<SessionResponse> session;
    private volatile long breakAfterBytes = Long.MAX_VALUE;

    private TestMaster(String id, String version, TlsIdentity identity, int port)
            throws IOException {
        this.id = id;
        this.version = version;
        this.server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                        .sslContext(
                                GrpcSslContexts.configure(
                                                SslContextBuilder.forServer(
                                                        identity.keyManagerFactory()),
                                                SslProvider.JDK)
                                        .trustManager(
                                                identity.trustManagerFactory(
                                                        PeerExpectation.kind(PeerName.Kind.NODE)))
                                        .protocols(TlsIdentity.PROTOCOL)
                                        .clientAuth(ClientAuth.REQUIRE)
                                        .build())
                        .permitKeepAliveTime(1, TimeUnit.SECONDS)
                        .addService(new Link())
                        .addService(new Source())
                        .build()
                        .start();
    }

    static TestMaster start(String id, TlsIdentity identity, int port) throws IOException {
        return new TestMaster(id, "1.0.0", identity, port);
    }

    static TestMaster start(String id, String version, TlsIdentity identity, int port)
            throws IOException {
        return new TestMaster(id, version, identity, port);
    }

    int port() {
        return server.getPort();
    }

    static Ballot ballot(String master, long counter) {
        return Ballot.newBuilder()
                .setGeneration(1)
                .setCounter(counter)
                .setMasterId(master)
                .setIncarnation(7)
                .build();
    }

    /** Lets the content of a package be pulled from here. */
    void offer(String contentSha256, Path content) {
        contents.put(contentSha256, content);
    }

    /** Reads that were asked for. */
    List<ReadRequest> reads() {
        return List.copyOf(reads);
    }

    /** Breaks each read after that many bytes. */
    void breakReadsAfter(long bytes) {
        breakAfterBytes = bytes;
    }

    Hello awaitHello() throws InterruptedException {
        return await(SessionRequest::hasHello).getHello();
    }

    void fence(Ballot ballot) {
        send(SessionResponse.newBuilder().setFence(Fence.newBuilder().setBallot(ballot)).build());
    }

    /** The next batch that has records; they are acknowledged. It may come again until then. */
    SessionRecordRun awaitRecords() throws InterruptedException {
        SessionRecordRun run =
                await(m -> m.hasRecords() && m.getRecords().getRun().getRecordsCount() > 0)
                        .getRecords()
                        .getRun();
        send(
                SessionResponse.newBuilder()
                        .setRecords(
                                SessionRecordAck.newBuilder()
                                        .setStoreId(run.getStoreId())
                                        .setSequence(
                                                run.getFirstSequence() + run.getRecordsCount() - 1))
                        .build());
        return run;
    }

    void keep(Ballot ballot, long revision, String digest) {
        send(
                SessionResponse.newBuilder()
                        .setKeep(
                                KeepPackages.newBuilder()
                                        .setBallot(ballot)
                                        .setRevision(revision)
                                        .setDigest(digest))
                        .build());
    }

    void renewLease(Ballot ballot, int millis) {
        send(
                SessionResponse.newBuilder()
                        .setLease(
                                LeaseRenewal.newBuilder().setBallot(ballot).setLeaseMillis(millis))
                        .build());
    }

    /** Asks the agent as a witness; returns its reply. */
    WitnessReply ask(long requestId, WitnessRequest.Builder request) throws InterruptedException {
        send(SessionResponse.newBuilder().setWitness(request.setRequestId(requestId)).build());
        return await(m -> m.hasWitness() && m.getWitness().getRequestId() == requestId)
                .getWitness();
    }

    void send(Command command) {
        send(SessionResponse.newBuilder().setCommand(command).build());
    }

    CommandResult execute(Command.Builder command) throws InterruptedException {
        send(command.build());
        return awaitResult(command.getCommandId());
    }

    CommandResult awaitResult(String commandId) throws InterruptedException {
        return await(m -> m.hasResult() && m.getResult().getCommandId().equals(commandId))
                .getResult();
    }

    NodeReport awaitReport(Predicate<NodeReport> wanted) throws InterruptedException {
        return await(message -> message.hasReport() && wanted.test(message.getReport()))
                .getReport();
    }

    /** The next message that is wanted; those before it are gone. */
    SessionRequest await(Predicate<SessionRequest> wanted) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        SessionRequest last = SessionRequest.getDefaultInstance();
        while (true) {
            SessionRequest next = received.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            assertThat(next).as("a message of the agent; the last one was %s", last).isNotNull();
            if (next != null && wanted.test(next)) {
                return next;
            }
            last = next == null ? last : next;
        }
    }

    /** Ends the session that is up, as a master does that goes down. */
    void drop() {
        StreamObserver<SessionResponse> current = session;
        if (current != null) {
            current.onError(Status.UNAVAILABLE.asRuntimeException());
        }
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private void send(SessionResponse message) {
        StreamObserver<SessionResponse> current = session;
        assertThat(current).as("a session of the agent with " + id).isNotNull();
        if (current != null) {
            current.onNext(message);
        }
    }

    private final class Link extends AgentLinkServiceGrpc.AgentLinkServiceImplBase {
        @Override
        public StreamObserver<SessionRequest> session(StreamObserver<SessionResponse> responses) {
            return new StreamObserver<>() {
                @Override
                public void onNext(SessionRequest message) {
                    if (message.hasHello()) {
                        responses.onNext(
                                SessionResponse.newBuilder()
                                        .setWelcome(
                                                Welcome.newBuilder()
                                                        .setMasterId(id)
                                                        .setControlPlaneVersion(version))
                                        .build());
                        session = responses;
                    }
                    if (message.hasReport()) {
                        reports.add(message.getReport());
                    }
                    received.add(message);
                }

                @Override
                public void onError(Throwable failure) {
                    session = null;
                }

                @Override
                public void onCompleted() {
                    session = null;
                }
            };
        }
    }

    private final class Source extends PackageSourceServiceGrpc.PackageSourceServiceImplBase {
        @Override
        public void read(ReadRequest request, StreamObserver<ReadResponse> responses) {
            reads.add(request);
            Path content = contents.get(request.getContentSha256());
            if (content == null) {
                responses.onError(Status.NOT_FOUND.asRuntimeException());
                return;
            }
            try {
                byte[] bytes = Files.readAllBytes(content);
                int offset = Math.toIntExact(request.getOffset());
                int end = offset + (int) Math.min(bytes.length - offset, breakAfterBytes);
                for (int at = offset; at < end; at += 8192) {
                    responses.onNext(
                            ReadResponse.newBuilder()
                                    .setData(
                                            ByteString.copyFrom(
                                                    bytes, at, Math.min(8192, end - at)))
                                    .build());
                }
                if (end < bytes.length) {
                    responses.onError(Status.UNAVAILABLE.asRuntimeException());
                } else {
                    responses.onCompleted();
                }
            } catch (IOException e) {
                responses.onError(Status.INTERNAL.withCause(e).asRuntimeException());
            }
        }
    }
}
