package dev.sluice.agent.stage;

import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.v1.PackageSourceServiceGrpc;
import dev.sluice.v1.ReadRequest;
import dev.sluice.v1.ReadResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves what is complete and verified here to other agents. */
public final class PackageSource extends PackageSourceServiceGrpc.PackageSourceServiceImplBase {

    private static final Logger LOG = LoggerFactory.getLogger(PackageSource.class);
    private static final int CHUNK_BYTES = 128 << 10;

    /** Each read holds one chunk and a file: this bounds both. */
    private static final int MAX_READS = 32;

    private final StageArea area;
    private final AtomicInteger reads = new AtomicInteger();

    public PackageSource(StageArea area) {
        this.area = area;
    }

    @Override
    public void read(ReadRequest request, StreamObserver<ReadResponse> responses) {
        ServerCallStreamObserver<ReadResponse> call =
                (ServerCallStreamObserver<ReadResponse>) responses;
        Optional<Holds.Hold> hold = area.hold(request.getContentSha256());
        Optional<Path> content =
                hold.isPresent() ? area.content(request.getContentSha256()) : Optional.empty();
        if (hold.isEmpty() || content.isEmpty()) {
            hold.ifPresent(Holds.Hold::close);
            call.onError(
                    Status.NOT_FOUND
                            .withDescription(
                                    "content %s is not complete here"
                                            .formatted(abbreviate(request.getContentSha256())))
                            .asRuntimeException());
            return;
        }
        if (reads.incrementAndGet() > MAX_READS) {
            reads.decrementAndGet();
            hold.get().close();
            call.onError(
                    Status.RESOURCE_EXHAUSTED
                            .withDescription("%d reads are served already".formatted(MAX_READS))
                            .asRuntimeException());
            return;
        }
        serve(content.get(), hold.get(), request.getOffset(), call);
    }

    private void serve(
            Path content,
            Holds.Hold hold,
            long offset,
            ServerCallStreamObserver<ReadResponse> call) {
        try {
            FileChannel file = FileChannel.open(content, StandardOpenOption.READ);
            if (offset < 0 || offset > file.size()) {
                long size = file.size();
                file.close();
                hold.close();
                reads.decrementAndGet();
                call.onError(
                        Status.OUT_OF_RANGE
                                .withDescription(
                                        "offset %s: expected 0 to %d"
                                                .formatted(Long.toUnsignedString(offset), size))
                                .asRuntimeException());
                return;
            }
            Pump pump = new Pump(file.position(offset), hold, call);
            call.setOnCancelHandler(pump::close);
            call.setOnReadyHandler(pump::run);
            pump.run();
        } catch (IOException e) {
            hold.close();
            reads.decrementAndGet();
            fail(call, e);
        }
    }

    private static void fail(ServerCallStreamObserver<ReadResponse> call, IOException failure) {
        LOG.warn("a staged content cannot be read: {}", failure.getMessage());
        call.onError(
                Status.INTERNAL
                        .withDescription("the content cannot be read here")
                        .withCause(failure)
                        .asRuntimeException());
    }

    private static String abbreviate(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "...";
    }

    /** Sends while the receiver takes; gRPC calls it one at a time. */
    private final class Pump {
        private final FileChannel file;
        private final Holds.Hold hold;
        private final ServerCallStreamObserver<ReadResponse> call;
        private boolean closed;

        Pump(FileChannel file, Holds.Hold hold, ServerCallStreamObserver<ReadResponse> call) {
            this.file = file;
            this.hold = hold;
            this.call = call;
        }

        void run() {
            try {
                while (!closed && call.isReady()) {
                    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
                    if (file.read(chunk) < 0) {
                        close();
                        call.onCompleted();
                        return;
                    }
                    call.onNext(
                            ReadResponse.newBuilder()
                                    .setData(UnsafeByteOperations.unsafeWrap(chunk.flip()))
                                    .build());
                }
            } catch (IOException e) {
                close();
                fail(call, e);
            }
        }

        void close() {
            if (closed) {
                return;
            }
            closed = true;
            hold.close();
            reads.decrementAndGet();
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("a staged content cannot be closed: {}", e.getMessage());
            }
        }
    }
}
