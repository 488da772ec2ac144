package dev.sluice.control.peer;

import static dev.sluice.control.peer.ReplicatedPair.A;
import static dev.sluice.control.peer.ReplicatedPair.B;
import static dev.sluice.control.records.Records.run;
import static dev.sluice.control.records.Records.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.control.failover.Replica;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.records.Records;
import dev.sluice.control.records.SpoolId;
import dev.sluice.control.recordstore.FoundRecord;
import dev.sluice.control.recordstore.RecordQuery;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.HeldStore;
import dev.sluice.v1.PullRequest;
import dev.sluice.v1.SessionRecordHoldings;
import dev.sluice.v1.SessionRecordServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Session records of two masters over real TLS, apart and together again. */
@Tag("PAIR-3")
@Timeout(120)
final class RecordMergeTest {

    private static final SpoolId EU1 = spool("eu-1");
    private static final SpoolId US1 = spool("us-1");

    @TempDir private Path directory;
    private ReplicatedPair pair;

    @BeforeEach
    void make() throws Exception {
        pair = new ReplicatedPair(directory.resolve("pair"));
    }

    @AfterEach
    void close() {
        pair.close();
    }

    private static void store(ReplicatedPair.Running master, RecordRun... runs) throws Exception {
        var _ = master.records.store(List.of(runs)).get(30, TimeUnit.SECONDS);
    }

    /** Both have all of these runs and nothing else, and each record says what it said. */
    private void awaitBoth(ReplicatedPair.Running a, ReplicatedPair.Running b, RecordRun... runs)
            throws IOException {
        long count = 0;
        for (RecordRun run : runs) {
            count += run.records().size();
        }
        for (ReplicatedPair.Running master : List.of(a, b)) {
            long expected = count;
            pair.await(
                    master.self + " has the union",
                    () -> master.records.status().kept() == expected);
            for (RecordRun run : runs) {
                assertThat(master.records.seen().of(run.spool()).containsAll(run.range())).isTrue();
            }
            List<FoundRecord> found =
                    master.records.select(new RecordQuery(null, 0, 100_000)).records();
            assertThat(found).hasSize((int) count).doesNotHaveDuplicates();
            assertThat(found)
                    .allSatisfy(record ->
                            assertThat(record.content())
                                    .isEqualTo(Records.record(record.spool(), record.sequence())));
        }
    }

    @Test
    void mastersThatWereApartBothHaveTheUnion() throws Exception {
        ReplicatedPair.Running alone = pair.start(B);
        store(alone, run(EU1, 1, 30), run(US1, 5, 9));
        pair.stop(B);
        ReplicatedPair.Running a = pair.startPrimary();
        store(a, run(EU1, 21, 60), run(spool("eu-2"), 1, 3));

        ReplicatedPair.Running b = pair.start(B);

        awaitBoth(a, b, run(EU1, 1, 60), run(US1, 5, 9), run(spool("eu-2"), 1, 3));
        pair.await(
                "both counted",
                () -> taken(a) == 25 && taken(b) == 33 && given(a) == 33 && given(b) == 25);
        pair.awaitSame(a, b);
    }

    private static long taken(ReplicatedPair.Running master) {
        return master.exchanges.all().values().stream()
                .mapToLong(RecordExchanges.Exchange::taken)
                .sum();
    }

    private static long given(ReplicatedPair.Running master) {
        return master.exchanges.all().values().stream()
                .mapToLong(RecordExchanges.Exchange::given)
                .sum();
    }

