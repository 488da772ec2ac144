package dev.sluice.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class JournalTornWriteTest {

    private static final JournalOptions OPTIONS =
            new JournalOptions(1 << 20, JournalOptions.LARGEST_ENTRY_BYTES, 16 << 10);
    private static final int PAYLOAD_BYTES = 600;
    private static final int RECORD_BYTES = RecordFormat.HEADER_BYTES + PAYLOAD_BYTES;
    private static final String SEGMENT = "00000000000000000001.log";

    private final MemoryDisk disk = new MemoryDisk();

    @Test
    @Tag("REL-4")
    void cutsARecordThatEndsTooSoonWhereverItEnds() throws IOException {
        byte[] whole = writeAndRead(3);
        for (int end = endOf(2) + 1; end < endOf(3); end++) {
            disk.replace(SEGMENT, Arrays.copyOf(whole, end));
            recoversTwoEntriesAndCuts(withoutZeros(whole, end) - endOf(2));
        }
    }

    @Test
    @Tag("REL-4")
    void cutsARecordThatTurnsIntoPreallocatedZerosWhereverItDoes() throws IOException {
        byte[] whole = writeAndRead(3);
        for (int end = endOf(2) + 1; end < endOf(3); end++) {
            disk.replace(SEGMENT, Arrays.copyOf(Arrays.copyOf(whole, end), 5000));
            recoversTwoEntriesAndCuts(withoutZeros(whole, end) - endOf(2));
        }
    }

    @Test
    @Tag("REL-4")
    void cutsADamagedLastRecord() throws IOException {
        byte[] whole = writeAndRead(3);
        for (int at = endOf(2); at < endOf(3); at++) {
            disk.replace(SEGMENT, whole);
            disk.flip(SEGMENT, at);
            recoversTwoEntriesAndCuts(RECORD_BYTES);
        }
    }

    private static int withoutZeros(byte[] bytes, int end) {
        int last = end;
        while (bytes[last - 1] == 0) {
            last--;
        }
        return last;
    }

    private void recoversTwoEntriesAndCuts(long bytes) throws IOException {
        var seen = new Entries.Collected(1);
        try (Journal journal = open(seen)) {
            assertThat(seen.payloads)
                    .containsExactlyElementsOf(Entries.payloads(1, 2, PAYLOAD_BYTES));
            assertThat(journal.recoveryReport().warnings())
                    .singleElement()
                    .isInstanceOfSatisfying(
                            RecoveryWarning.TornTailCut.class,
                            cut -> {
                                assertThat(cut.file()).isEqualTo("/memory/" + SEGMENT);
                                assertThat(cut.offset()).isEqualTo(endOf(2));
                                assertThat(cut.bytesCut()).isEqualTo(bytes);
                            });
            assertThat(journal.append(Entries.payloads(3, 1, 20))).isEqualTo(3);
        }
        var again = new Entries.Collected(1);
        try (Journal journal = open(again)) {
            assertThat(again.payloads).hasSize(3);
            assertThat(journal.recoveryReport().warnings()).isEmpty();
        }
    }

    @Test
    @Tag("REL-4")
    void cutsABatchWhoseFirstSectorWasNeverWrittenThoughLaterRecordsWere() throws IOException {
        int forcedEntries = 2;
        try (Journal journal = open()) {
            journal.append(Entries.payloads(1, forcedEntries, PAYLOAD_BYTES));
            journal.force();
            journal.append(Entries.payloads(3, 5, PAYLOAD_BYTES));
        }
        byte[] whole = disk.bytes(SEGMENT);
        for (int from = endOf(2); from < endOf(6); from = nextSector(from)) {
            byte[] torn = whole.clone();
            Arrays.fill(torn, from, nextSector(from), (byte) 0);
            disk.replace(SEGMENT, torn);
            var seen = new Entries.Collected(1);
            try (Journal journal = open(seen)) {
                int good =
                        Math.max(forcedEntries, (from - SegmentFormat.HEADER_BYTES) / RECORD_BYTES);
                assertThat(seen.payloads)
                        .containsExactlyElementsOf(Entries.payloads(1, good, PAYLOAD_BYTES));
                assertThat(journal.recoveryReport().warnings()).hasSize(1);
            }
        }
    }

    private static int nextSector(int offset) {
        return (offset / Disk.SECTOR_BYTES + 1) * Disk.SECTOR_BYTES;
    }

    @Test
    @Tag("REL-4")
    void namesTheCutInItsWarning() throws IOException {
        byte[] whole = writeAndRead(3);
        disk.replace(SEGMENT, Arrays.copyOf(whole, endOf(3) - 1));
        try (Journal journal = open()) {
            assertThat(journal.recoveryReport().warnings().getFirst().message())
                    .isEqualTo(
                            "/memory/%s: torn tail of 655 bytes cut at offset %d: expected a record of 656 bytes,"
                                            .formatted(SEGMENT, endOf(2))
                                    + " found 655 bytes to the file's end; it was never acknowledged, nothing"
                                    + " needs to be done");
        }
    }

    @Test
    @Tag("REL-4")
    void removesTheFileOfAnInterruptedRoll() throws IOException {
        writeAndRead(3);
        disk.replace("00000000000000000004.log.tmp", new byte[10]);
        try (Journal journal = open()) {
            assertThat(journal.recoveryReport().warnings())
                    .containsExactly(
                            new RecoveryWarning.LeftoverRemoved(
                                    "/memory/00000000000000000004.log.tmp"));
            assertThat(disk.list()).containsExactly(SEGMENT, "store-id");
        }
    }

    @Test
    @Tag("REL-4")
    void onAFullDiskFailsWithWhatItNeedsAndLosesNothingAcknowledged() throws IOException {
        Journal journal = open();
        journal.append(Entries.payloads(1, 20, PAYLOAD_BYTES));
        journal.force();
        disk.capacity(disk.usedBytes() + 1000);
        List<byte[]> tooMuch = Entries.payloads(21, 100, PAYLOAD_BYTES);

        JournalFullException full =
                catchThrowableOfType(JournalFullException.class, () -> journal.append(tooMuch));

        assertThat(full)
                .hasMessageContaining(
                        "journal /memory: disk full: appending 100 entries needs 65600 bytes, found 0")
                .hasMessageContaining("entries up to 20 are safe; free space and restart");
        assertThatThrownBy(() -> journal.append(Entries.payloads(21, 1, 1)))
                .isInstanceOf(JournalFailedException.class)
                .hasMessageContaining("disk full")
                .hasCause(full);
        journal.close();
        disk.capacity(Long.MAX_VALUE);
        goesOnWith(20);
    }

    @Test
    @Tag("REL-4")
    void onADiskFullWhileRollingLosesNothingAcknowledged() throws IOException {
        JournalOptions small = OPTIONS.withSegmentBytes(4096);
        Journal journal =
                Journal.open(disk, small, JournalPosition.GENESIS, EntryVisitor.ignoring());
        journal.append(Entries.payloads(1, 6, PAYLOAD_BYTES));
        journal.force();
        disk.capacity(disk.usedBytes());
        assertThatThrownBy(() -> journal.append(Entries.payloads(7, 1, PAYLOAD_BYTES)))
                .isInstanceOf(JournalFullException.class);
        journal.close();
        disk.capacity(Long.MAX_VALUE);
        goesOnWith(6);
    }

    @Test
    @Tag("REL-4")
    void neverForcesAgainAfterAFailedForce() throws IOException {
        Journal journal = open();
        journal.append(Entries.payloads(1, 1, 10));
        journal.force();
        journal.append(Entries.payloads(2, 1, 10));
        disk.forceFails(true);
        assertThatThrownBy(journal::force)
                .isInstanceOf(JournalFailedException.class)
                .hasMessageContaining("making entries durable failed")
                .hasMessageContaining("Input/output error")
                .hasMessageContaining("entries up to 1 are safe");
        disk.forceFails(false);
        long changes = disk.changes();

        assertThatThrownBy(journal::force).rootCause().hasMessage("Input/output error");
        assertThatThrownBy(() -> journal.append(List.of()))
                .rootCause()
                .hasMessage("Input/output error");
        assertThatThrownBy(() -> journal.read(1, 10)).rootCause().hasMessage("Input/output error");
        assertThatThrownBy(() -> journal.compactBelow(1))
                .rootCause()
                .hasMessage("Input/output error");
        journal.close();

        assertThat(journal.durableIndex()).isEqualTo(1);
        assertThat(disk.changes()).isEqualTo(changes);
    }

    @Test
    @Tag("REL-3")
    void refusesAReadOnlyDiskAndSaysSo() throws IOException {
        writeAndRead(3);
        disk.readOnly(true);
        var before = disk.fingerprint();
        assertThatThrownBy(this::open)
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("journal /memory: cannot be opened")
                .hasMessageContaining("Read-only file system")
                .hasMessageContaining("not mounted read-only");
        assertThat(disk.fingerprint()).isEqualTo(before);
    }

    @Test
    void givesTheDirectoryFreeWhenTheVisitorFails() throws IOException {
        writeAndRead(3);
        assertThatThrownBy(() ->
                        open((index, payload) -> {
                            throw new IllegalStateException("entry " + index);
                        }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("entry 1");
        open().close();
    }

    private void goesOnWith(int acknowledged) throws IOException {
        var seen = new Entries.Collected(1);
        try (Journal journal = open(seen)) {
            assertThat(seen.payloads).hasSizeGreaterThanOrEqualTo(acknowledged);
            int kept = seen.payloads.size();
            assertThat(seen.payloads)
                    .containsExactlyElementsOf(Entries.payloads(1, kept, PAYLOAD_BYTES));
            assertThat(journal.append(Entries.payloads(1, 1, 1))).isEqualTo(kept + 1);
            journal.force();
        }
    }

    private static int endOf(int entry) {
        return SegmentFormat.HEADER_BYTES + entry * RECORD_BYTES;
    }

    private byte[] writeAndRead(int entries) throws IOException {
        try (Journal journal = open()) {
            journal.append(Entries.payloads(1, entries, PAYLOAD_BYTES));
        }
        return disk.bytes(SEGMENT);
    }

    private Journal open() throws IOException {
        return open(EntryVisitor.ignoring());
    }

    private Journal open(EntryVisitor visitor) throws IOException {
        return Journal.open(disk, OPTIONS, JournalPosition.GENESIS, visitor);
    }
}
