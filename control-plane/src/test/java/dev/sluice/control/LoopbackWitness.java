package dev.sluice.control;

import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.failover.Register;
import dev.sluice.control.model.Ballot;
import dev.sluice.v1.AgentLinkServiceGrpc;
import dev.sluice.v1.Fenced;
import dev.sluice.v1.Hello;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.WitnessReply;
import dev.sluice.v1.WitnessRequest;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The agent of a node as far as an election needs it: dials a master, dials again when that one is
 * not there yet, and grants what a witness may grant. It remembers across sessions.
 */
final class LoopbackWitness implements AutoCloseable {

    private static final String STORE = "5eed";

    private final ManagedChannel channel;
    private final String node;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private @Nullable Ballot promised;
    private @Nullable Register register;

    LoopbackWitness(ManagedChannel channel, String node) {
        this.channel = channel;
        this.node = node;
        dial();
    }

    private void dial() {
        if (!closed.isDone()) {
            Session session = new Session();
            session.out = AgentLinkServiceGrpc.newStub(channel).withWaitForReady().session(session);
            session.hello();
        }
    }

    private final class Session implements StreamObserver<SessionResponse> {
        private @Nullable StreamObserver<SessionRequest> out;

        private synchronized void send(SessionRequest.Builder message) {
            if (out != null) {
                out.onNext(message.build());
            }
        }

        private void hello() {
            send(
                    SessionRequest.newBuilder()
                            .setHello(
                                    Hello.newBuilder()
                                            .setNodeId(node)
                                            .setAgentVersion("1.0.0")
                                            .setIncarnation(1)
                                            .setStoreId(STORE)
                                            .setReport(NodeReport.newBuilder().setSequence(1))));
        }

        @Override
        public void onNext(SessionResponse response) {
            switch (response.getMessageCase()) {
                case FENCE ->
                        send(
                                SessionRequest.newBuilder()
                                        .setFenced(
                                                Fenced.newBuilder()
                                                        .setBallot(
                                                                response.getFence().getBallot())));
                case WITNESS -> send(SessionRequest.newBuilder().setWitness(answer(response)));
                case WELCOME, COMMAND, LEASE, RECORDS, KEEP, MESSAGE_NOT_SET -> {}
            }
        }

        @Override
        public void onError(Throwable failure) {
            dial();
        }

        @Override
        public void onCompleted() {
            dial();
        }
    }

    private synchronized WitnessReply answer(SessionResponse response) {
        WitnessRequest request = response.getWitness();
        boolean granted =
                switch (request.getRequestCase()) {
                    case PRE_VOTE -> true;
                    case PREPARE -> promise(WitnessWire.decode(request.getPrepare().getBallot()));
                    case ACCEPT -> accept(WitnessWire.decode(request.getAccept().getRegister()));
                    case ALIVE -> isHighest(WitnessWire.decode(request.getAlive().getBallot()));
                    case REQUEST_NOT_SET -> false;
                };
        WitnessReply.Builder reply =
                WitnessReply.newBuilder()
                        .setRequestId(request.getRequestId())
                        .setStoreId(STORE)
                        .setGranted(granted);
        if (promised != null) {
            reply.setPromised(WitnessWire.encode(promised));
        }
        if (register != null) {
            reply.setRegister(WitnessWire.encode(register));
        }
        return reply.build();
    }

    private boolean isHighest(Ballot ballot) {
        return promised == null || !promised.isAbove(ballot);
    }

    private boolean promise(Ballot ballot) {
        if (!isHighest(ballot)) {
            return false;
        }
        promised = ballot;
        return true;
    }

    private boolean accept(Register next) {
        if (!promise(next.ballot())) {
            return false;
        }
        register = next;
        return true;
    }

    @Override
    public void close() {
        closed.complete(null);
        var _ = channel.shutdownNow();
    }
}
