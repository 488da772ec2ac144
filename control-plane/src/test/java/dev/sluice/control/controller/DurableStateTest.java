package dev.sluice.control.controller;

import static dev.sluice.control.controller.TwoMasters.A;
import static dev.sluice.control.controller.TwoMasters.B;
import static dev.sluice.control.controller.TwoMasters.CLOCK;
import static dev.sluice.control.controller.TwoMasters.INCARNATION;
import static dev.sluice.control.controller.TwoMasters.OPTIONS;
import static dev.sluice.control.controller.TwoMasters.ballot;
import static dev.sluice.control.controller.TwoMasters.decide;
import static dev.sluice.control.controller.TwoMasters.found;
import static dev.sluice.control.controller.TwoMasters.inOffice;
import static dev.sluice.control.controller.TwoMasters.recover;
import static dev.sluice.control.controller.TwoMasters.replicate;
import static dev.sluice.control.controller.TwoMasters.set;
import static dev.sluice.control.controller.TwoMasters.settings;
import static dev.sluice.control.controller.TwoMasters.takeOffice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.codec.CorruptEntryException;
import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.journal.Journal;
import dev.sluice.control.journal.JournalCorruptException;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalFailedException;
import dev.sluice.control.journal.JournalFullException;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DurableStateTest {

    private final MemoryDisk disk = new MemoryDisk();

    @Test
    @Tag("CLU-15")
    void whatWasDecidedIsThereAfterARestart(@TempDir Path directory) throws IOException {
        ClusterState before;
        try (DurableState durable = inOffice(recover(A, INCARNATION, NioDisk.in(directory)))) {
            var _ = decide(durable, settings(50));
            before = durable.state();
        }

        try (DurableState again = recover(A, 8, NioDisk.in(directory))) {
            assertThat(again.state()).isEqualTo(before);
            assertThat(again.state().index()).isEqualTo(52);
            assertThat(again.state().configuration().settings()).hasSize(50);
        }
    }

    @Test
    @Tag("CLU-15")
    void whatWasAcknowledgedSurvivesEveryPossibleCrash() throws IOException {
        MemoryDisk counted = new MemoryDisk();
        history(counted, Long.MAX_VALUE, new long[1]);
        long changes = counted.changes();
        for (long crashAt = 1; crashAt <= changes; crashAt++) {
            MemoryDisk crashing = new MemoryDisk();
            long[] acknowledged = {0};
            long at = crashAt;
            assertThatThrownBy(() -> history(crashing, at, acknowledged))
                    .as("crash at change %d", crashAt)
                    .isInstanceOf(MemoryDisk.Crash.class);
            crashing.losePower(new Random(crashAt));

            try (DurableState again = recover(A, 8, crashing)) {
                assertThat(again.state().index())
                        .as("crash at change %d", crashAt)
                        .isBetween(acknowledged[0], acknowledged[0] + 2);
            }
        }
    }

    private static void history(MemoryDisk disk, long crashAt, long[] acknowledged)
            throws IOException {
        disk.crashAtChange(crashAt);
        DurableState durable = recover(A, INCARNATION, disk);
        List<List<Command>> batches =
                List.of(
                        List.of(takeOffice(ballot(1, A, INCARNATION)), found()),
                        settings(1),
                        List.of(set("site.a", "1"), set("site.b", "2")));
        for (List<Command> batch : batches) {
            acknowledged[0] += decide(durable, batch).recorded().size();
        }
    }

    @Test
    void aBatchCostsTheDiskNoMoreThanOneCommand() throws IOException {
        DurableState durable = inOffice(recover(A, INCARNATION, disk));
        long before = disk.changes();
        var _ = decide(durable, settings(1));
        long ofOne = disk.changes() - before;

        before = disk.changes();
        var _ = decide(durable, List.copyOf(settings(200).subList(1, 200)));

        assertThat(disk.changes() - before).isEqualTo(ofOne);
        assertThat(durable.state().configuration().settings()).hasSize(200);
    }

    @Test
    void eachCommandOfABatchIsDecidedOnWhatTheOneBeforeLeft() throws IOException {
        DurableState durable = recover(A, INCARNATION, disk);

        Batch outcome =
                decide(
                        durable,
                        List.of(
                                found(),
                                takeOffice(ballot(1, A, INCARNATION)),
                                found(),
                                found(),
                                set("site.a", "1")));

        assertThat(outcome.decisions().stream().map(d -> d instanceof Decision.Accepted))
                .containsExactly(false, true, true, false, true);
        assertThat(durable.state().index()).isEqualTo(3);
    }

    @Test
    @Tag("REL-4")
    void afterAFailedForceNothingIsAppliedAndNothingMoreIsTaken() throws IOException {
        DurableState durable = inOffice(recover(A, INCARNATION, disk));
        ClusterState before = durable.state();
        disk.forceFails(true);

        assertThatThrownBy(() -> decide(durable, settings(3)))
                .isInstanceOf(JournalFailedException.class)
                .hasMessageContaining("/memory")
                .hasMessageContaining("entries up to 2 are safe");
        assertThat(durable.state()).isEqualTo(before);

        disk.forceFails(false);
        assertThatThrownBy(() -> decide(durable, settings(3)))
                .isInstanceOf(JournalFailedException.class)
                .hasMessageContaining("refused after a failure");
        assertThat(durable.state()).isEqualTo(before);
    }

    @Test
    @Tag("REL-4")
    void onAFullDiskNothingIsAppliedAndWithSpaceItGoesOnAfterARestart() throws IOException {
        DurableState durable = inOffice(recover(A, INCARNATION, disk));
        ClusterState before = durable.state();
        disk.capacity(disk.bytes(journalFile()).length);

        assertThatThrownBy(() -> decide(durable, settings(20)))
                .isInstanceOf(JournalFullException.class)
                .hasMessageContaining("disk full");
        assertThat(durable.state()).isEqualTo(before);

        durable.close();
        disk.restart();
        disk.capacity(Long.MAX_VALUE);
        try (DurableState again = recover(A, 8, disk)) {
            assertThat(again.state()).isEqualTo(before);
        }
    }

    private String journalFile() {
        return disk.list().stream().filter(n -> !n.endsWith(".lock")).findFirst().orElseThrow();
    }

    @Test
    @Tag("CLU-15")
    void aSnapshotAndWhatCameAfterItGiveTheSameState() throws IOException {
        ClusterState before;
        try (DurableState durable = inOffice(recover(A, INCARNATION, disk))) {
            var _ = decide(durable, settings(100));
            durable.snapshot();
            var _ = decide(durable, List.of(set("site.last", "1")));
            before = durable.state();
        }
        disk.restart();

        try (DurableState again = recover(A, 8, disk)) {
            assertThat(again.state()).isEqualTo(before);
            assertThat(again.warnings()).isEmpty();
        }
    }

    @Test
    void compactionKeepsWhatAFollowerStillNeeds() throws IOException {
        DurableState durable =
                inOffice(
                        DurableState.recover(
                                A, INCARNATION, disk, OPTIONS.withSegmentBytes(4 << 10), CLOCK));
        for (Command command : settings(400)) {
            var _ = decide(durable, List.of(command));
        }
        durable.snapshot();

        durable.compact(100);

        assertThat(durable.firstIndex()).isBetween(2L, 101L);
        assertThat(durable.read(101, 1 << 20)).isNotEmpty();
    }

    @Test
    @Tag("CLU-15")
    @Tag("REL-1")
    void anotherProcessOfTheSameMasterIsNotInOfficeUntilItHasAHigherBallot() throws IOException {
        inOffice(recover(A, INCARNATION, disk)).close();
        disk.restart();

        DurableState again = recover(A, 8, disk);
        assertThat(again.isInOffice()).isFalse();
        assertThat(again.ballot()).isNull();
        assertThat(refusal(again, set("site.a", "1"))).contains("master m-a", "is not the primary");
        assertThat(refusal(again, takeOffice(ballot(1, A, INCARNATION))))
                .contains("is not above 0.1.m-a.7");

        var _ = decide(again, List.of(takeOffice(ballot(2, A, 8)), set("site.a", "1")));
        assertThat(again.isInOffice()).isTrue();
        assertThat(again.ballot()).isEqualTo(ballot(2, A, 8));
        assertThat(again.state().configuration().settings()).containsEntry("site.a", "1");
    }

    @Test
    @Tag("REL-1")
    void aBackupTakesNoCommandAndNamesThePrimary() throws IOException {
        DurableState primary = inOffice(recover(A, INCARNATION, new MemoryDisk()));
        DurableState backup = recover(B, 9, disk);
        assertThat(refusal(backup, set("site.a", "1"))).contains("there is none yet");

        var _ = replicate(backup, 1, payloads(primary));

        assertThat(backup.state()).isEqualTo(primary.state());
        assertThat(backup.isInOffice()).isFalse();
        assertThat(refusal(backup, set("site.a", "1"))).contains("ask master m-a");
        assertThat(refusal(backup, takeOffice(ballot(0, B, 9)))).contains("is not above 0.1.m-a.7");
    }

    @Test
    @Tag("REL-3")
    void aCommandThatTheJournalHasNoFormForIsRejectedAndTheOthersAreNot() throws IOException {
        DurableState durable = inOffice(recover(A, INCARNATION, disk));
        Command tooLarge =
                new Command.TakeOffice(
                        ballot(2, A, INCARNATION), "1.0.0", "x".repeat(EventCodec.MAX_ENTRY_BYTES));

        Batch outcome = decide(durable, List.of(set("site.a", "1"), tooLarge, set("site.b", "2")));

        assertThat(outcome.decisions().get(1))
                .isInstanceOfSatisfying(
                        Decision.Rejected.class,
                        rejected ->
                                assertThat(rejected.refusal().toString())
                                        .contains("journal entry 4", "above the bound"));
        assertThat(durable.state().configuration().settings()).containsOnlyKeys("site.a", "site.b");
        assertThat(durable.ballot()).isEqualTo(ballot(1, A, INCARNATION));
        disk.restart();
        try (DurableState again = recover(A, 8, disk)) {
            assertThat(again.state()).isEqualTo(durable.state());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100})
    @Tag("REL-3")
    void entriesThatCanNotBeReadAreNotTakenOver(int bytes) throws IOException {
        DurableState primary = inOffice(recover(A, INCARNATION, new MemoryDisk()));
        DurableState backup = recover(B, 9, disk);
        byte[] garbage = new byte[bytes];
        Arrays.fill(garbage, (byte) 0xFF);
        List<byte[]> entries = List.of(payloads(primary).getFirst(), garbage);

        assertThatThrownBy(() -> replicate(backup, 1, entries))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("journal entry 2");

        assertThat(backup.state()).isEqualTo(ClusterState.EMPTY);
        assertThat(backup.position()).isEqualTo(JournalPosition.GENESIS);
        var _ = replicate(backup, 1, payloads(primary));
        assertThat(backup.state()).isEqualTo(primary.state());
    }

    @Test
    @Tag("REL-3")
    void aDamagedJournalIsRefusedWithFileAndOffset() throws IOException {
        DurableState durable = inOffice(recover(A, INCARNATION, disk));
        var _ = decide(durable, settings(10));
        durable.close();
        disk.restart();
        String file = journalFile();
        disk.flip(file, disk.bytes(file).length / 2);
        var before = disk.fingerprint();

        assertThatThrownBy(() -> recover(A, 8, disk))
                .isInstanceOf(JournalCorruptException.class)
                .hasMessageContaining(file)
                .hasMessageContaining("corrupt at offset");

        assertThat(disk.fingerprint()).isEqualTo(before);
    }

    @Test
    @Tag("REL-3")
    void aSoundJournalOfEventsThatNobodyWroteIsRefusedWithItsEntry() throws IOException {
        try (Journal journal = Journal.open(disk, OPTIONS, JournalPosition.GENESIS, (_, _) -> {})) {
            journal.append(List.of(new byte[] {1, 2, 3}));
            journal.force();
        }
        disk.restart();

        assertThatThrownBy(() -> recover(A, 8, disk))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("/memory")
                .hasMessageContaining("journal entry 1");
    }

    private static List<byte[]> payloads(DurableState durable) throws IOException {
        return durable.read(1, 1 << 20).stream().map(JournalEntry::payload).toList();
    }

    private static String refusal(DurableState durable, Command command) throws IOException {
        long before = durable.state().index();
        Batch outcome = decide(durable, List.of(command));
        assertThat(durable.state().index()).isEqualTo(before);
        assertThat(outcome.recorded()).isEmpty();
        return switch (outcome.decisions().getFirst()) {
            case Decision.Rejected(var refusal) -> refusal.toString();
            case Decision.Accepted accepted -> throw new AssertionError("accepted: " + accepted);
        };
    }
}
