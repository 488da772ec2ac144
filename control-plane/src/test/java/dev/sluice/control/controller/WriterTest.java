package dev.sluice.control.controller;

import static dev.sluice.control.controller.TwoMasters.A;
import static dev.sluice.control.controller.TwoMasters.B;
import static dev.sluice.control.controller.TwoMasters.INCARNATION;
import static dev.sluice.control.controller.TwoMasters.ballot;
import static dev.sluice.control.controller.TwoMasters.found;
import static dev.sluice.control.controller.TwoMasters.inOffice;
import static dev.sluice.control.controller.TwoMasters.recover;
import static dev.sluice.control.controller.TwoMasters.set;
import static dev.sluice.control.controller.TwoMasters.settings;
import static dev.sluice.control.controller.TwoMasters.takeOffice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalFailedException;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Office;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The writer's steps one by one, with replicas that the test plays. */
final class WriterTest {

    private final MemoryDisk disk = new MemoryDisk();
    private final FakeGate gate = new FakeGate();
    private long now = 1_000;

    private Writer writer(DurableState durable) {
        return new Writer(durable, gate, () -> now);
    }

    /** In office over entries 1 and 2. */
    private DurableState primary() throws IOException {
        return inOffice(recover(A, INCARNATION, disk));
    }

    private static void run(Writer writer) throws IOException {
        boolean more = true;
        while (more) {
            more = writer.step();
        }
    }

    @Test
    @Tag("REL-2")
    void nothingIsVisibleToldOrAnsweredBeforeTheOthersHaveIt() throws IOException {
        DurableState durable = primary();
        ClusterState before = durable.state();
        Writer writer = writer(durable);
        List<Long> told = new ArrayList<>();
        writer.subscribe((state, _) -> told.add(state.index()));

        CompletableFuture<Decision> answer = writer.submit(set("site.a", "1"));
        run(writer);

        assertThat(gate.sent).containsExactly(3L);
        assertThat(durable.durablePosition().index()).isEqualTo(3);
        assertThat(durable.appendedState().index()).isEqualTo(3);
        assertThat(durable.state()).isEqualTo(before);
        assertThat(answer).isNotDone();
        assertThat(told).isEmpty();

        gate.acknowledge(3);
        run(writer);

        assertThat(answer).isCompletedWithValueMatching(Decision.Accepted.class::isInstance);
        assertThat(durable.state().configuration().settings()).containsEntry("site.a", "1");
        assertThat(told).containsExactly(3L);
    }

    @Test
    @Tag("REL-2")
    void theOthersGetABatchBeforeTheLocalDiskIsForced() throws IOException {
        Writer writer = writer(primary());
        var _ = writer.submit(set("site.a", "1"));

        assertThat(writer.step()).isTrue();
        assertThat(gate.sent).containsExactly(3L);
        assertThat(gate.forced).isEmpty();

        assertThat(writer.step()).isTrue();
        assertThat(gate.forced).containsExactly(3L);
    }

    @Test
    @Tag("REL-2")
    void whatTheOthersHaveIsNotCommittedBeforeItIsDurableHere() throws IOException {
        DurableState durable = primary();
        Writer writer = writer(durable);
        gate.acknowledge(100);
        CompletableFuture<Decision> answer = writer.submit(set("site.a", "1"));
        assertThat(writer.step()).isTrue();
        disk.forceFails(true);

        assertThatThrownBy(writer::step).isInstanceOf(JournalFailedException.class);

        assertThat(answer).isCompletedExceptionally();
        assertThat(durable.state().index()).isEqualTo(2);
        assertThatThrownBy(writer::step)
                .hasMessageContaining("has stopped")
                .cause()
                .isInstanceOf(JournalFailedException.class);
        assertThat(writer.submit(set("site.b", "1"))).isCompletedExceptionally();
    }

    @Test
    void commandsThatComeWhileABatchIsOnItsWayShareTheNext() throws IOException {
        DurableState durable = primary();
        Writer writer = writer(durable);
        var _ = writer.submit(set("site.first", "1"));
        run(writer);
        for (Command command : settings(20)) {
            var _ = writer.submit(command);
        }
        run(writer);
        assertThat(gate.sent).containsExactly(3L);

        gate.acknowledge(3);
        run(writer);
        assertThat(gate.sent).containsExactly(3L, 23L);
        assertThat(durable.state().index()).isEqualTo(3);
        gate.acknowledge(22);
        run(writer);
        assertThat(durable.state().index()).isEqualTo(3);
        gate.acknowledge(23);
        run(writer);
        assertThat(durable.state().index()).isEqualTo(23);
    }

