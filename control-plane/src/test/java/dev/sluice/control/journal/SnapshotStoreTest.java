package dev.sluice.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotStoreTest {

    private static final SnapshotReader<byte[]> BYTES =
            (position, payload) -> payload.readAllBytes();
    private static final long BOUND = 1 << 20;

    private final MemoryDisk disk = new MemoryDisk();
    private final SnapshotStore store = new SnapshotStore(disk, BOUND);

    @Test
    void loadsTheNewestOfTheLastTwo(@TempDir Path directory) throws IOException {
        var real = new SnapshotStore(NioDisk.in(directory), 10 << 20);
        byte[] large = Entries.payload(3, 5_000_000);
        real.save(at(10), stream -> stream.write(1));
        real.save(at(20), stream -> stream.write(2));
        real.save(at(30), stream -> stream.write(large));
        LoadedSnapshots<byte[]> loaded = real.loadNewest(BYTES);
        assertThat(loaded.newest().orElseThrow().state()).isEqualTo(large);
        assertThat(loaded.position()).isEqualTo(at(30));
        assertThat(loaded.warnings()).isEmpty();
        assertThat(real.oldestIndex()).hasValue(20);
        assertThat(NioDisk.in(directory).list()).hasSize(2);
    }

    @Test
    void findsNoneInAnEmptyDirectory() throws IOException {
        LoadedSnapshots<byte[]> loaded = store.loadNewest(BYTES);
        assertThat(loaded.newest()).isEmpty();
        assertThat(loaded.position()).isEqualTo(JournalPosition.GENESIS);
        assertThat(store.oldestIndex()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void fallsBackToTheOneBeforeWhicheverByteOfTheNewestIsDamaged() throws IOException {
        saveTwo();
        String newest = "snapshot-%020d.snap".formatted(20);
        int size = disk.bytes(newest).length;
        for (int offset = 0; offset < size; offset++) {
            disk.flip(newest, offset);
            fallsBack(newest);
            disk.flip(newest, offset);
        }
        assertThat(store.loadNewest(BYTES).position()).isEqualTo(at(20));
    }

    @Test
    @Tag("REL-3")
    void fallsBackToTheOneBeforeWhereverTheNewestIsCut() throws IOException {
        saveTwo();
        String newest = "snapshot-%020d.snap".formatted(20);
        byte[] whole = disk.bytes(newest);
        for (int size = 0; size < whole.length; size++) {
            disk.replace(newest, Arrays.copyOf(whole, size));
            fallsBack(newest);
        }
    }

    private void fallsBack(String damaged) throws IOException {
        LoadedSnapshots<byte[]> loaded = store.loadNewest(BYTES);
        assertThat(loaded.position()).isEqualTo(at(10));
        assertThat(loaded.newest().orElseThrow().state()).isEqualTo(Entries.payload(10, 100));
        assertThat(loaded.warnings())
                .singleElement()
                .satisfies(warning ->
                        assertThat(warning.message())
                                .startsWith(
                                        "/memory/"
                                                + damaged
                                                + ": damaged snapshot skipped: expected"));
    }

    @Test
    @Tag("REL-3")
    void aJournalThatBeginsLateIsRefusedWhenNoSnapshotIsValid() throws IOException {
        JournalOptions small = JournalOptions.defaults().withSegmentBytes(4096);
        try (Journal journal =
                Journal.open(disk, small, JournalPosition.GENESIS, EntryVisitor.ignoring())) {
            journal.append(Entries.payloads(1, 100, 100));
            journal.force();
            store.save(journal.positionAt(90), stream -> stream.write(1));
            journal.compactBelow(store.oldestIndex().orElseThrow() + 1);
            assertThat(journal.firstIndex()).isGreaterThan(1);
        }
        var entries = new Entries.Collected(91);
        Journal.open(disk, small, store.loadNewest(BYTES).position(), entries).close();
        assertThat(entries.payloads).hasSize(10);

        disk.flip("snapshot-%020d.snap".formatted(90), 60);
        LoadedSnapshots<byte[]> loaded = store.loadNewest(BYTES);
        assertThat(loaded.warnings()).hasSize(1);
        assertThatThrownBy(
                        () -> Journal.open(disk, small, loaded.position(), EntryVisitor.ignoring()))
                .isInstanceOf(JournalCorruptException.class)
                .hasMessageContaining("as there is no valid snapshot");
    }

    @Test
    void passesOnTheFailureOfAReaderWhoseBytesAreWhole() throws IOException {
        saveTwo();
        SnapshotReader<byte[]> failing =
                (position, payload) -> {
                    throw new IOException("unknown state version 9");
                };
        assertThatThrownBy(() -> store.loadNewest(failing))
                .isInstanceOf(IOException.class)
                .hasMessage("unknown state version 9");
    }

    @Test
    void verifiesWhatTheReaderLeavesUnread() throws IOException {
        saveTwo();
        disk.flip("snapshot-%020d.snap".formatted(20), 150);
        LoadedSnapshots<Integer> loaded = store.loadNewest((position, payload) -> payload.read());
        assertThat(loaded.position()).isEqualTo(at(10));
    }

    @Test
    @Tag("REL-3")
    void refusesAPayloadOverTheBoundAndKeepsTheOlderOnes() throws IOException {
        saveTwo();
        assertThatThrownBy(
                        () -> store.save(at(30), stream -> stream.write(new byte[(int) BOUND + 1])))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("expected at most 1048576 bytes");
        assertThat(disk.list()).hasSize(2);
        assertThat(store.loadNewest(BYTES).position()).isEqualTo(at(20));
    }

    @Test
    @Tag("REL-4")
    void onAFullDiskKeepsTheOlderOnesAndLeavesNothingBehind() throws IOException {
        saveTwo();
        disk.capacity(disk.usedBytes() + 100);
        assertThatThrownBy(() -> store.save(at(30), stream -> stream.write(new byte[10_000])))
                .isInstanceOf(JournalFullException.class)
                .hasMessageContaining("disk full");
        assertThat(disk.list()).hasSize(2);
        assertThat(store.loadNewest(BYTES).position()).isEqualTo(at(20));
    }

    @Test
    @Tag("CLU-15")
    @Tag("REL-4")
    void aCrashAtAnyWriteLeavesTheNewSnapshotOrTheOneBefore() throws IOException {
        for (long seed = 1; seed <= 300; seed++) {
            MemoryDisk crashing = new MemoryDisk();
            var snapshots = new SnapshotStore(crashing, BOUND);
            Random random = new Random(seed);
            long saved = 0;
            for (long index = 10; index <= 80; index += 10) {
                crashing.crashAtChange(1 + random.nextInt(30));
                long at = index;
                boolean acknowledged = false;
                try {
                    snapshots.save(at(at), stream -> stream.write(Entries.payload(at, 3000)));
                    acknowledged = true;
                } catch (MemoryDisk.Crash e) {
                    crashing.losePower(random);
                }
                crashing.restart();
                LoadedSnapshots<byte[]> loaded = snapshots.loadNewest(BYTES);
                long found = loaded.position().index();
                assertThat(found).as("seed " + seed).isIn(acknowledged ? at : saved, at);
                assertThat(loaded.warnings()).as("seed " + seed).isEmpty();
                saved = found;
            }
        }
    }

    private void saveTwo() throws IOException {
        store.save(at(10), stream -> stream.write(Entries.payload(10, 100)));
        store.save(at(20), stream -> stream.write(Entries.payload(20, 100)));
    }

    private static JournalPosition at(long index) {
        return new JournalPosition(index, ChainHash.of(Entries.payload(index, ChainHash.BYTES)));
    }
}
