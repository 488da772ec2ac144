package dev.sluice.control.controller;

import static dev.sluice.control.controller.TwoMasters.A;
import static dev.sluice.control.controller.TwoMasters.B;
import static dev.sluice.control.controller.TwoMasters.ballot;
import static dev.sluice.control.controller.TwoMasters.founding;
import static dev.sluice.control.controller.TwoMasters.recover;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.failover.OfficeRule;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class OfficeKeeperTest {

    @TempDir private Path directory;
    private final Deque<Controller> running = new ArrayDeque<>();

    /** A master's process as far as the office is concerned. */
    private final class Seat {
        final Controller controller;
        final OfficeKeeper keeper;
        final AtomicInteger superseded = new AtomicInteger();

        Seat(NodeId self, long incarnation) throws IOException {
            Path own = directory.resolve(self.value());
            controller =
                    new Controller(
                            recover(self, incarnation, NioDisk.in(Files.createDirectories(own))),
                            () -> {});
            running.push(controller);
            keeper =
                    new OfficeKeeper(
                            new OfficeRule(self, A, incarnation),
                            controller,
                            SeenBallots.open(own.resolve("highest-ballot")),
                            "1.0.0",
                            Optional.of(founding()),
                            superseded::incrementAndGet);
            keeper.start();
        }

        /** Waits until the writer has done what was asked of it, and what that led to. */
        Seat settled() throws Exception {
            long before;
            do {
                before = controller.state().index();
                assertThat(controller.maintain(_ -> {}).get(30, TimeUnit.SECONDS)).isTrue();
            } while (controller.state().index() != before);
            return this;
        }

        void stop() {
            controller.close();
        }
    }

    @AfterEach
    void close() {
        running.forEach(Controller::close);
    }

    @Test
    void theFounderOfAnEmptyJournalTakesOfficeAndFoundsTheClusterOnce() throws Exception {
        Seat a = new Seat(A, 7).settled();

        assertThat(a.controller.ballot()).isEqualTo(ballot(1, A, 7));
        assertThat(a.controller.state().topology()).isEqualTo(founding().topology());
        assertThat(a.controller.state().index()).isEqualTo(2);
    }

    @Test
    @Tag("REL-1")
    void theOtherMasterOfAnEmptyJournalWaits() throws Exception {
        Seat b = new Seat(B, 9).settled();

        assertThat(b.controller.isInOffice()).isFalse();
        assertThat(b.controller.state().index()).isZero();
    }

    @Test
    @Tag("CLU-15")
    void aRestartedPrimaryTakesOfficeUnderAHigherBallotAndFoundsNothingAgain() throws Exception {
        new Seat(A, 7).settled().stop();

        Seat again = new Seat(A, 8).settled();

        assertThat(again.controller.ballot()).isEqualTo(ballot(2, A, 8));
        assertThat(again.controller.state().index()).isEqualTo(3);
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aSuccessorTakesOfficeOnlyWhenItHasTheHandoverItself() throws Exception {
        Seat a = new Seat(A, 7).settled();
        Seat b = new Seat(B, 9).settled();
        ship(a, b);
        assertThat(b.settled().controller.isInOffice()).isFalse();

        var _ = a.controller.submit(new Command.DecideHandover(B)).get(30, TimeUnit.SECONDS);
        assertThat(a.settled().controller.isInOffice()).isFalse();
        assertThat(b.settled().controller.isInOffice()).isFalse();

        ship(a, b);
        assertThat(b.settled().controller.ballot()).isEqualTo(ballot(2, B, 9));
        assertThat(a.settled().controller.isInOffice()).isFalse();
    }

    private static void ship(Seat from, Seat to) throws Exception {
        long next = to.controller.state().index() + 1;
        List<byte[]> entries =
                from.controller.read(next, 1 << 20).stream().map(JournalEntry::payload).toList();
        var _ = to.controller.replicate(next, entries).get(30, TimeUnit.SECONDS);
    }

    @Test
    @Tag("REL-1")
    void aSupersededMasterStopsAndStaysAFollowerAfterARestart() throws Exception {
        Seat a = new Seat(A, 7).settled();

        a.keeper.sawHigher(ballot(5, B, 9));
        assertThat(a.superseded).hasValue(1);
        a.stop();

        Seat again = new Seat(A, 8).settled();
        assertThat(again.controller.isInOffice()).isFalse();
        assertThat(again.controller.state().index()).isEqualTo(2);
        assertThat(again.superseded).hasValue(0);
    }

    @Test
    @Tag("REL-1")
    void aFounderThatLostItsJournalButKnowsAnotherMastersBallotFoundsNothing() throws Exception {
        Path own = Files.createDirectories(directory.resolve("m-a"));
        SeenBallots.open(own.resolve("highest-ballot")).saw(ballot(5, B, 9));

        Seat a = new Seat(A, 8).settled();

        assertThat(a.controller.isInOffice()).isFalse();
        assertThat(a.controller.state().index()).isZero();
    }

    @Test
    void aHigherBallotOfThisMastersOwnPastDoesNotStopItAndIsOvertaken() throws Exception {
        Seat a = new Seat(A, 7).settled();
        a.keeper.sawHigher(ballot(4, A, 3));
        assertThat(a.superseded).hasValue(0);
        a.stop();

        Seat again = new Seat(A, 8).settled();
        assertThat(again.controller.ballot()).isEqualTo(ballot(5, A, 8));
    }

    @Test
    void aBackupIsNotStoppedByItsPrimarysBallot() throws Exception {
        Seat b = new Seat(B, 9).settled();

        b.keeper.sawHigher(ballot(1, A, 7));

        assertThat(b.superseded).hasValue(0);
        assertThat(b.controller.isInOffice()).isFalse();
    }

    @Test
    @Tag("REL-4")
    void aMasterThatCanNotRecordTheOfficeIsNotInOffice() throws Exception {
        MemoryDisk disk = new MemoryDisk();
        AtomicInteger failed = new AtomicInteger();
        Controller controller = new Controller(recover(A, 7, disk), failed::incrementAndGet);
        running.push(controller);
        disk.forceFails(true);

        new OfficeKeeper(
                        new OfficeRule(A, A, 7),
                        controller,
                        SeenBallots.open(directory.resolve("highest-ballot")),
                        "1.0.0",
                        Optional.empty(),
                        () -> {})
                .start();
        controller.close();

        assertThat(controller.isInOffice()).isFalse();
        assertThat(controller.state().index()).isZero();
    }
}
