package dev.sluice.control.fleet;

import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.control.depot.Content;
import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.ContentSource;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.PackageSourceServiceGrpc;
import dev.sluice.v1.ReadRequest;
import dev.sluice.v1.ReadResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the contents of packages to nodes and masters. A transfer reads a chunk from the disk only
 * when the transport has room for it, so that a slow reader costs one open file and no memory.
 *
 * <p>The server must have {@link PeerIdentity#interceptor}.
 */
public final class PackageSourceEndpoint
        extends PackageSourceServiceGrpc.PackageSourceServiceImplBase {

    /** Bytes in one message. */
    public static final int CHUNK_BYTES = 1 << 18;

    /** Transfers at once to one peer; an agent has one, or a second while it changes sources. */
    static final int MAX_TRANSFERS_PER_PEER = 4;

    private static final Logger LOG = LoggerFactory.getLogger(PackageSourceEndpoint.class);

    private final List<ContentSource> sources;
    private final Executor disk;
    private final Map<PeerName, Integer> transfers = new ConcurrentHashMap<>();

    /**
     * An endpoint.
     *
     * @param sources asked in this order
     * @param disk where reading blocks, such as an executor with a virtual thread per task
     */
    public PackageSourceEndpoint(List<? extends ContentSource> sources, Executor disk) {
        this.sources = List.copyOf(sources);
        this.disk = disk;
    }

    @Override
    public void read(ReadRequest request, StreamObserver<ReadResponse> responses) {
        ServerCallStreamObserver<ReadResponse> outbound =
                (ServerCallStreamObserver<ReadResponse>) responses;
        try {
            PeerName peer = PeerIdentity.require(PeerName.Kind.NODE, PeerName.Kind.MASTER);
            ContentId id = id(request);
            admit(peer);
            Transfer transfer = new Transfer(peer, id, request.getOffset(), outbound);
            outbound.setOnReadyHandler(transfer::wake);
            outbound.setOnCancelHandler(transfer::wake);
            transfer.wake();
        } catch (StatusRuntimeException e) {
            outbound.onError(e);
        }
    }

    private static ContentId id(ReadRequest request) {
        try {
            return new ContentId(request.getContentSha256());
        } catch (IllegalArgumentException e) {
            throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
        }
    }

    private void admit(PeerName peer) {
        if (transfers.merge(peer, 1, Integer::sum) > MAX_TRANSFERS_PER_PEER) {
            release(peer);
            throw Status.RESOURCE_EXHAUSTED
                    .withDescription(
                            "%s has %d transfers, which is the most at once"
                                    .formatted(peer, MAX_TRANSFERS_PER_PEER))
                    .asRuntimeException();
        }
    }

    private void release(PeerName peer) {
        transfers.computeIfPresent(peer, (_, count) -> count == 1 ? null : count - 1);
    }

    private Content open(ContentId id) throws IOException {
        for (ContentSource source : sources) {
            Optional<Content> content = source.open(id);
            if (content.isPresent()) {
                return content.get();
            }
        }
        throw Status.NOT_FOUND
                .withDescription("content %s is not complete here".formatted(id))
                .asRuntimeException();
    }

    /**
     * One content on its way to one peer. It runs on the disk's threads, one at a time: a wake-up
     * that comes while it runs makes it look again.
     */
    private final class Transfer implements Runnable {
        private final PeerName peer;
        private final ContentId id;
        private final ServerCallStreamObserver<ReadResponse> outbound;
        private final AtomicInteger wakeUps = new AtomicInteger();
        private long offset;
        private @Nullable Content content;
        private boolean over;

        Transfer(
                PeerName peer,
                ContentId id,
                long offset,
                ServerCallStreamObserver<ReadResponse> outbound) {
            this.peer = peer;
            this.id = id;
            this.offset = offset;
            this.outbound = outbound;
        }

        void wake() {
            if (wakeUps.getAndIncrement() == 0) {
                disk.execute(this);
            }
        }

        @Override
        public void run() {
            int seen;
            do {
                seen = wakeUps.get();
                if (!over) {
                    proceed();
                }
            } while (wakeUps.addAndGet(-seen) != 0);
        }

        private void proceed() {
            try {
                while (!outbound.isCancelled()) {
                    if (content == null) {
                        content = opened();
                    }
                    if (!outbound.isReady()) {
                        return;
                    }
                    if (!sendChunk(content)) {
                        end();
                        outbound.onCompleted();
                        return;
                    }
                }
                end();
            } catch (StatusRuntimeException e) {
                end();
                outbound.onError(e);
            } catch (IOException e) {
                LOG.warn("content {}: cannot be read for {}", id, peer, e);
                end();
                outbound.onError(
                        Status.UNAVAILABLE
                                .withDescription(
                                        "content %s cannot be read here; use another source"
                                                .formatted(id))
                                .asRuntimeException());
            }
        }

        private Content opened() throws IOException {
            Content found = open(id);
            if (offset < 0 || offset > found.size()) {
                found.close();
                throw Status.OUT_OF_RANGE
                        .withDescription(
                                "content %s: offset %s, expected at most %d"
                                        .formatted(id, Long.toUnsignedString(offset), found.size()))
                        .asRuntimeException();
            }
            return found;
        }

        /** False: there is nothing more. */
        private boolean sendChunk(Content from) throws IOException {
            ByteBuffer chunk =
                    ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, from.size() - offset));
            while (chunk.hasRemaining()) {
                if (from.read(offset + chunk.position(), chunk) < 0) {
                    throw new IOException(
                            "content %s ended at byte %d of %d"
                                    .formatted(id, offset + chunk.position(), from.size()));
                }
            }
            if (chunk.position() == 0) {
                return false;
            }
            offset += chunk.position();
            outbound.onNext(
                    ReadResponse.newBuilder()
                            .setData(UnsafeByteOperations.unsafeWrap(chunk.flip()))
                            .build());
            return true;
        }

        private void end() {
            over = true;
            release(peer);
            if (content != null) {
                try {
                    content.close();
                } catch (IOException e) {
                    LOG.warn("content {}: cannot be closed", id, e);
                }
            }
        }
    }
}