    @Test
    void theyGoOnExchangingAndEachTakesRecordsWhateverItIs() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);

        store(b, run(EU1, 1, 10));
        store(a, run(US1, 1, 10));
        awaitBoth(a, b, run(EU1, 1, 10), run(US1, 1, 10));
        store(a, run(EU1, 11, 12));

        awaitBoth(a, b, run(EU1, 1, 12), run(US1, 1, 10));
    }

    @Test
    void recordsSurviveThatTheReturningMastersJournalIsCut() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);
        pair.stop(A);
        store(b, run(EU1, 1, 10));
        pair.stop(B);
        pair.addLostEntryToB();
        ReplicatedPair.Running again = pair.startPrimary();
        store(again, run(US1, 1, 10));

        ReplicatedPair.Running returned = pair.start(B);
        assertThat(returned.controller.state().configuration().settings()).containsKey("site.lost");
        pair.awaitSame(again, returned);

        assertThat(returned.controller.state().configuration().settings())
                .doesNotContainKey("site.lost");
        awaitBoth(again, returned, run(EU1, 1, 10), run(US1, 1, 10));
    }

    @Test
    void recordsSurviveThatTheReturningMastersJournalIsReplacedByASnapshot() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);
        Replica before = b.controller.replica();
        pair.stop(A);
        store(b, run(EU1, 1, 10));
        pair.stop(B);
        ReplicatedPair.Running again = pair.startPrimary();
        store(again, run(US1, 1, 10));
        setMany(again, 200);
        assertThat(
                        again.controller
                                .maintain(durable -> {
                                    durable.snapshot();
                                    durable.compact(Long.MAX_VALUE);
                                })
                                .get())
                .isTrue();

        ReplicatedPair.Running returned = pair.start(B);
        pair.awaitSame(again, returned);

        assertThat(returned.controller.replica().store()).isNotEqualTo(before.store());
        awaitBoth(again, returned, run(EU1, 1, 10), run(US1, 1, 10));
    }

    private static void setMany(ReplicatedPair.Running master, int count) throws Exception {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(
                    master.controller.submit(
                            new Command.ChangeSetting(
                                    "site.key" + i,
                                    Optional.of("v".repeat(100)),
                                    false,
                                    new Actor("alice"))));
        }
        for (var answer : answers) {
            var _ = answer.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void anEmptyStoreIsFilledInManyAnswers() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        List<RecordRun> runs = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            runs.add(run(i % 2 == 0 ? EU1 : US1, 1 + i * 256L, 256 + i * 256L));
        }
        store(a, runs.toArray(RecordRun[]::new));

        ReplicatedPair.Running b = pair.start(B);

        awaitBoth(a, b, runs.toArray(RecordRun[]::new));
        assertThat(taken(b)).isEqualTo(60 * 256);
        assertThat(taken(a)).isZero();
    }

    private StatusRuntimeException refusal(PeerName as, PullRequest request) throws Exception {
        ManagedChannel channel = pair.channel(as, A);
        try {
            var stub =
                    SessionRecordServiceGrpc.newBlockingStub(channel)
                            .withDeadlineAfter(20, TimeUnit.SECONDS);
            return catchThrowableOfType(StatusRuntimeException.class, () -> stub.pull(request));
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void onlyTheOtherMastersGetRecordsAndNonsenseIsRefused() throws Exception {
        var _ = pair.startPrimary();
        PullRequest empty = PullRequest.getDefaultInstance();
        assertThat(refusal(PeerName.node("eu-1"), empty).getStatus().getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(refusal(PeerName.master("m-x"), empty).getStatus().getDescription())
                .contains("master m-x: expected one of [m-b]");
        HeldStore.Builder twice = HeldStore.newBuilder().setNodeId("eu-1").setStoreId("s");
        PullRequest nonsense =
                PullRequest.newBuilder()
                        .setHoldings(
                                SessionRecordHoldings.newBuilder()
                                        .addStores(twice)
                                        .addStores(
                                                twice.addRanges(
                                                        dev.sluice.v1.SequenceRange.newBuilder()
                                                                .setFirst(5)
                                                                .setLast(4))))
                        .build();
        Status refused = refusal(PeerName.master("m-b"), nonsense).getStatus();
        assertThat(refused.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused.getDescription()).contains("master m-b: ", "sequences 5 to 4");
    }
}
