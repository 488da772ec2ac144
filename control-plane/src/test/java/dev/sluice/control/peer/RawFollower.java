package dev.sluice.control.peer;

import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
import dev.sluice.v1.ReplicationServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;

/** A follower without a journal, which acknowledges as long as the test lets it. */
final class RawFollower implements StreamObserver<FollowResponse>, AutoCloseable {

    private final ManagedChannel channel;
    private final StreamObserver<FollowRequest> requests;
    private long has;
    private boolean silent;

    RawFollower(ManagedChannel channel, Replica as, JournalPosition from) {
        this.channel = channel;
        this.has = from.index();
        this.requests = ReplicationServiceGrpc.newStub(channel).follow(this);
        synchronized (this) {
            requests.onNext(ReplicationWire.position(as, "1.0.0", from));
        }
    }

    synchronized void fallSilent() {
        silent = true;
    }

    synchronized void acknowledgeAgain() {
        silent = false;
        requests.onNext(ReplicationWire.ack(has));
    }

    @Override
    public synchronized void onNext(FollowResponse response) {
        if (response.hasEntries()) {
            has = response.getEntries().getFirstIndex() + response.getEntries().getPayloadsCount();
            has--;
        }
        if (!silent && !response.hasAccepted()) {
            requests.onNext(ReplicationWire.ack(has));
        }
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
