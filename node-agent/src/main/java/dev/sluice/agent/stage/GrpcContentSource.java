package dev.sluice.agent.stage;

import dev.sluice.agent.config.HostPort;
import dev.sluice.agent.transport.PeerTransport;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.PackageSourceServiceGrpc;
import dev.sluice.v1.ReadRequest;
import dev.sluice.v1.ReadResponse;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Pulls from the PackageSourceService of a master or another agent. */
public final class GrpcContentSource implements ContentSource {

    /** Messages asked for ahead of the disk: a few, so that a slow disk or a rate limit is felt. */
    private static final int AHEAD = 4;

    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final PeerTransport transport;
    private final Duration silence;

    /**
     * @param silence how long a source may send nothing
     */
    public GrpcContentSource(PeerTransport transport, Duration silence) {
        this.transport = transport;
        this.silence = silence;
    }

    @Override
    public Transfer open(PackageLocation location, String contentSha256, long offset)
            throws IOException {
        HostPort address;
        try {
            address = HostPort.parse(location.getAddress());
        } catch (IllegalArgumentException e) {
            throw new IOException("its address: " + e.getMessage(), e);
        }
        String id = location.getNodeId();
        PeerExpectation peer =
                new PeerExpectation(
                        "node or master " + id,
                        name -> name.id().equals(id) && name.kind() != PeerName.Kind.OPERATOR);
        ManagedChannel channel = transport.channel(address, peer);
        GrpcTransfer transfer = new GrpcTransfer(channel);
        PackageSourceServiceGrpc.newStub(channel)
                .read(
                        ReadRequest.newBuilder()
                                .setContentSha256(contentSha256)
                                .setOffset(offset)
                                .build(),
                        transfer);
        return transfer;
    }

    private final class GrpcTransfer
            implements Transfer, ClientResponseObserver<ReadRequest, ReadResponse> {

        private sealed interface Received {
            record Data(ByteBuffer bytes) implements Received {}

            record End(@Nullable Status failure) implements Received {}
        }

        private final ManagedChannel channel;
        private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
        private @Nullable ClientCallStreamObserver<ReadRequest> call;

        GrpcTransfer(ManagedChannel channel) {
            this.channel = channel;
        }

        @Override
        public ByteBuffer next() throws IOException, InterruptedException {
            Received next = received.poll(silence.toMillis(), TimeUnit.MILLISECONDS);
            return switch (next) {
                case null ->
                        throw new IOException("sent nothing for " + silence.toMillis() + " ms");
                case Received.Data data -> {
                    request();
                    yield data.bytes();
                }
                case Received.End end -> {
                    if (end.failure() != null) {
                        throw new IOException(describe(end.failure()));
                    }
                    yield ByteBuffer.allocate(0);
                }
            };
        }

        @Override
        public void close() {
            ClientCallStreamObserver<ReadRequest> opened = call;
            if (opened != null) {
                opened.cancel("no more is wanted", null);
            }
            channel.shutdownNow();
            try {
                channel.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ReadRequest> opened) {
            call = opened;
            opened.disableAutoRequestWithInitial(AHEAD);
        }

        @Override
        public void onNext(ReadResponse message) {
            if (message.getData().isEmpty()) {
                request();
            } else {
                received.add(new Received.Data(message.getData().asReadOnlyByteBuffer()));
            }
        }

        @Override
        public void onError(Throwable failure) {
            received.add(new Received.End(Status.fromThrowable(failure)));
        }

        @Override
        public void onCompleted() {
            received.add(new Received.End(null));
        }

        private void request() {
            ClientCallStreamObserver<ReadRequest> opened = call;
            if (opened != null) {
                opened.request(1);
            }
        }

        private static String describe(Status status) {
            StringBuilder text = new StringBuilder(status.getCode().toString());
            if (status.getDescription() != null) {
                text.append(": ").append(status.getDescription());
            }
            if (status.getCause() != null && status.getCause().getMessage() != null) {
                text.append(": ").append(status.getCause().getMessage());
            }
            return text.toString();
        }
    }
}
