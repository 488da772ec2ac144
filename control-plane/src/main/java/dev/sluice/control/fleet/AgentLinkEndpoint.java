package dev.sluice.control.fleet;

import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.control.records.RecordBatch;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.AgentLinkServiceGrpc;
import dev.sluice.v1.BallotRefused;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.Fenced;
import dev.sluice.v1.Hello;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.WitnessReply;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agents' sessions on the wire. Checks that an agent is the node it says it is, reads its
 * messages and hands them to the {@link Fleet}.
 *
 * <p>The server must have {@link PeerIdentity#interceptor} and an inbound message limit of {@link
 * #MAX_MESSAGE_BYTES}.
 */
public final class AgentLinkEndpoint extends AgentLinkServiceGrpc.AgentLinkServiceImplBase {

    /** The largest message an agent may send. */
    public static final int MAX_MESSAGE_BYTES = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(AgentLinkEndpoint.class);

    private final Fleet fleet;
    private final LongSupplier nanos;
    private final RecordIntake records;
    private final Set<Conversation> unknown = ConcurrentHashMap.newKeySet();

    /**
     * An endpoint.
     *
     * @param nanos monotonic, the same as the fleet's
     */
    public AgentLinkEndpoint(Fleet fleet, LongSupplier nanos) {
        this(fleet, nanos, RecordIntake.none());
    }

    /**
     * An endpoint of a master that keeps session records.
     *
     * @param nanos monotonic, the same as the fleet's
     */
    public AgentLinkEndpoint(Fleet fleet, LongSupplier nanos, RecordIntake records) {
        this.fleet = fleet;
        this.nanos = nanos;
        this.records = records;
    }

    @Override
    public StreamObserver<SessionRequest> session(StreamObserver<SessionResponse> responses) {
        ServerCallStreamObserver<SessionResponse> outbound =
                (ServerCallStreamObserver<SessionResponse>) responses;
        Conversation conversation = new Conversation(outbound, nanos.getAsLong());
        outbound.setOnReadyHandler(conversation::ready);
        outbound.setOnCancelHandler(
                () -> conversation.broke("the connection was lost, or a message was over 1 MiB"));
        try {
            conversation.identify(PeerIdentity.require(PeerName.Kind.NODE));
        } catch (StatusRuntimeException e) {
            conversation.refuse(e.getStatus());
        }
        return conversation;
    }

    /**
     * Ends what has been silent for {@link Fleet#MAX_SILENCE}: sessions without reports, and
     * streams that never said Hello. To be called about once a second.
     */
    public void expireSilent() {
        long now = nanos.getAsLong();
        for (Conversation conversation : unknown) {
            if (now - conversation.openedNanos > Fleet.MAX_SILENCE.toNanos()) {
                conversation.refuse(
                        Status.DEADLINE_EXCEEDED.withDescription(
                                "expected Hello within %d s"
                                        .formatted(Fleet.MAX_SILENCE.toSeconds())));
            }
        }
        fleet.expireSilent();
    }

    /**
     * One stream. gRPC calls it from one thread at a time; only {@link #refuse} comes from others
     * too. Who takes it out of {@link #unknown} decides whether it becomes a session or ends.
     */
    private final class Conversation implements StreamObserver<SessionRequest> {
        private final ServerCallStreamObserver<SessionResponse> outbound;
        private final long openedNanos;
        private @Nullable PeerName peer;
        private @Nullable StoreId store;
        private volatile @Nullable AgentSession session;

        /** Whether a batch of records is being stored: one at a time, more are dropped. */
        private final AtomicBoolean storing = new AtomicBoolean();

        Conversation(ServerCallStreamObserver<SessionResponse> outbound, long openedNanos) {
            this.outbound = outbound;
            this.openedNanos = openedNanos;
            unknown.add(this);
        }

        void identify(PeerName verified) {
            peer = verified;
        }

        void ready() {
            AgentSession current = session;
            if (current != null) {
                current.drain();
            }
        }

        @Override
        public void onNext(SessionRequest request) {
            try {
                AgentSession current = session;
                if (current == null) {
                    hello(request);
                } else {
                    hear(current, request);
                }
            } catch (MalformedMessageException e) {
                refuse(
                        Status.INVALID_ARGUMENT.withDescription(
                                "%s: %s".formatted(peer, e.getMessage())));
            } catch (StatusRuntimeException e) {
                refuse(e.getStatus());
            } catch (RuntimeException e) {
                LOG.error("{}: a message could not be taken in", peer, e);
                refuse(Status.INTERNAL.withDescription("the master failed; see its log"));
            }
        }

        private void hello(SessionRequest request) throws MalformedMessageException {
            if (peer == null || !unknown.contains(this)) {
                return;
            }
            if (!request.hasHello()) {
                throw new MalformedMessageException(
                        "expected Hello first, found " + request.getMessageCase());
            }
            Greeting greeting = greeting(request.getHello(), peer);
            store = greeting.store();
            if (unknown.remove(this)) {
                session = fleet.joined(greeting, outbound);
                ready();
            }
        }

        private void hear(AgentSession from, SessionRequest request)
                throws MalformedMessageException {
            switch (request.getMessageCase()) {
                case REPORT -> report(from, request.getReport());
                case FENCED -> fenced(from, request.getFenced());
                case REFUSED -> refused(from, request.getRefused());
                case RESULT -> result(from, request.getResult());
                case WITNESS -> witness(from, request.getWitness());
                case RECORDS -> records(from, request.getRecords());
                case HELLO -> throw new MalformedMessageException("a second Hello in one session");
                case MESSAGE_NOT_SET -> LOG.debug("{}: a message of a later version", peer);
            }
        }

        private void report(AgentSession from, NodeReport report) throws MalformedMessageException {
            fleet.reported(from, ReportReader.read(report));
        }

        /** The report goes in first: who sees the node fenced must see it as it was after that. */
        private void fenced(AgentSession from, Fenced fenced) throws MalformedMessageException {
            if (fenced.hasReport()) {
                report(from, fenced.getReport());
            }
            fleet.fenced(from, ReportReader.ballot(fenced.getBallot()));
        }

        private void refused(AgentSession from, BallotRefused refused)
                throws MalformedMessageException {
            fleet.refused(
                    from,
                    ReportReader.ballot(refused.getHighest()),
                    ReportReader.text(refused.getCommandId()),
                    ReportReader.text(refused.getReason()));
        }

        /** The report goes in first: who sees the outcome must see the node as it was after it. */
        private void result(AgentSession from, CommandResult result)
                throws MalformedMessageException {
            if (result.hasReport()) {
                report(from, result.getReport());
            }
            ReportReader.outcome(result)
                    .ifPresent(outcome -> fleet.resulted(from, result.getCommandId(), outcome));
        }

        /** A ledger cannot change under a running agent: its name is the one that Hello gave. */
        private void witness(AgentSession from, WitnessReply wire)
                throws MalformedMessageException {
            dev.sluice.control.failover.WitnessReply reply = ReportReader.reply(wire);
            if (!reply.store().equals(store)) {
                throw new MalformedMessageException(
                        "witness reply: expected store id %s as in Hello, found %s"
                                .formatted(store, reply.store()));
            }
            fleet.replied(from, wire.getRequestId(), reply);
        }

        /** Acknowledged when durable; what is not, the agent sends again. */
        private void records(AgentSession from, SessionRecordBatch wire)
                throws MalformedMessageException {
            RecordBatch batch = ReportReader.records(wire);
            if (!batch.spool().node().equals(from.node())) {
                throw Status.PERMISSION_DENIED
                        .withDescription(
                                "%s sends session records of node %s; a node can act only as itself"
                                        .formatted(peer, batch.spool().node()))
                        .asRuntimeException();
            }
            if (storing.compareAndSet(false, true)) {
                var _ =
                        records.take(batch)
                                .whenComplete((sequence, failure) -> {
                                    storing.set(false);
                                    if (failure == null) {
                                        from.ask(CommandWriter.recordAck(batch.spool(), sequence));
                                    }
                                });
            }
        }

        @Override
        public void onError(Throwable failure) {
            broke(String.valueOf(Status.fromThrowable(failure).getDescription()));
        }

        /** Ends a session that broke, which must not look to its agent as if it had ended well. */
        void broke(String reason) {
            over(reason, Status.CANCELLED.withDescription(reason));
        }

        @Override
        public void onCompleted() {
            over("the agent ended it", Status.OK);
        }

        void over(String reason, Status status) {
            AgentSession current = session;
            if (current != null) {
                current.end(status);
                fleet.left(current, reason);
            } else if (unknown.remove(this)) {
                outbound.onCompleted();
            }
        }

        void refuse(Status status) {
            AgentSession current = session;
            if (current != null) {
                current.end(status);
                fleet.left(current, String.valueOf(status.getDescription()));
            } else if (unknown.remove(this)) {
                LOG.info("session refused: {}", status.getDescription());
                outbound.onError(status.asRuntimeException());
            }
        }
    }

    private Greeting greeting(Hello hello, PeerName peer) throws MalformedMessageException {
        String claimed = ReportReader.text(hello.getNodeId());
        if (!claimed.equals(peer.id())) {
            throw Status.PERMISSION_DENIED
                    .withDescription(
                            "%s says it is node \"%s\"; a node can act only as itself"
                                    .formatted(peer, claimed))
                    .asRuntimeException();
        }
        NodeId node = new NodeId(claimed);
        if (!fleet.isMember(node)) {
            throw Status.NOT_FOUND
                    .withDescription(
                            ("node %s is not in the topology that master %s knows; add it to the"
                                            + " inventory, or wait until the master has it")
                                    .formatted(node, fleet.master()))
                    .asRuntimeException();
        }
        return new Greeting(
                node,
                ReportReader.text(hello.getAgentVersion()),
                hello.getIncarnation(),
                hello.hasHighestBallot() ? ReportReader.ballot(hello.getHighestBallot()) : null,
                ReportReader.text(hello.getPackageSource()),
                ReportReader.text(hello.getTransferAddress()),
                ReportReader.store(hello.getStoreId()),
                hello.hasReport() ? ReportReader.read(hello.getReport()) : null);
    }
}
