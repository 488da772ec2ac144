package dev.sluice.control.peer;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.replication.FollowerCore;
import dev.sluice.control.replication.Shipment;
import dev.sluice.control.state.Office;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.FetchSnapshotRequest;
import dev.sluice.v1.FetchSnapshotResponse;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
import dev.sluice.v1.FollowerPosition;
import dev.sluice.v1.GetPositionRequest;
import dev.sluice.v1.GetPositionResponse;
import dev.sluice.v1.ReplicationServiceGrpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The primary's side of replication: ships its journal to every master that follows.
 *
 * <p>A primary that has handed over still ships: its successor takes office only when it has the
 * decision itself.
 */
public final class ReplicationEndpoint extends ReplicationServiceGrpc.ReplicationServiceImplBase
        implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicationEndpoint.class);

    /** How often silence is looked for: a few times within the shortest bound. */
    private static final long LOOK_MILLIS = 100;

    private final NodeId self;
    private final String version;
    private final Controller controller;
    private final InSync inSync;
    private final Supplier<Optional<Register>> register;
    private final PeerTable peers;
    private final InstantSource clock;
    private final Runnable wake;
    private final Map<NodeId, Shipper> shippers = new ConcurrentHashMap<>();
    private final Map<NodeId, String> complaints = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timer;
    private final SnapshotSender snapshots;

    /**
     * Creates the endpoint.
     *
     * @param version of this control plane
     * @param inSync the controller's gate
     * @param register the last one that a majority accepted, as far as known
     * @param wake called when a follower's position changes
     */
    public ReplicationEndpoint(
            NodeId self,
            String version,
            Controller controller,
            InSync inSync,
            Supplier<Optional<Register>> register,
            PeerTable peers,
            InstantSource clock,
            Runnable wake) {
        this.self = self;
        this.version = version;
        this.controller = controller;
        this.inSync = inSync;
        this.register = register;
        this.peers = peers;
        this.clock = clock;
        this.wake = wake;
        this.snapshots = new SnapshotSender(controller, peers);
        inSync.onShippable(() -> shippers.values().forEach(Shipper::signal));
        timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name("in-sync").factory());
        var _ =
                timer.scheduleWithFixedDelay(
                        inSync::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * Where a server's calls run: following on the transport's own thread, as each change of
     * threads delays a commit and no message of a follower waits for a disk; all others elsewhere.
     */
    public static ServerCallExecutorSupplier calls(Executor others) {
        return new ServerCallExecutorSupplier() {
            @Override
            public <Q, A> Executor getExecutor(ServerCall<Q, A> call, Metadata metadata) {
                return call.getMethodDescriptor()
                                .getFullMethodName()
                                .equals(
                                        ReplicationServiceGrpc.getFollowMethod()
                                                .getFullMethodName())
                        ? Runnable::run
                        : others;
            }
        };
    }

    @Override
    public StreamObserver<FollowRequest> follow(StreamObserver<FollowResponse> responses) {
        PeerName peer = PeerIdentity.require(PeerName.Kind.MASTER);
        return new Session(peer, (ServerCallStreamObserver<FollowResponse>) responses);
    }

    @Override
    public void getPosition(
            GetPositionRequest request, StreamObserver<GetPositionResponse> responses) {
        try {
            NodeId _ = requireFollower();
            responses.onNext(position(ReplicationWire.notNegative("index", request.getIndex())));
            responses.onCompleted();
        } catch (IOException | IllegalArgumentException e) {
            responses.onError(
                    Status.INTERNAL
                            .withDescription("position: " + e.getMessage())
                            .asRuntimeException());
        } catch (StatusRuntimeException e) {
            responses.onError(e);
        }
    }

    private GetPositionResponse position(long index) throws IOException {
        long first = controller.firstIndex();
        long last = controller.durablePosition().index();
        GetPositionResponse.Builder response =
                GetPositionResponse.newBuilder()
                        .setIndex(index)
                        .setFirstIndex(first)
                        .setLastIndex(last);
        if (index >= first - 1 && index <= last) {
            response.setHash(ReplicationWire.bytes(controller.positionAt(index).chainHash()));
        }
        return response.build();
    }

    @Override
    public void fetchSnapshot(
            FetchSnapshotRequest request, StreamObserver<FetchSnapshotResponse> responses) {
        try {
            snapshots.send(
                    requireFollower(),
                    request,
                    (ServerCallStreamObserver<FetchSnapshotResponse>) responses);
        } catch (StatusRuntimeException e) {
            responses.onError(e);
        }
    }

    /** A backup of this cluster, while this is the primary: nobody else's journal is measured. */
    private NodeId requireFollower() {
        PeerName peer = PeerIdentity.require(PeerName.Kind.MASTER);
        NodeId follower = new NodeId(peer.id());
        if (!peers.knows(follower)) {
            throw Status.PERMISSION_DENIED
                    .withDescription(
                            "replication: expected a backup of this cluster, found " + peer)
                    .asRuntimeException();
        }
        if (controller.leading().isEmpty()) {
            throw Status.FAILED_PRECONDITION
                    .withDescription("replication: master " + self + " is not the primary")
                    .asRuntimeException();
        }
        return follower;
    }

    private final class Session implements StreamObserver<FollowRequest> {
        private final PeerName peer;
        private final ServerCallStreamObserver<FollowResponse> responses;
        private @Nullable Shipper shipper;

        Session(PeerName peer, ServerCallStreamObserver<FollowResponse> responses) {
            this.peer = peer;
            this.responses = responses;
            responses.setOnCancelHandler(this::end);
            responses.setOnCloseHandler(this::end);
        }

        @Override
        public void onNext(FollowRequest request) {
            switch (request.getMessageCase()) {
                case POSITION -> begin(request.getPosition());
                case ACK -> {
                    if (shipper != null) {
                        shipper.acknowledged(request.getAck().getIndex());
                    }
                }
                case MESSAGE_NOT_SET ->
                        responses.onError(
                                Status.INVALID_ARGUMENT
                                        .withDescription(
                                                "follow: expected a position or an acknowledgement, found neither")
                                        .asRuntimeException());
            }
        }

        private void begin(FollowerPosition position) {
            if (!position.getMasterId().equals(peer.id()) || !peers.knows(new NodeId(peer.id()))) {
                responses.onError(
                        Status.PERMISSION_DENIED
                                .withDescription(
                                        "follow: expected a backup of this cluster under its own name, found \"%s\" with the certificate of %s"
                                                .formatted(position.getMasterId(), peer))
                                .asRuntimeException());
                return;
            }
            if (shipper != null) {
                responses.onError(
                        Status.INVALID_ARGUMENT
                                .withDescription("follow: a second position")
                                .asRuntimeException());
                return;
            }
            NodeId follower = new NodeId(peer.id());
            Optional<Ballot> leading = controller.leading();
            if (leading.isEmpty()) {
                refuse(
                        FollowerCore.Refusal.NOT_PRIMARY,
                        "master " + self + " is not the primary",
                        leading);
                return;
            }
            try {
                JournalPosition ends = ReplicationWire.position(position);
                Optional<Replica> replica = ReplicationWire.replica(position);
                if (isBeingForced(ends.index())) {
                    responses.onError(
                            Status.UNAVAILABLE
                                    .withDescription(
                                            "follow: entry %d is being made durable here; try again"
                                                    .formatted(ends.index()))
                                    .asRuntimeException());
                    return;
                }
                begin(follower, replica, position, judge(ends), leading.get());
            } catch (IOException | IllegalArgumentException e) {
                responses.onError(
                        Status.INTERNAL
                                .withDescription("follow: " + e.getMessage())
                                .asRuntimeException());
            }
        }

        private void begin(
                NodeId follower,
                Optional<Replica> replica,
                FollowerPosition position,
                Shipment.Start start,
                Ballot ballot) {
            switch (start) {
                case Shipment.Start.Diverged(var detail) -> {
                    complain(follower, detail);
                    refuse(FollowerCore.Refusal.DIVERGED, detail, Optional.of(ballot));
                }
                case Shipment.Start.TooOld(var detail) -> {
                    complain(follower, detail);
                    refuse(FollowerCore.Refusal.TOO_OLD, detail, Optional.of(ballot));
                }
                case Shipment.Start.Accepted(var shipment) -> {
                    complaints.remove(follower);
                    ship(follower, replica, position, shipment, ballot);
                }
            }
        }

        /** Says once what will be the same at each further attempt. */
        private void complain(NodeId follower, String detail) {
            if (!detail.equals(complaints.put(follower, detail))) {
                LOG.warn("Master {} has to resync: {}", follower, detail);
            }
        }

        /**
         * Whether a follower has an entry from memory that this journal has not forced yet: nobody
         * can say whether it is the same.
         */
        private boolean isBeingForced(long index) {
            return index > controller.durablePosition().index() && index <= controller.lastIndex();
        }

        private Shipment.Start judge(JournalPosition follower) throws IOException {
            long first = controller.firstIndex();
            long last = controller.durablePosition().index();
            boolean held = follower.index() >= first - 1 && follower.index() <= last;
            Optional<JournalPosition> here =
                    held ? Optional.of(controller.positionAt(follower.index())) : Optional.empty();
            return Shipment.begin(follower, here, first, last);
        }

        private void ship(
                NodeId follower,
                Optional<Replica> replica,
                FollowerPosition position,
                Shipment shipment,
                Ballot ballot) {
            responses.onNext(ReplicationWire.accepted(ballot, version, register.get()));
            peers.follows(follower, position.getLastIndex(), position.getControlPlaneVersion());
            LOG.info("Master {} follows from entry {}", follower, position.getLastIndex());
            Shipper mine =
                    new Shipper(
                            follower,
                            replica,
                            new Shipper.Ports(controller, inSync, register),
                            shipment,
                            responses) {
                        @Override
                        void onAcknowledged(long index) {
                            if (shippers.get(follower) == this) {
                                peers.acknowledged(
                                        follower,
                                        index,
                                        index >= controller.state().index(),
                                        clock.instant());
                                wake.run();
                            }
                        }
                    };
            shipper = mine;
            Shipper before = shippers.put(follower, mine);
            if (before != null) {
                before.close();
            }
            mine.start();
            wake.run();
        }

        private void refuse(FollowerCore.Refusal refusal, String detail, Optional<Ballot> ballot) {
            Office office = controller.state().office();
            responses.onNext(
                    ReplicationWire.refused(
                            refusal,
                            detail,
                            ballot,
                            register.get(),
                            Optional.ofNullable(office).map(Office::entitled)));
            responses.onCompleted();
        }

        private void end() {
            Shipper mine = shipper;
            if (mine != null) {
                mine.close();
                if (shippers.remove(mine.follower(), mine)) {
                    peers.followsNoMore(mine.follower());
                    LOG.info("Master {} follows no more", mine.follower());
                    wake.run();
                }
            }
        }

        @Override
        public void onError(Throwable t) {
            end();
        }

        @Override
        public void onCompleted() {
            end();
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        shippers.values().forEach(Shipper::close);
    }
}
