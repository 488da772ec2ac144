package dev.sluice.control.peer;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.replication.Shipment;
import dev.sluice.control.state.Office;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.FollowAccepted;
import dev.sluice.v1.FollowRefused;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
import dev.sluice.v1.FollowerPosition;
import dev.sluice.v1.ReplicationServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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

    private final NodeId self;
    private final String version;
    private final Controller controller;
    private final PeerTable peers;
    private final InstantSource clock;
    private final Runnable wake;
    private final Map<NodeId, Shipper> shippers = new ConcurrentHashMap<>();
    private final Map<NodeId, String> complaints = new ConcurrentHashMap<>();

    /**
     * Creates the endpoint.
     *
     * @param version of this control plane
     * @param wake called when a follower's position changes
     */
    public ReplicationEndpoint(
            NodeId self,
            String version,
            Controller controller,
            PeerTable peers,
            InstantSource clock,
            Runnable wake) {
        this.self = self;
        this.version = version;
        this.controller = controller;
        this.peers = peers;
        this.clock = clock;
        this.wake = wake;
        controller.subscribe((_, _) -> shippers.values().forEach(Shipper::signal));
    }

    @Override
    public StreamObserver<FollowRequest> follow(StreamObserver<FollowResponse> responses) {
        PeerName peer = PeerIdentity.require(PeerName.Kind.MASTER);
        return new Session(peer, (ServerCallStreamObserver<FollowResponse>) responses);
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
            if (!controller.leads()) {
                refuse(
                        FollowRefused.Reason.REASON_NOT_PRIMARY,
                        "master " + self + " is not the primary");
                return;
            }
            Shipment.Start start;
            try {
                start = judge(position);
            } catch (IOException | IllegalArgumentException e) {
                responses.onError(
                        Status.INTERNAL
                                .withDescription("follow: " + e.getMessage())
                                .asRuntimeException());
                return;
            }
            switch (start) {
                case Shipment.Start.Diverged(var detail) -> {
                    complain(follower, detail);
                    refuse(FollowRefused.Reason.REASON_DIVERGED, detail);
                }
                case Shipment.Start.TooOld(var detail) -> {
                    complain(follower, detail);
                    refuse(FollowRefused.Reason.REASON_TOO_OLD, detail);
                }
                case Shipment.Start.Accepted(var shipment) -> {
                    complaints.remove(follower);
                    ship(follower, position, shipment);
                }
            }
        }

        /** Says once what will be the same at each further attempt. */
        private void complain(NodeId follower, String detail) {
            if (!detail.equals(complaints.put(follower, detail))) {
                LOG.error("Master {} can't follow: {}", follower, detail);
            }
        }

        private Shipment.Start judge(FollowerPosition position) throws IOException {
            long index = position.getLastIndex();
            ChainHash hash =
                    position.getLastHash().isEmpty()
                            ? ChainHash.GENESIS
                            : ChainHash.of(position.getLastHash().toByteArray());
            long first = controller.firstIndex();
            long last = controller.durablePosition().index();
            boolean held = index >= first - 1 && index <= last;
            Optional<JournalPosition> here =
                    held ? Optional.of(controller.positionAt(index)) : Optional.empty();
            return Shipment.begin(new JournalPosition(index, hash), here, first, last);
        }

        private void ship(NodeId follower, FollowerPosition position, Shipment shipment) {
            Office office = controller.state().office();
            if (office == null) {
                refuse(FollowRefused.Reason.REASON_NOT_PRIMARY, "no primary yet");
                return;
            }
            responses.onNext(
                    FollowResponse.newBuilder()
                            .setAccepted(
                                    FollowAccepted.newBuilder()
                                            .setBallot(Ballots.toProto(office.ballot()))
                                            .setControlPlaneVersion(version))
                            .build());
            peers.follows(follower, position.getLastIndex(), position.getControlPlaneVersion());
            LOG.info("Master {} follows from entry {}", follower, position.getLastIndex());
            Shipper mine =
                    new Shipper(follower, controller, shipment, responses, controller::leads) {
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

        private void refuse(FollowRefused.Reason reason, String detail) {
            Office office = controller.state().office();
            responses.onNext(
                    FollowResponse.newBuilder()
                            .setRefused(
                                    FollowRefused.newBuilder()
                                            .setReason(reason)
                                            .setDetail(detail)
                                            .setPrimary(
                                                    office == null
                                                            ? ""
                                                            : office.entitled().value()))
                            .build());
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
        shippers.values().forEach(Shipper::close);
    }
}
