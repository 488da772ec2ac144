package dev.sluice.control.fleet;

import static dev.sluice.control.records.Records.run;
import static dev.sluice.control.records.Records.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.control.recordstore.Retention;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.SessionRecord;
import dev.sluice.v1.SessionRecordAck;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.SessionRecordRun;
import dev.sluice.v1.SessionResponse.MessageCase;
import io.grpc.Status;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Session records from agents over real gRPC and mutual TLS, at a master that never led. */
@Tag("PAIR-3")
final class AgentRecordsTest {

    private static final NodeId MASTER = new NodeId("m-a");

    private final Fleet fleet =
            new Fleet(
                    MASTER,
                    "1.0.0",
                    node -> node.value().startsWith("eu-"),
                    System::nanoTime,
                    _ -> {},
                    () -> {},
                    (_, _, _) -> {},
                    _ -> Optional.empty(),
                    () -> "");
    private final MemoryDisk disk = new MemoryDisk();

    @AutoClose
    private final RecordStore store =
            new RecordStore(disk, Retention.DEFAULT, InstantSource.system(), System::nanoTime);

    @AutoClose private LoopbackMaster master;

    @BeforeEach
    void serve() throws Exception {
        master = new LoopbackMaster(new AgentLinkEndpoint(fleet, System::nanoTime, store::take));
    }

    private FakeAgent agent() throws Exception {
        FakeAgent agent = new FakeAgent(master.channel(PeerName.node("eu-3"))).hello("eu-3");
        assertThat(agent.hears().getMessageCase()).isEqualTo(MessageCase.WELCOME);
        return agent;
    }

    private static SessionRecordBatch.Builder batch(RecordRun run, long oldest) {
        return SessionRecordBatch.newBuilder()
                .setRun(RecordWire.encode(run))
                .setOldestSequence(oldest);
    }

    private static SessionRecordAck ack(long sequence) {
        return SessionRecordAck.newBuilder().setStoreId("5eed").setSequence(sequence).build();
    }

    @Test
    void recordsAreDurableBeforeTheyAreAcknowledged() throws Exception {
        FakeAgent agent = agent();

        agent.records(batch(run(spool("eu-3"), 1, 5), 1));
        assertThat(agent.hears().getRecords()).isEqualTo(ack(5));
        agent.records(batch(run(spool("eu-3"), 4, 9), 4));
        assertThat(agent.hears().getRecords()).isEqualTo(ack(9));

        assertThat(store.status().kept()).isEqualTo(9);
    }

    @Test
    void aBatchWithoutRecordsTellsLossesAndIsAnswered() throws Exception {
        FakeAgent agent = agent();

        agent.records(
                SessionRecordBatch.newBuilder()
                        .setRun(SessionRecordRun.newBuilder().setNodeId("eu-3").setStoreId("5eed"))
                        .setOldestSequence(8)
                        .setDropped(3));

        assertThat(agent.hears().getRecords()).isEqualTo(ack(7));
        assertThat(store.status().losses()).containsKey(new NodeId("eu-3"));
    }

    @Test
    void aDiskThatFailsAcknowledgesNothingAndTheSessionGoesOn() throws Exception {
        FakeAgent agent = agent();
        agent.records(batch(run(spool("eu-3"), 1, 1), 1));
        assertThat(agent.hears().getRecords()).isEqualTo(ack(1));
        disk.forceFails(true);
        assertThatThrownBy(() ->
                        store.store(List.of(run(spool("eu-3"), 2, 2))).get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class);

        agent.records(batch(run(spool("eu-3"), 2, 2), 1));
        agent.records(batch(run(spool("eu-4"), 1, 1), 1));

        assertThat(agent.ends().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(agent.waiting()).isZero();
    }

    private static SessionRecordBatch.Builder badRun(SessionRecordRun.Builder run) {
        return SessionRecordBatch.newBuilder()
                .setRun(run.setNodeId("eu-3").setStoreId("5eed"))
                .setOldestSequence(1);
    }

    static Stream<Arguments> bad() {
        SessionRecord good = SessionRecord.newBuilder().setKind("customer").build();
        SessionRecordRun.Builder tooMany = SessionRecordRun.newBuilder().setFirstSequence(1);
        for (int i = 0; i <= RecordRun.MAX_RECORDS; i++) {
            tooMany.addRecords(good);
        }
        return Stream.of(
                Arguments.of(badRun(tooMany), "expected at most 256 at once, found 257"),
                Arguments.of(
                        badRun(SessionRecordRun.newBuilder().addRecords(good)),
                        "expected a first sequence from 1"),
                Arguments.of(
                        badRun(SessionRecordRun.newBuilder().setFirstSequence(-4).addRecords(good)),
                        "expected a first sequence from 1"),
                Arguments.of(
                        badRun(SessionRecordRun.newBuilder().setFirstSequence(3).addRecords(good))
                                .setOldestSequence(9),
                        "sequence 3 goes back behind 9"),
                Arguments.of(
                        badRun(
                                SessionRecordRun.newBuilder()
                                        .setFirstSequence(1)
                                        .addRecords(good.toBuilder().setKind("a b"))),
                        "expected a kind of 1 to 32"),
                Arguments.of(
                        badRun(
                                SessionRecordRun.newBuilder()
                                        .setFirstSequence(1)
                                        .addRecords(good.toBuilder().setEndedMillis(-1))),
                        "expected a time of its end"),
                Arguments.of(
                        badRun(SessionRecordRun.newBuilder()).setOldestSequence(0),
                        "expected an oldest sequence from 1"),
                Arguments.of(badRun(SessionRecordRun.newBuilder()).setDropped(-1), "lost records"),
                Arguments.of(SessionRecordBatch.newBuilder().setOldestSequence(1), "NodeId"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void nonsenseEndsTheSessionWithTheReason(SessionRecordBatch.Builder batch, String reason)
            throws Exception {
        FakeAgent agent = agent();

        agent.records(batch);

        Status end = agent.ends();
        assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(end.getDescription()).contains("sluice://node/eu-3: ", reason);
        assertThat(store.status().kept()).isZero();
    }

    @Test
    void aNodeThatReportsAnotherNodesRecordsIsRefused() throws Exception {
        FakeAgent agent = agent();

        agent.records(batch(run(spool("eu-4"), 1, 5), 1));

        Status end = agent.ends();
        assertThat(end.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(end.getDescription()).contains("of node eu-4; a node can act only as itself");
        assertThat(store.status().kept()).isZero();
    }

    @Test
    void aNodeOutsideTheClusterGetsNoSessionInWhichToReportAny() throws Exception {
        FakeAgent stranger = new FakeAgent(master.channel(PeerName.node("us-1"))).hello("us-1");
        stranger.records(batch(run(spool("us-1"), 1, 5), 1));

        assertThat(stranger.ends().getCode()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(store.status().kept()).isZero();
    }
}
