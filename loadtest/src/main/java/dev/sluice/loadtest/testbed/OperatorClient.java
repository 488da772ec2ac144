package dev.sluice.loadtest.testbed;

import com.google.protobuf.ByteString;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.GetStatusRequest;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.ImportPackageRequest;
import dev.sluice.v1.ImportPackageResponse;
import dev.sluice.v1.ListNodesRequest;
import dev.sluice.v1.ListNodesResponse;
import dev.sluice.v1.OperatorServiceGrpc;
import dev.sluice.v1.PlanUpgradeRequest;
import dev.sluice.v1.PlanUpgradeResponse;
import dev.sluice.v1.StartUpgradeRequest;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** An operator of a test cluster, over the same API as the command line. */
public final class OperatorClient implements AutoCloseable {

    private static final int PART_BYTES = 256 << 10;
    private static final long CALL_SECONDS = 10;
    private static final long IMPORT_SECONDS = 300;

    private final ManagedChannel channel;

    /** Connects to one address, which may be the shared one. */
    public OperatorClient(InetSocketAddress address, TlsIdentity identity) throws IOException {
        this.channel =
                NettyChannelBuilder.forAddress(address)
                        .sslContext(
                                GrpcSslContexts.configure(
                                                SslContextBuilder.forClient(), SslProvider.JDK)
                                        .protocols(TlsIdentity.PROTOCOL)
                                        .keyManager(identity.keyManagerFactory())
                                        .trustManager(
                                                identity.trustManagerFactory(
                                                        PeerExpectation.kind(PeerName.Kind.MASTER)))
                                        .endpointIdentificationAlgorithm(null)
                                        .build())
                        .maxInboundMessageSize(64 << 20)
                        .keepAliveTime(1, TimeUnit.SECONDS)
                        .keepAliveTimeout(1, TimeUnit.SECONDS)
                        .build();
    }

    /** Calls without a deadline, for streams. */
    public OperatorServiceGrpc.OperatorServiceBlockingStub streams() {
        return OperatorServiceGrpc.newBlockingStub(channel);
    }

    private OperatorServiceGrpc.OperatorServiceBlockingStub calls() {
        return calls(Duration.ofSeconds(CALL_SECONDS));
    }

    /** Calls that have to be answered within a time. */
    public OperatorServiceGrpc.OperatorServiceBlockingStub calls(Duration within) {
        // After a switch of the address the channel must not sit out its back-off.
        channel.resetConnectBackoff();
        return streams().withDeadlineAfter(within.toMillis(), TimeUnit.MILLISECONDS);
    }

    public GetStatusResponse status() {
        return calls().getStatus(GetStatusRequest.getDefaultInstance());
    }

    public ListNodesResponse nodes() {
        return calls().listNodes(ListNodesRequest.getDefaultInstance());
    }

    public PlanUpgradeResponse plan(Map<String, String> target) {
        return calls().planUpgrade(PlanUpgradeRequest.newBuilder().putAllTarget(target).build());
    }

    public void start(String planId) {
        var _ = calls().startUpgrade(StartUpgradeRequest.newBuilder().setPlanId(planId).build());
    }

    /** Uploads a package file. */
    public ImportPackageResponse importPackage(Path file) throws IOException, InterruptedException {
        CompletableFuture<ImportPackageResponse> answer = new CompletableFuture<>();
        StreamObserver<ImportPackageRequest> upload =
                OperatorServiceGrpc.newStub(channel)
                        .withDeadlineAfter(IMPORT_SECONDS, TimeUnit.SECONDS)
                        .importPackage(new Answer(answer));
        upload.onNext(
                ImportPackageRequest.newBuilder()
                        .setFileName(file.getFileName().toString())
                        .build());
        try (InputStream in = Files.newInputStream(file)) {
            for (byte[] part = in.readNBytes(PART_BYTES);
                    part.length > 0;
                    part = in.readNBytes(PART_BYTES)) {
                upload.onNext(
                        ImportPackageRequest.newBuilder()
                                .setData(ByteString.copyFrom(part))
                                .build());
            }
        }
        upload.onCompleted();
        try {
            return answer.get(IMPORT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    "%s: it was not imported: %s".formatted(file, cause.getMessage()), e);
        }
    }

    private record Answer(CompletableFuture<ImportPackageResponse> answer)
            implements StreamObserver<ImportPackageResponse> {
        @Override
        public void onNext(ImportPackageResponse response) {
            boolean _ = answer.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            boolean _ = answer.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            boolean _ =
                    answer.completeExceptionally(
                            new StatusRuntimeException(io.grpc.Status.CANCELLED));
        }
    }

    @Override
    public void close() {
        var _ = channel.shutdownNow();
    }
}
