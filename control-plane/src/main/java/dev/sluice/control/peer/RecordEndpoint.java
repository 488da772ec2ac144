package dev.sluice.control.peer;

import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.records.Holdings;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.PullRequest;
import dev.sluice.v1.PullResponse;
import dev.sluice.v1.SessionRecordServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives other masters the session records that they lack, whoever is primary. The server must have
 * {@link PeerIdentity#interceptor}, the relation's gate, and threads that may block.
 */
public final class RecordEndpoint extends SessionRecordServiceGrpc.SessionRecordServiceImplBase {

    private static final Logger LOG = LoggerFactory.getLogger(RecordEndpoint.class);

    /** Answers that are being read from disk; more are refused, and asked for again. */
    static final int MAX_ANSWERS = 4;

    private final Set<NodeId> masters;
    private final RecordStore store;
    private final RecordExchanges exchanges;
    private final Semaphore answers = new Semaphore(MAX_ANSWERS);

    /**
     * The service.
     *
     * @param masters the others
     */
    public RecordEndpoint(
            Collection<NodeId> masters, RecordStore store, RecordExchanges exchanges) {
        this.masters = Set.copyOf(masters);
        this.store = store;
        this.exchanges = exchanges;
    }

    @Override
    public void pull(PullRequest request, StreamObserver<PullResponse> observer) {
        PullResponse response;
        try {
            response = answer(request);
        } catch (StatusRuntimeException e) {
            observer.onError(e);
            return;
        } catch (RuntimeException e) {
            LOG.error("Session records could not be given", e);
            observer.onError(
                    Status.INTERNAL
                            .withDescription("the master failed; see its log")
                            .asRuntimeException());
            return;
        }
        observer.onNext(response);
        observer.onCompleted();
    }

    private PullResponse answer(PullRequest request) {
        NodeId asking = asking();
        Holdings.Page had;
        try {
            had = RecordWire.decode(request);
        } catch (IllegalArgumentException e) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("master %s: %s".formatted(asking, e.getMessage()))
                    .asRuntimeException();
        }
        if (!answers.tryAcquire()) {
            throw Status.RESOURCE_EXHAUSTED
                    .withDescription("%d answers are being made".formatted(MAX_ANSWERS))
                    .asRuntimeException();
        }
        try {
            RecordStore.Lacking lacking = store.lacking(had, Math.max(0, request.getBeforeEntry()));
            PullResponse.Builder response =
                    PullResponse.newBuilder().setNextBeforeEntry(lacking.next());
            long given = 0;
            for (RecordRun run : lacking.runs()) {
                response.addRuns(RecordWire.encode(run));
                given += run.records().size();
            }
            exchanges.gave(asking, given, lacking.next() == 0);
            return response.build();
        } catch (IOException e) {
            throw Status.UNAVAILABLE.withDescription(e.getMessage()).asRuntimeException();
        } finally {
            answers.release();
        }
    }

    private NodeId asking() {
        NodeId asking = new NodeId(PeerIdentity.require(PeerName.Kind.MASTER).id());
        if (!masters.contains(asking)) {
            throw Status.PERMISSION_DENIED
                    .withDescription(
                            "master %s: expected one of %s, the other masters in the configuration"
                                    .formatted(asking, masters))
                    .asRuntimeException();
        }
        return asking;
    }
}
