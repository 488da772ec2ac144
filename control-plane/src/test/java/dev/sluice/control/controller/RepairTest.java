package dev.sluice.control.controller;

import static dev.sluice.control.controller.TwoMasters.A;
import static dev.sluice.control.controller.TwoMasters.B;
import static dev.sluice.control.controller.TwoMasters.CLOCK;
import static dev.sluice.control.controller.TwoMasters.INCARNATION;
import static dev.sluice.control.controller.TwoMasters.OPTIONS;
import static dev.sluice.control.controller.TwoMasters.decide;
import static dev.sluice.control.controller.TwoMasters.inOffice;
import static dev.sluice.control.controller.TwoMasters.recover;
import static dev.sluice.control.controller.TwoMasters.replicate;
import static dev.sluice.control.controller.TwoMasters.set;
import static dev.sluice.control.controller.TwoMasters.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.IncomingSnapshot;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.journal.StoredSnapshot;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Recorded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A follower's journal brought in line with the primary's, and journals that are compacted. */
final class RepairTest {

    private MemoryDisk disk = new MemoryDisk();
    private MemoryDisk archive = new MemoryDisk();
    private final DurableState primary = primaryWith40Settings();

    /** In office over 2 entries and 40 settings. */
    private static DurableState primaryWith40Settings() {
        try {
            DurableState durable = inOffice(recover(A, INCARNATION, new MemoryDisk()));
            var _ = decide(durable, settings(40));
            return durable;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<byte[]> payloads(DurableState durable, long from) throws IOException {
        return durable.read(from, 1 << 20).stream().map(JournalEntry::payload).toList();
    }

    private ClusterState stateAt(long index) throws IOException {
        DurableState at = recover(B, 9, new MemoryDisk());
        var _ = replicate(at, 1, payloads(primary, 1).subList(0, (int) index));
        return at.state();
    }

    /** Follows up to entry 42, with snapshots at 15 and 30. */
    private DurableState follower() throws IOException {
        DurableState follower = recover(B, 9, disk);
        List<byte[]> entries = payloads(primary, 1);
        var _ = replicate(follower, 1, entries.subList(0, 15));
        follower.snapshot();
        var _ = replicate(follower, 16, entries.subList(15, 30));
        follower.snapshot();
        var _ = replicate(follower, 31, entries.subList(30, 42));
        return follower;
    }

    @Test
    @Tag("PAIR-4")
    @Tag("REL-2")
    void cuttingArchivesTheTailAndGivesTheStateBeforeIt() throws IOException {
        DurableState follower = follower();
        JournalPosition cut = primary.positionAt(20);
        Replica before = follower.replica();

        assertThat(follower.cutAfter(cut, archive)).isEqualTo(new DurableState.Repair.Done());

        assertThat(follower.state()).isEqualTo(stateAt(20));
        assertThat(follower.appendedState()).isEqualTo(follower.state());
        assertThat(follower.durablePosition()).isEqualTo(cut);
        assertThat(follower.replica()).isEqualTo(before);
        assertThat(archive.list())
                .singleElement()
                .asString()
                .startsWith("tail-00000000000000000021-00000000000000000042-");
        assertThat(disk.list().stream().filter(name -> name.endsWith(".snap")))
                .containsExactly("snapshot-00000000000000000015.snap");
        var _ = replicate(follower, 21, payloads(primary, 21));
        assertThat(follower.state()).isEqualTo(primary.state());
        follower.close();
        disk.restart();
        assertThat(recover(B, 9, disk).state()).isEqualTo(primary.state());
    }

    @Test
    @Tag("PAIR-4")
    @Tag("CLU-15")
    void aCrashWhileCuttingLeavesTheTailOrTheArchive() throws IOException {
        DurableState counted = follower();
        long before = disk.changes();
        assertThat(counted.cutAfter(primary.positionAt(20), archive))
                .isInstanceOf(DurableState.Repair.Done.class);
        long changes = disk.changes() - before;
        for (long crashAt = 1; crashAt <= changes; crashAt++) {
            disk = new MemoryDisk();
            archive = new MemoryDisk();
            DurableState follower = follower();
            disk.crashAtChange(crashAt);
            assertThatThrownBy(() -> follower.cutAfter(primary.positionAt(20), archive))
                    .isInstanceOf(MemoryDisk.Crash.class);
            disk.losePower(new Random(crashAt));
            archive.losePower(new Random(crashAt));

            DurableState again = recover(B, 9, disk);
            long last = again.state().index();
            assertThat(last).as("crash at %d", crashAt).isBetween(20L, 42L);
            assertThat(again.state()).as("crash at %d", crashAt).isEqualTo(stateAt(last));
            if (last < 42) {
                assertThat(archive.list()).as("crash at %d", crashAt).hasSize(1);
            }
            if (last > 20) {
                assertThat(again.cutAfter(primary.positionAt(20), archive))
                        .isInstanceOf(DurableState.Repair.Done.class);
            }
            assertThat(again.state()).isEqualTo(stateAt(20));
        }
    }

    @Test
    void whatNoSnapshotReachesBackToCanNotBeCut() throws IOException {
        DurableState follower =
                DurableState.recover(B, 9, disk, OPTIONS.withSegmentBytes(4 << 10), CLOCK);
        for (byte[] entry : payloads(primary, 1)) {
            var _ = replicate(follower, follower.state().index() + 1, List.of(entry));
        }
        follower.snapshot();
        follower.compact(Long.MAX_VALUE);
        long first = follower.firstIndex();
        assertThat(first).isGreaterThan(2);
        ClusterState before = follower.state();

        assertThat(follower.cutAfter(primary.positionAt(first), archive))
                .isInstanceOf(DurableState.Repair.Impossible.class);

        assertThat(follower.state()).isEqualTo(before);
        assertThat(archive.list()).isEmpty();
    }

    @Test
    @Tag("REL-4")
    void aFullArchiveCutsNothing() throws IOException {
        DurableState follower = follower();
        archive.capacity(100);

        assertThat(follower.cutAfter(primary.positionAt(20), archive))
                .isInstanceOf(DurableState.Repair.Failed.class);

        assertThat(follower.state()).isEqualTo(primary.state());
        archive.capacity(Long.MAX_VALUE);
        assertThat(follower.cutAfter(primary.positionAt(20), archive))
                .isInstanceOf(DurableState.Repair.Done.class);
    }

    @Test
    @Tag("REL-1")
    void aPrimaryCutsNothing() throws IOException {
        assertThat(primary.cutAfter(primary.positionAt(20), archive))
                .isInstanceOf(DurableState.Repair.Failed.class);
        assertThat(primary.replace(new IncomingSnapshot(archive), archive))
                .isInstanceOf(DurableState.Repair.Failed.class);
        assertThat(primary.state().index()).isEqualTo(42);
    }

    @Test
    @Tag("REL-3")
    void nothingIsCutAfterAnEntryThatIsAnotherOneHere() throws IOException {
        DurableState follower = follower();
        JournalPosition wrong = new JournalPosition(20, primary.positionAt(21).chainHash());

        assertThat(follower.cutAfter(wrong, archive))
                .isInstanceOf(DurableState.Repair.Failed.class);
        assertThat(follower.state()).isEqualTo(primary.state());
    }

    @Test
    @Tag("PAIR-4")
    void aReplacedJournalHasTheSnapshotsStateAndGoesOnWithThePrimarysEntries() throws IOException {
        DurableState follower = recover(B, 9, disk);
        var _ = replicate(follower, 1, payloads(primary, 1).subList(0, 5));
        Replica before = follower.replica();
        primary.snapshot();
        IncomingSnapshot incoming = new IncomingSnapshot(new MemoryDisk());
        receive(incoming);

        assertThat(follower.replace(incoming, archive)).isEqualTo(new DurableState.Repair.Done());

        assertThat(follower.state()).isEqualTo(primary.state());
        assertThat(follower.durablePosition()).isEqualTo(primary.durablePosition());
        assertThat(follower.replica().store()).isNotEqualTo(before.store());
        var _ = decide(primary, List.of(set("site.more", "1")));
        var _ = replicate(follower, 43, payloads(primary, 43));
        assertThat(follower.state()).isEqualTo(primary.state());
        follower.close();
        disk.restart();
        assertThat(recover(B, 10, disk).state()).isEqualTo(primary.state());
    }

    private void receive(IncomingSnapshot incoming) throws IOException {
        try (StoredSnapshot snapshot = primary.openSnapshot().orElseThrow()) {
            incoming.begin(
                    new IncomingSnapshot.Offer(
                            snapshot.position(),
                            snapshot.size(),
                            HexFormat.of().formatHex(snapshot.sha256())));
            incoming.add(snapshot.read(0, 1 << 20));
        }
        assertThat(incoming.isWhole()).isTrue();
    }

    @Test
    @Tag("REL-2")
    void whatWaitedForACommitWhenTheJournalIsRepairedIsOpenAndListenersSeeTheNewState()
            throws Exception {
        DurableState follower = follower();
        FakeGate gate = new FakeGate();
        Writer writer = new Writer(follower, gate, () -> 0);
        List<Long> told = new ArrayList<>();
        writer.subscribe((state, recorded) -> {
            assertThat(recorded).isEqualTo(List.<Recorded>of());
            told.add(state.index());
        });
        CompletableFuture<Decision> office =
                writer.submit(TwoMasters.takeOffice(TwoMasters.ballot(2, B, 9)));
        CompletableFuture<Decision> handover = writer.submit(new Command.DecideHandover(A));
        while (writer.step()) {
            assertThat(office).isNotDone();
        }

        CompletableFuture<Boolean> repaired =
                writer.maintain(durable ->
                        assertThat(durable.cutAfter(primary.positionAt(42), archive))
                                .isInstanceOf(DurableState.Repair.Done.class));
        while (writer.step()) {
            assertThat(told).hasSizeLessThan(2);
        }

        assertThat(repaired).isCompletedWithValue(true);
        assertThat(told).containsExactly(42L);
        assertThatThrownBy(handover::get).cause().isInstanceOf(OutcomeOpenException.class);
        assertThat(follower.state()).isEqualTo(primary.state());
        assertThat(archive.list()).hasSize(1);
    }

    @Test
    @Tag("PAIR-4")
    void aLongJournalIsSnapshottedAndCompactedAsFarAsTheFollowersAre() throws IOException {
        DurableState durable =
                inOffice(
                        DurableState.recover(
                                A, INCARNATION, disk, OPTIONS.withSegmentBytes(64 << 10), CLOCK));
        FakeGate gate = new FakeGate();
        gate.acknowledge(Long.MAX_VALUE);
        gate.lowestFollower(5_000);
        Writer writer = new Writer(durable, gate, () -> 0);
        decideMany(writer, 21_000);

        assertThat(durable.firstIndex()).isBetween(2L, 5_001L);
        assertThat(durable.openSnapshot()).isPresent();

        gate.lowestFollower(Long.MAX_VALUE);
        decideMany(writer, 20_000);
        assertThat(durable.firstIndex()).isBetween(15_000L, 21_000L);
        ClusterState before = durable.state();
        durable.close();
        disk.restart();
        assertThat(recover(A, 8, disk).state()).isEqualTo(before);
    }

    private static void decideMany(Writer writer, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            var _ = writer.submit(set("site.key" + i % 10, String.valueOf(i)));
            if (i % 500 == 499) {
                while (writer.step()) {
                    // Until nothing is left to do.
                }
            }
        }
        while (writer.step()) {
            // Until nothing is left to do.
        }
    }
}
