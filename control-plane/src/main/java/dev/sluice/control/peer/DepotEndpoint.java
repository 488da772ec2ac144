package dev.sluice.control.peer;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.ContentSource;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.DepotServiceGrpc;
import dev.sluice.v1.LocateRequest;
import dev.sluice.v1.LocateResponse;
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

    private final List<ContentSource> contents;
    private final InetSocketAddress transfers;

    /**
     * The service.
     *
     * @param transfers where this master serves contents
     */
    public DepotEndpoint(List<? extends ContentSource> contents, InetSocketAddress transfers) {
        this.contents = List.copyOf(contents);
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
            observer.onNext(
                    LocateResponse.newBuilder()
                            .setHost(transfers.getHostString())
                            .setPort(transfers.getPort())
                            .build());
            observer.onCompleted();
        } catch (StatusRuntimeException e) {
            observer.onError(e);
        }
    }

    private static ContentId id(LocateRequest request) {
        try {
            return new ContentId(request.getContentSha256());
        } catch (IllegalArgumentException e) {
            throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
        }
    }
}
