package dev.sluice.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class JournalCorruptionTest {

    private static final JournalOptions OPTIONS =
            new JournalOptions(4096, JournalOptions.LARGEST_ENTRY_BYTES, 1024);
    private static final int PAYLOAD_BYTES = 100;
    private static final int RECORD_BYTES = RecordFormat.HEADER_BYTES + PAYLOAD_BYTES;

    private final MemoryDisk disk = new MemoryDisk();

    @Test
    @Tag("REL-3")
    void refusesAnyFlippedBitBeforeTheLastRecordThoughAllWereForcedAtOnce() throws IOException {
        write(6, 6);
        refusesEveryFlipBelow("00000000000000000001.log", endOf(5));
    }

    @Test
    @Tag("REL-3")
    void refusesAnyFlippedBitBeforeTheLastRecordWhenEachWasForced() throws IOException {
        write(6, 1);
        refusesEveryFlipBelow("00000000000000000001.log", endOf(5));
    }

    @Test
    @Tag("REL-3")
    void refusesAnyFlippedBitInASegmentThatIsNotTheLast() throws IOException {
        write(60, 60);
        String first = "00000000000000000001.log";
        assertThat(disk.list()).hasSizeGreaterThan(2);
        refusesEveryFlipBelow(first, disk.bytes(first).length);
    }

    @Test
    @Tag("REL-3")
    void namesFileOffsetExpectedFoundAndWhatToDo() throws IOException {
        write(6, 1);
        disk.flip("00000000000000000001.log", endOf(2) + 70);
        JournalCorruptException refused =
                catchThrowableOfType(JournalCorruptException.class, this::open);
        assertThat(refused.file()).isEqualTo("/memory/00000000000000000001.log");
        assertThat(refused.offset()).isEqualTo(endOf(2));
        assertThat(refused)
                .hasMessageContaining(
                        "/memory/00000000000000000001.log: corrupt at offset " + endOf(2))
                .hasMessageContaining("expected the CRC32C of the record of entry 3")
                .hasMessageContaining("entry 4 at offset")
                .hasMessageContaining("Nothing was changed.")
                .hasMessageContaining("resync this master from its peer");
    }

    @Test
    @Tag("REL-3")
    void refusesAZeroedSectorInDurableEntries() throws IOException {
        write(20, 1);
        byte[] bytes = disk.bytes("00000000000000000001.log");
        Arrays.fill(bytes, 1024, 1536, (byte) 0);
        disk.replace("00000000000000000001.log", bytes);
        refuses("was written after it had been made durable");
    }

    @Test
    @Tag("REL-3")
    void refusesAMissingSegment() throws IOException {
        write(100, 10);
        List<String> names = disk.list();
        disk.remove(names.get(1));
        refuses("a segment that begins with entry");
        disk.remove(names.get(0));
        refuses("no valid snapshot");
    }

    @Test
    @Tag("REL-3")
    void refusesASegmentOfAnotherJournal() throws IOException {
        write(100, 10);
        MemoryDisk other = new MemoryDisk();
        try (Journal journal = open(other)) {
            journal.append(Entries.payloads(5000, 100, PAYLOAD_BYTES));
        }
        String second = disk.list().get(1);
        assertThat(other.list()).contains(second);
        disk.replace(second, other.bytes(second));
        refuses("of the segment before");
    }

    @Test
    @Tag("REL-3")
    void refusesARecordThatWasExchangedThoughItsCrcIsRight() throws IOException {
        write(6, 1);
        String name = "00000000000000000001.log";
        byte[] bytes = disk.bytes(name);
        byte[] payload = Entries.payload(77, PAYLOAD_BYTES);
        ByteBuffer header = ByteBuffer.allocate(RecordFormat.HEADER_BYTES);
        byte[] chain = new byte[ChainHash.BYTES];
        System.arraycopy(bytes, endOf(2) + 24, chain, 0, chain.length);
        RecordFormat.encodeHeader(header, 3, 2, chain, payload);
        System.arraycopy(header.array(), 0, bytes, endOf(2), RecordFormat.HEADER_BYTES);
        System.arraycopy(payload, 0, bytes, endOf(2) + RecordFormat.HEADER_BYTES, PAYLOAD_BYTES);
        disk.replace(name, bytes);
        refuses("chain hash");
    }

    @Test
    @Tag("REL-3")
    void refusesARepeatedRecord() throws IOException {
        write(3, 1);
        String name = "00000000000000000001.log";
        byte[] bytes = disk.bytes(name);
        byte[] longer = Arrays.copyOf(bytes, endOf(4));
        System.arraycopy(bytes, endOf(2), longer, endOf(3), RECORD_BYTES);
        disk.replace(name, longer);
        refuses("expected entry 4, found entry 3");
    }

    @Test
    @Tag("REL-3")
    void refusesAFormatVersionItDoesNotKnow() throws IOException {
        write(3, 1);
        String name = "00000000000000000001.log";
        byte[] bytes = disk.bytes(name);
        bytes[11] = 2;
        disk.replace(name, bytes);
        refuses("expected format version 1, found version 2");
    }

    @Test
    @Tag("REL-3")
    void refusesAForeignFileUnderASegmentsName() {
        disk.replace("00000000000000000001.log", Entries.payload(1, 500));
        refuses("a journal segment");
        disk.replace("00000000000000000001.log", new byte[3]);
        refuses("expected a header of 64 bytes, found 3 bytes");
    }

    @Test
    void leavesFilesItDoesNotKnowAlone() throws IOException {
        disk.replace("notes.txt", new byte[] {1});
        disk.replace("99999999999999999999.log", new byte[] {1});
        write(3, 1);
        open().close();
        assertThat(disk.list()).contains("notes.txt", "99999999999999999999.log");
    }

    private static int endOf(int entry) {
        return SegmentFormat.HEADER_BYTES + entry * RECORD_BYTES;
    }

    private void write(int entries, int forcedTogether) throws IOException {
        try (Journal journal = open()) {
            for (int i = 0; i < entries; i += forcedTogether) {
                journal.append(Entries.payloads(i + 1, forcedTogether, PAYLOAD_BYTES));
                journal.force();
            }
        }
    }

    private void refusesEveryFlipBelow(String name, int end) {
        for (int offset = 0; offset < end; offset++) {
            disk.flip(name, offset);
            refuses("expected");
            disk.flip(name, offset);
        }
    }

    private void refuses(String message) {
        var before = disk.fingerprint();
        assertThatThrownBy(this::open)
                .isInstanceOf(JournalCorruptException.class)
                .hasMessageContaining(message);
        assertThat(disk.fingerprint()).isEqualTo(before);
    }

    private Journal open() throws IOException {
        return open(disk);
    }

    private static Journal open(MemoryDisk disk) throws IOException {
        return Journal.open(disk, OPTIONS, JournalPosition.GENESIS, EntryVisitor.ignoring());
    }
}