    @Test
    void aRefusalThatRestsOnWhatIsNotCommittedWaitsWithIt() throws IOException {
        DurableState durable = recover(A, INCARNATION, disk);
        Writer writer = writer(durable);
        var _ = writer.submit(takeOffice(ballot(1, A, INCARNATION)));
        var _ = writer.submit(found());
        CompletableFuture<Decision> again = writer.submit(found());
        run(writer);
        assertThat(again).isNotDone();

        gate.acknowledge(2);
        run(writer);

        assertThat(again).isCompletedWithValueMatching(Decision.Rejected.class::isInstance);
    }

    @Test
    void whatChangesNothingWaitsForNobody() throws IOException {
        Writer writer = writer(primary());

        CompletableFuture<Decision> answer = writer.submit(found());
        run(writer);

        assertThat(answer).isCompletedWithValueMatching(Decision.Rejected.class::isInstance);
    }

    @Test
    @Tag("REL-2")
    @Tag("REL-4")
    void aCommandThatWaitsTooLongIsToldWhoIsMissingAndStillHappens() throws Exception {
        DurableState durable = primary();
        Writer writer = writer(durable);
        CompletableFuture<Decision> decided = writer.submit(set("site.a", "1"));
        run(writer);
        now += TimeUnit.SECONDS.toNanos(9);
        CompletableFuture<Decision> behind = writer.submit(set("site.b", "1"));
        run(writer);
        assertThat(decided).isNotDone();
        assertThat(writer.nextDeadline()).hasValue(1_000 + Writer.LONGEST_COMMIT_NANOS);

        now += TimeUnit.SECONDS.toNanos(1);
        run(writer);

        assertThatThrownBy(decided::get)
                .cause()
                .isInstanceOf(OutcomeOpenException.class)
                .hasMessageContaining("entry 3 is not committed after 10 s; waiting for master m-b")
                .hasMessageContaining("may still happen");
        assertThat(behind).isNotDone();

        now += TimeUnit.SECONDS.toNanos(9);
        run(writer);
        assertThatThrownBy(behind::get)
                .cause()
                .isInstanceOf(OutcomeOpenException.class)
                .hasMessageContaining("not decided, and dropped: entry 3");
        assertThat(writer.nextDeadline()).isEmpty();

        gate.acknowledge(3);
        run(writer);
        assertThat(durable.state().configuration().settings()).containsOnlyKeys("site.a");
    }

    @Test
    @Tag("REL-4")
    void noMoreThanTheBoundWaitForACommit() throws IOException {
        Writer writer = writer(primary());
        var _ = writer.submit(set("site.a", "1"));
        run(writer);
        List<CompletableFuture<Decision>> waiting = new ArrayList<>();
        for (int i = 0; i < Writer.QUEUE_BOUND; i++) {
            waiting.add(writer.submit(set("site.a", "2")));
        }

        CompletableFuture<Decision> refused = writer.submit(set("site.b", "1"));

        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        assertThat(refused).isCompletedWithValueMatching(Decision.Rejected.class::isInstance);
    }

