package dev.sluice.control.controller;

import static dev.sluice.control.controller.TwoMasters.A;
import static dev.sluice.control.controller.TwoMasters.B;
import static dev.sluice.control.controller.TwoMasters.INCARNATION;
import static dev.sluice.control.controller.TwoMasters.inOffice;
import static dev.sluice.control.controller.TwoMasters.recover;
import static dev.sluice.control.controller.TwoMasters.set;
import static dev.sluice.control.controller.TwoMasters.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.codec.CorruptEntryException;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalFailedException;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ControllerTest {

    private final MemoryDisk disk = new MemoryDisk();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final List<Controller> controllers = new ArrayList<>();

    private Controller controller(DurableState durable) {
        Controller controller = new Controller(durable, stopped::countDown);
        controllers.add(controller);
        return controller;
    }

    private Controller primary() throws IOException {
        return controller(inOffice(recover(A, INCARNATION, disk)));
    }

    @AfterEach
    void close() {
        controllers.forEach(Controller::close);
    }

    @Test
    void anAnswerComesAfterTheEventsAreAppliedAndListenersWereTold() throws Exception {
        Controller controller = primary();
        List<Long> told = new ArrayList<>();
        controller.subscribe((state, recorded) -> {
            assertThat(recorded.getLast().index()).isEqualTo(state.index());
            recorded.forEach(r -> told.add(r.index()));
        });

        Decision decision = await(controller.submit(set("site.a", "1")));

        assertThat(decision).isInstanceOf(Decision.Accepted.class);
        assertThat(told).containsExactly(3L);
        assertThat(controller.state().configuration().settings()).containsEntry("site.a", "1");
    }

    @Test
    @Tag("REL-2")
    void theOthersAcknowledgementWakesTheWriter() throws Exception {
        FakeGate gate = new FakeGate();
        Controller controller =
                new Controller(
                        inOffice(recover(A, INCARNATION, disk)),
                        gate,
                        System::nanoTime,
                        stopped::countDown);
        controllers.add(controller);
        CompletableFuture<Decision> answer = controller.submit(set("site.a", "1"));
        assertThat(await(controller.maintain(_ -> {}))).isTrue();
        assertThat(answer).isNotDone();
        assertThat(controller.read(1, 1 << 20)).hasSize(2);
        assertThat(controller.readDurable(1, 1 << 20)).hasSize(3);

        gate.acknowledge(3);

        assertThat(await(answer)).isInstanceOf(Decision.Accepted.class);
        assertThat(controller.read(1, 1 << 20)).hasSize(3);
    }

    @Test
    @Tag("REL-2")
    void aWriterThatClosesFailsWhatIsNotCommitted() throws Exception {
        Controller controller =
                new Controller(
                        inOffice(recover(A, INCARNATION, disk)),
                        new FakeGate(),
                        System::nanoTime,
                        stopped::countDown);
        CompletableFuture<Decision> answer = controller.submit(set("site.a", "1"));
        assertThat(await(controller.maintain(_ -> {}))).isTrue();

        controller.close();

        assertThatThrownBy(() -> await(answer)).cause().hasMessageContaining("it has closed");
        assertThat(controller.state().index()).isEqualTo(2);
    }

    @Test
    void commandsThatWaitTogetherShareOneWrite() throws Exception {
        Controller controller = primary();
        long before = disk.changes();
        var _ = await(controller.submit(set("site.first", "1")));
        long ofOne = disk.changes() - before;
        CountDownLatch go = hold(controller);
        before = disk.changes();

        List<CompletableFuture<Decision>> answers =
                settings(100).stream().map(controller::submit).toList();
        go.countDown();
        for (CompletableFuture<Decision> answer : answers) {
            assertThat(await(answer)).isInstanceOf(Decision.Accepted.class);
        }

        assertThat(disk.changes() - before).isEqualTo(ofOne);
    }

    @Test
    @Tag("REL-4")
    void aFailedWriteStopsTheWriterAndFailsWhatWaitsAndWhatComesLater() throws Exception {
        Controller controller = primary();
        ClusterState before = controller.state();
        List<Long> told = new ArrayList<>();
        controller.subscribe((state, _) -> told.add(state.index()));
        CountDownLatch go = hold(controller);
        disk.forceFails(true);
        List<CompletableFuture<?>> waiting = new ArrayList<>();
        waiting.add(controller.submit(set("site.a", "1")));
        waiting.add(controller.submit(set("site.b", "2")));
        waiting.add(controller.maintain(_ -> {}));
        waiting.add(controller.replicate(3, List.of()));

        go.countDown();
        stopped.await();

        for (CompletableFuture<?> answer : waiting) {
            assertThatThrownBy(() -> await(answer))
                    .cause()
                    .isInstanceOf(JournalFailedException.class)
                    .hasMessageContaining("Input/output error");
        }
        assertThatThrownBy(() -> await(controller.submit(set("site.c", "3"))))
                .cause()
                .isInstanceOf(JournalFailedException.class)
                .hasMessageContaining("Input/output error");
        assertThat(controller.state()).isEqualTo(before);
        assertThat(told).isEmpty();
    }

    @Test
    void aBrokenListenerStopsTheWriterAndItsCommandIsAnswered() throws Exception {
        Controller controller = primary();
        controller.subscribe((_, _) -> {
            throw new IllegalStateException("broken invariant");
        });

        assertThatThrownBy(() -> await(controller.submit(set("site.a", "1"))))
                .cause()
                .hasMessage("broken invariant");
        stopped.await();
    }

    @Test
    @Tag("REL-2")
    void aListenerThatBreaksWhereAnAcknowledgementIsHeardStopsTheWriterAsWell() throws Exception {
        FakeGate gate = new FakeGate();
        Controller controller =
                new Controller(
                        inOffice(recover(A, INCARNATION, disk)),
                        gate,
                        System::nanoTime,
                        stopped::countDown);
        controllers.add(controller);
        controller.subscribe((_, _) -> {
            throw new IllegalStateException("broken invariant");
        });
        CompletableFuture<Decision> answer = controller.submit(set("site.a", "1"));
        assertThat(await(controller.maintain(_ -> {}))).isTrue();

        gate.acknowledge(3);

        assertThatThrownBy(() -> await(answer)).cause().hasMessage("broken invariant");
        stopped.await();
        assertThatThrownBy(() -> await(controller.submit(set("site.a", "2"))))
                .cause()
                .hasMessage("broken invariant");
    }

    @Test
    void brokenUpkeepStopsTheWriterAndIsAnswered() throws Exception {
        Controller controller = primary();

        assertThatThrownBy(() ->
                        await(
                                controller.maintain(_ -> {
                                    throw new IOException("no snapshot");
                                })))
                .cause()
                .hasMessage("no snapshot");
        stopped.await();
    }

    @Test
    void aFullQueueRefusesAtOnceAndSaysSo() throws Exception {
        Controller controller = primary();
        CountDownLatch go = hold(controller);
        List<CompletableFuture<Decision>> answers = new ArrayList<>();
        CompletableFuture<Decision> last;
        do {
            last = controller.submit(set("site.a", "1"));
            answers.add(last);
        } while (!last.isDone());

        assertThat(await(last))
                .isInstanceOfSatisfying(
                        Decision.Rejected.class,
                        rejected ->
                                assertThat(rejected.refusal().toString())
                                        .contains("4096 commands are waiting already"));
        go.countDown();
        assertThat(await(answers.getFirst())).isInstanceOf(Decision.Accepted.class);
    }

    @Test
    void aClosedWriterAnswersEverybody() throws Exception {
        Controller controller = primary();
        CountDownLatch go = hold(controller);
        CompletableFuture<Decision> waiting = controller.submit(set("site.a", "1"));
        Thread closer = Thread.ofVirtual().start(controller::close);
        CompletableFuture<Decision> refused = controller.submit(set("site.b", "1"));
        while (!refused.isCompletedExceptionally() && closer.isAlive()) {
            Thread.onSpinWait();
            refused = controller.submit(set("site.b", "1"));
        }
        go.countDown();
        closer.join();

        assertThatThrownBy(() -> await(waiting)).cause().hasMessageContaining("controller: it");
        CompletableFuture<Decision> later = controller.submit(set("site.c", "1"));
        assertThatThrownBy(() -> await(later)).cause().hasMessageContaining("controller: it");
    }

    @Test
    @Tag("REL-3")
    void aFollowerRefusesEntriesThatItCanNotUseAndGoesOn() throws Exception {
        Controller primary = primary();
        List<byte[]> entries =
                primary.read(1, 1 << 20).stream().map(JournalEntry::payload).toList();
        Controller follower = controller(recover(B, 9, new MemoryDisk()));

        assertThatThrownBy(() -> await(follower.replicate(1, List.of(new byte[] {1, 2, 3}))))
                .cause()
                .isInstanceOf(CorruptEntryException.class);
        assertThatThrownBy(() -> await(follower.replicate(2, entries)))
                .cause()
                .hasMessageContaining("entry 2 does not follow entry 0");
        assertThat(await(follower.replicate(1, entries))).isEqualTo(primary.positionAt(2));
        assertThatThrownBy(() -> await(follower.replicate(1, entries)))
                .cause()
                .hasMessageContaining("entry 1 does not follow entry 2");
        assertThatThrownBy(() -> await(primary.replicate(3, entries)))
                .cause()
                .isInstanceOf(IOException.class);

        assertThat(follower.state()).isEqualTo(primary.state());
        assertThat(stopped.getCount()).isOne();
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void afterAHandoverNothingMoreIsDecidedNotEvenInTheSameBatch() throws Exception {
        Controller controller = primary();
        CountDownLatch go = hold(controller);
        CompletableFuture<Decision> handover = controller.submit(new Command.DecideHandover(B));
        CompletableFuture<Decision> late = controller.submit(set("site.a", "1"));
        go.countDown();

        assertThat(await(handover)).isInstanceOf(Decision.Accepted.class);
        assertThat(await(late))
                .isInstanceOfSatisfying(
                        Decision.Rejected.class,
                        r -> assertThat(r.refusal().toString()).contains("ask master m-b"));
        assertThat(controller.isInOffice()).isFalse();
        assertThat(controller.ballot()).isNull();
    }

    /** Keeps the writer busy until the latch is counted down. */
    private static CountDownLatch hold(Controller controller) throws InterruptedException {
        CountDownLatch holds = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        var _ =
                controller.maintain(_ -> {
                    holds.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        holds.await();
        return go;
    }

    private static <T> T await(CompletableFuture<T> answer)
            throws ExecutionException, InterruptedException {
        try {
            return answer.get(30, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException e) {
            throw new AssertionError("never answered", e);
        }
    }
}
