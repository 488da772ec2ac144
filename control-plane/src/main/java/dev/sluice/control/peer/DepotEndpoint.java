package dev.sluice.control.peer;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.ContentSource;
import dev.sluice.control.depot.PatchOffers;
import dev.sluice.control.executor.ContentPatch;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.DepotServiceGrpc;
import dev.sluice.v1.LocateRequest;
import dev.sluice.v1.LocateResponse;
import dev.sluice.v1.PatchOffer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * Tells other masters where they can pull what is complete here. The server must have {@link
 * PeerIdentity#interceptor} and the relation's gate.
 */
public final class DepotEndpoint extends DepotServiceGrpc.DepotServiceImplBase {

    /** As many of each as an answer has. */
    static final int MAX_PATCHES = 16;

    private final List<ContentSource> contents;
    private final PatchOffers patches;
    private final InetSocketAddress transfers;

    /**
     * The service.
     *
     * @param transfers where this master serves contents
     */
    public DepotEndpoint(
            List<? extends ContentSource> contents,
            PatchOffers patches,
            InetSocketAddress transfers) {
        this.contents = List.copyOf(contents);
        this.patches = patches;
        this.transfers = transfers;
    }

    @Override
    public void locate(LocateRequest request, StreamObserver<LocateResponse> observer) {
        try {
            var _ = PeerIdentity.require(PeerName.Kind.MASTER);
            ContentId id = id(request);
            if (contents.stream().noneMatch(source -> source.has(id))) {
                throw Status.NOT_FOUND
                        .withDescription("content %s is not complete here".formatted(id))
                        .asRuntimeException();
            }
            // Before the patches: one that is made in this moment is among either.
            List<String> inMaking = patches.inMaking(id).stream().limit(MAX_PATCHES).toList();
            observer.onNext(
                    LocateResponse.newBuilder()
                            .setHost(transfers.getHostString())
                            .setPort(transfers.getPort())
                            .addAllPatches(
                                    patches.patches(id).stream()
                                            .limit(MAX_PATCHES)
                                            .map(DepotEndpoint::offer)
                                            .toList())
                            .addAllBasesInMaking(inMaking)
                            .build());
            observer.onCompleted();
        } catch (StatusRuntimeException e) {
            observer.onError(e);
        }
    }

    private static PatchOffer offer(ContentPatch patch) {
        return PatchOffer.newBuilder()
                .setBaseSha256(patch.baseSha256())
                .setSha256(patch.sha256())
                .setSize(patch.sizeBytes())
                .setMerkleRoot(patch.merkleRoot())
                .build();
    }

    private static ContentId id(LocateRequest request) {
        try {
            return new ContentId(request.getContentSha256());
        } catch (IllegalArgumentException e) {
            throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
        }
    }
}