    @Test
    void upkeepDoesNotWaitBehindACommit() throws IOException {
        Writer writer = writer(primary());
        var _ = writer.submit(set("site.a", "1"));
        run(writer);
        CompletableFuture<Decision> behind = writer.submit(set("site.b", "1"));

        CompletableFuture<Boolean> upkeep = writer.maintain(_ -> {});
        run(writer);

        assertThat(upkeep).isCompletedWithValue(true);
        assertThat(behind).isNotDone();
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aHandoverEndsTheOfficeAtOnceAndIsKnownWhenItIsCommitted() throws IOException {
        DurableState durable = primary();
        Writer writer = writer(durable);
        CompletableFuture<Decision> handover = writer.submit(new Command.DecideHandover(B));
        run(writer);

        assertThat(durable.isInOffice()).isFalse();
        assertThat(durable.ballot()).isNull();
        assertThat(durable.leading()).hasValue(ballot(1, A, INCARNATION));
        assertThat(durable.state().office()).isEqualTo(new Office(ballot(1, A, INCARNATION), null));
        assertThat(handover).isNotDone();

        gate.acknowledge(3);
        run(writer);
        assertThat(durable.state().office()).isEqualTo(new Office(ballot(1, A, INCARNATION), B));
        assertThat(handover).isCompleted();
    }

    @Test
    @Tag("REL-1")
    void nobodyCommandsUnderABallotBeforeTakingOfficeIsCommitted() throws IOException {
        DurableState durable = recover(A, INCARNATION, disk);
        Writer writer = writer(durable);
        var _ = writer.submit(takeOffice(ballot(1, A, INCARNATION)));
        run(writer);
        assertThat(durable.ballot()).isNull();

        gate.acknowledge(1);
        run(writer);
        assertThat(durable.ballot()).isEqualTo(ballot(1, A, INCARNATION));
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-2")
    void aHandoverThatWaitsIsCommittedWhenTheNextPrimarysEntriesFollowIt() throws Exception {
        DurableState old = primary();
        Writer writer = writer(old);
        CompletableFuture<Decision> handover = writer.submit(new Command.DecideHandover(B));
        run(writer);
        DurableState next = recover(B, 9, new MemoryDisk());
        var _ = TwoMasters.replicate(next, 1, payloads(old, 1));
        var _ =
                TwoMasters.decide(
                        next, List.of(takeOffice(ballot(2, B, 9)), set("site.by", "m-b")));

        CompletableFuture<JournalPosition> taken = writer.replicate(4, payloads(next, 4));
        run(writer);

        assertThat(taken).isCompletedWithValue(next.position());
        assertThat(handover).isCompletedWithValueMatching(Decision.Accepted.class::isInstance);
        assertThat(old.state()).isEqualTo(next.state());
    }

    @Test
    @Tag("CLU-15")
    void aFollowerSaysThatEntriesAreDurableAndOnlyThenShowsThem() throws IOException {
        DurableState primary = primary();
        DurableState follower = recover(B, 9, new MemoryDisk());
        Writer writer = writer(follower);
        CompletableFuture<JournalPosition> answer = writer.replicate(1, payloads(primary, 1));
        List<Long> visible = new ArrayList<>();
        writer.subscribe((_, _) -> visible.add(-1L));
        var _ =
                answer.thenAccept(durable -> {
                    assertThat(follower.durablePosition()).isEqualTo(durable);
                    visible.add(follower.state().index());
                });
        run(writer);

        assertThat(answer).isCompletedWithValue(primary.position());
        assertThat(visible).containsExactly(0L, -1L);
        assertThat(follower.state()).isEqualTo(primary.state());
    }

    @Test
    @Tag("CLU-15")
    @Tag("REL-2")
    void whatWasAnsweredIsThereAfterACrashAtAnyChangeOfTheDisk() throws IOException {
        long changes = changesOfAHistory();
        for (long crashAt = 1; crashAt <= changes; crashAt++) {
            MemoryDisk crashing = new MemoryDisk();
            Writer writer = writer(inOffice(recover(A, INCARNATION, crashing)));
            gate.acknowledge(Long.MAX_VALUE);
            List<CompletableFuture<Decision>> answers = new ArrayList<>();
            crashing.crashAtChange(crashAt);
            assertThatThrownBy(() -> history(writer, answers))
                    .as("crash at change %d", crashAt)
                    .isInstanceOf(MemoryDisk.Crash.class);
            long answered = answers.stream().filter(a -> a.isDone() && !failed(a)).count();
            crashing.losePower(new Random(crashAt));

            try (DurableState again = recover(A, 8, crashing)) {
                assertThat(again.state().index() - 2)
                        .as("crash at change %d", crashAt)
                        .isBetween(answered, answered + 1);
            }
        }
    }

    private static boolean failed(CompletableFuture<?> answer) {
        return answer.isCompletedExceptionally();
    }

    private long changesOfAHistory() throws IOException {
        MemoryDisk counted = new MemoryDisk();
        Writer writer = writer(inOffice(recover(A, INCARNATION, counted)));
        gate.acknowledge(Long.MAX_VALUE);
        long before = counted.changes();
        history(writer, new ArrayList<>());
        return counted.changes() - before;
    }

    private static void history(Writer writer, List<CompletableFuture<Decision>> answers)
            throws IOException {
        for (Command command : settings(5)) {
            answers.add(writer.submit(command));
            run(writer);
        }
    }

    private static List<byte[]> payloads(DurableState durable, long from) throws IOException {
        return durable.read(from, 1 << 20).stream().map(JournalEntry::payload).toList();
    }
}
