package dev.sluice.control.fleet;

import static java.util.Objects.requireNonNull;

import dev.sluice.control.model.Ballot;
import dev.sluice.v1.AgentLinkServiceGrpc;
import dev.sluice.v1.BallotRefused;
import dev.sluice.v1.CommandDone;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.Fenced;
import dev.sluice.v1.Hello;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.WitnessReply;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An agent that says exactly what a test tells it to. */
final class FakeAgent {

    static final String STORE = "5eed";

    private static final int PATIENCE_SECONDS = 20;

    private final BlockingQueue<SessionResponse> heard = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();
    private final StreamObserver<SessionRequest> out;
    private long sequence;

    FakeAgent(ManagedChannel channel) {
        out =
                AgentLinkServiceGrpc.newStub(channel)
                        .session(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(SessionResponse response) {
                                        heard.add(response);
                                    }

                                    @Override
                                    public void onError(Throwable failure) {
                                        end.complete(Status.fromThrowable(failure));
                                    }

                                    @Override
                                    public void onCompleted() {
                                        end.complete(Status.OK);
                                    }
                                });
    }

    FakeAgent hello(String node) {
        return hello(node, STORE);
    }

    FakeAgent hello(String node, String store) {
        out.onNext(
                SessionRequest.newBuilder()
                        .setHello(
                                Hello.newBuilder()
                                        .setNodeId(node)
                                        .setAgentVersion("1.2.3")
                                        .setIncarnation(5)
                                        .setPackageSource(node + ":7444")
                                        .setStoreId(store)
                                        .setReport(report()))
                        .build());
        return this;
    }

    NodeReport.Builder report() {
        return NodeReport.newBuilder()
                .setSequence(++sequence)
                .putInstalled("site", "25.1.0")
                .setAccepting(true)
                .putSessions("console", 3);
    }

    void reports(NodeReport.Builder report) {
        out.onNext(SessionRequest.newBuilder().setReport(report).build());
    }

    void fenced(Ballot ballot) {
        out.onNext(
                SessionRequest.newBuilder()
                        .setFenced(
                                Fenced.newBuilder()
                                        .setBallot(CommandWriter.ballot(ballot))
                                        .setReport(report()))
                        .build());
    }

    void refuses(Ballot offered, Ballot highest) {
        out.onNext(
                SessionRequest.newBuilder()
                        .setRefused(
                                BallotRefused.newBuilder()
                                        .setOffered(CommandWriter.ballot(offered))
                                        .setHighest(CommandWriter.ballot(highest)))
                        .build());
    }

    void done(String commandId, String evidence) {
        out.onNext(
                SessionRequest.newBuilder()
                        .setResult(
                                CommandResult.newBuilder()
                                        .setCommandId(commandId)
                                        .setDone(CommandDone.newBuilder().addEvidence(evidence))
                                        .setReport(report()))
                        .build());
    }

    void replies(WitnessReply.Builder reply) {
        out.onNext(SessionRequest.newBuilder().setWitness(reply).build());
    }

    void records(SessionRecordBatch.Builder batch) {
        out.onNext(SessionRequest.newBuilder().setRecords(batch).build());
    }

    void leaves() {
        out.onCompleted();
    }

    SessionResponse hears() throws InterruptedException {
        SessionResponse next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return requireNonNull(next, () -> "no message of the master; stream: " + end);
    }

    Status ends() throws Exception {
        return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    int waiting() {
        return heard.size();
    }
}
