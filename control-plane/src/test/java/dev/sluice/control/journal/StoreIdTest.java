package dev.sluice.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The name of a journal. */
final class StoreIdTest {

    private static final JournalOptions OPTIONS =
            JournalOptions.defaults().withSegmentBytes(1 << 20).withPreallocateBytes(0);

    private final MemoryDisk disk = new MemoryDisk();
    private int given;

    private String nextId() {
        return "%032x".formatted(++given);
    }

    private Journal open() throws IOException {
        return Journal.open(
                disk, OPTIONS, this::nextId, JournalPosition.GENESIS, EntryVisitor.ignoring());
    }

    private String openAndClose() throws IOException {
        try (Journal journal = open()) {
            return journal.storeId();
        }
    }

    @Test
    void staysTheSameAsLongAsTheJournalIsThere() throws IOException {
        String id = openAndClose();

        assertThat(id).isEqualTo("%032x".formatted(1));
        assertThat(openAndClose()).isEqualTo(id);
        assertThat(given).isOne();
    }

    @Test
    @Tag("REL-2")
    void isAnotherWhenTheEntriesAreLostThoughTheNameIsNot() throws IOException {
        String id = openAndClose();
        disk.list().stream().filter(name -> name.endsWith(".log")).forEach(disk::remove);

        assertThat(openAndClose()).isNotEqualTo(id);
    }

    @Test
    void isGivenToAJournalOfAReleaseThatHadNone() throws IOException {
        try (Journal journal = open()) {
            journal.append(List.of(new byte[] {1}));
            journal.force();
        }
        disk.remove("store-id");

        String id = openAndClose();
        assertThat(id).isEqualTo("%032x".formatted(2));
        assertThat(openAndClose()).isEqualTo(id);
    }

    @Test
    void isAnotherForAJournalThatBeginsAfterASnapshot() throws IOException {
        try (Journal journal =
                Journal.createAfter(
                        disk, OPTIONS, this::nextId, new JournalPosition(5, ChainHash.GENESIS))) {
            assertThat(journal.storeId()).isEqualTo("%032x".formatted(1));
        }
    }

    @Test
    @Tag("REL-2")
    @Tag("CLU-15")
    void neverChangesAfterEntriesWereAcknowledgedUnderIt() throws IOException {
        for (long crashAt = 1; crashAt < 30; crashAt++) {
            MemoryDisk crashing = new MemoryDisk();
            crashing.crashAtChange(crashAt);
            String id = "";
            try {
                Journal journal = open(crashing);
                journal.append(List.of(new byte[] {1}));
                journal.force();
                id = journal.storeId();
            } catch (MemoryDisk.Crash _) {
                // Nothing was acknowledged.
            }
            crashing.losePower(new Random(crashAt));

            try (Journal again = open(crashing)) {
                if (!id.isEmpty()) {
                    assertThat(again.storeId()).as("crash at %d", crashAt).isEqualTo(id);
                }
            }
        }
    }

    private Journal open(Disk where) throws IOException {
        return Journal.open(
                where, OPTIONS, this::nextId, JournalPosition.GENESIS, EntryVisitor.ignoring());
    }

    @Test
    @Tag("REL-3")
    void whatIsNoStoreIdIsRefusedWithTheFileAndNothingIsChanged() throws IOException {
        var _ = openAndClose();
        disk.replace("store-id", "no id\n".getBytes(StandardCharsets.US_ASCII));
        var before = disk.fingerprint();

        assertThatThrownBy(this::open)
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("/memory/store-id: expected 32 hexadecimal digits")
                .hasMessageContaining("found \"no id\"");
        assertThat(disk.fingerprint()).isEqualTo(before);
    }
}
