package dev.sluice.control.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalTest {

    private static final JournalOptions SMALL =
            new JournalOptions(4096, JournalOptions.LARGEST_ENTRY_BYTES, 1024);

    @TempDir Path directory;

    @Test
    @Tag("CLU-15")
    void givesBackEveryForcedEntryInOrderAfterReopening() throws IOException {
        List<byte[]> payloads = Entries.payloads(1, 300, 100);
        try (Journal journal = Journal.open(directory, SMALL)) {
            assertThat(journal.append(payloads.subList(0, 200))).isEqualTo(200);
            journal.force();
            assertThat(journal.append(payloads.subList(200, 300))).isEqualTo(300);
            journal.force();
            assertThat(journal.durableIndex()).isEqualTo(300);
        }
        var seen = new Entries.Collected(1);
        try (Journal journal = open(SMALL, JournalPosition.GENESIS, seen)) {
            assertThat(seen.payloads).containsExactlyElementsOf(payloads);
            RecoveryReport report = journal.recoveryReport();
            assertThat(report.warnings()).isEmpty();
            assertThat(report.firstIndex()).isEqualTo(1);
            assertThat(report.last().index()).isEqualTo(300);
            assertThat(report.segments()).isGreaterThan(5);
            assertThat(journal.lastPosition()).isEqualTo(report.last());
        }
    }

    @Test
    void readsEachByteOnceToOpen() throws IOException {
        try (Journal journal = Journal.open(directory, JournalOptions.defaults())) {
            journal.append(Entries.payloads(1, 5000, 700));
        }
        var seen = new Entries.Collected(1);
        try (Journal journal = open(JournalOptions.defaults(), JournalPosition.GENESIS, seen)) {
            assertThat(seen.payloads).hasSize(5000);
            long onDisk = Files.size(directory.resolve("00000000000000000001.log"));
            assertThat(journal.recoveryReport().bytesRead()).isEqualTo(onDisk);
        }
    }

    @Test
    void keepsEmptyEntriesAndEntriesLargerThanASegment() throws IOException {
        List<byte[]> payloads =
                List.of(
                        new byte[0],
                        Entries.payload(2, 3_000_000),
                        Entries.payload(3, 1),
                        new byte[10_000],
                        new byte[0]);
        try (Journal journal = Journal.open(directory, SMALL)) {
            journal.append(payloads);
            journal.force();
            assertThat(journal.read(1, 64 << 20).stream().map(JournalEntry::payload))
                    .containsExactlyElementsOf(payloads);
        }
        var seen = new Entries.Collected(1);
        open(SMALL, JournalPosition.GENESIS, seen).close();
        assertThat(seen.payloads).containsExactlyElementsOf(payloads);
    }

    @Test
    @Tag("REL-3")
    void refusesAnEntryOverTheBoundAndAppendsNoneOfItsBatch() throws IOException {
        try (Journal journal = Journal.open(directory, SMALL.withMaxEntryBytes(10))) {
            assertThatThrownBy(() -> journal.append(List.of(new byte[10], new byte[11])))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("entry of 11 bytes: expected at most 10");
            assertThat(journal.lastIndex()).isZero();
            assertThat(journal.append(List.of(new byte[10]))).isEqualTo(1);
        }
    }

    @Test
    @Tag("REL-3")
    void refusesASecondOpeningOfTheSameDirectory() throws IOException {
        try (Journal first = Journal.open(directory, SMALL)) {
            assertThat(first.lastIndex()).isZero();
            assertThatThrownBy(() -> Journal.open(directory, SMALL))
                    .isInstanceOf(JournalLockedException.class)
                    .hasMessageContaining(directory.toString())
                    .hasMessageContaining("stop the other control plane");
        }
        Journal.open(directory, SMALL).close();
    }

    @Test
    @Tag("REL-3")
    void refusesAFileWhereItsDirectoryShouldBe() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "x");
        assertThatThrownBy(() -> Journal.open(file, SMALL))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("expected a directory, found a file");
    }

    @Test
    void showsReadersDurableEntriesOnly() throws Exception {
        try (Journal journal = Journal.open(directory, SMALL);
                var threads = Executors.newSingleThreadExecutor()) {
            journal.append(Entries.payloads(1, 3, 50));
            assertThat(threads.submit(() -> journal.read(1, 1000)).get()).isEmpty();
            journal.force();
            journal.append(Entries.payloads(4, 3, 50));
            List<JournalEntry> entries = threads.submit(() -> journal.read(2, 1000)).get();
            assertThat(entries.stream().map(JournalEntry::index)).containsExactly(2L, 3L);
            assertThat(entries.getLast().position()).isEqualTo(journal.positionAt(3));
            assertThat(threads.submit(() -> journal.read(4, 1000)).get()).isEmpty();
        }
    }

    @Test
    void readsUpToTheBoundButAtLeastOneEntry() throws IOException {
        try (Journal journal = Journal.open(directory, SMALL)) {
            journal.append(Entries.payloads(1, 100, 1000));
            journal.force();
            assertThat(journal.read(1, 1)).hasSize(1);
            assertThat(journal.read(50, 3500).stream().map(JournalEntry::index))
                    .containsExactly(50L, 51L, 52L);
            assertThat(journal.read(101, 1000)).isEmpty();
            var replayed = new Entries.Collected(40);
            journal.replay(40, replayed);
            assertThat(replayed.payloads).hasSize(61);
        }
    }

    @Test
    void readersFollowWhileTheOwnerAppendsAndRolls() throws Exception {
        int total = 3000;
        var forced = new Semaphore(0);
        try (Journal journal = Journal.open(directory, SMALL);
                var threads = Executors.newSingleThreadExecutor()) {
            Callable<List<byte[]>> follow =
                    () -> {
                        List<byte[]> seen = new ArrayList<>();
                        while (seen.size() < total) {
                            forced.acquire();
                            journal.read(seen.size() + 1, 30 * 60)
                                    .forEach(entry -> seen.add(entry.payload()));
                        }
                        return seen;
                    };
            Future<List<byte[]>> followed = threads.submit(follow);
            for (int i = 0; i < total; i += 30) {
                journal.append(Entries.payloads(i + 1, 30, 60));
                journal.force();
                forced.release();
            }
            assertThat(followed.get()).containsExactlyElementsOf(Entries.payloads(1, total, 60));
        }
    }

    @Test
    void readsOnInTheNextSegmentWhenTheOwnerRollsAfterTheReaderSawTheFilesSize() throws Exception {
        MemoryDisk disk = new MemoryDisk();
        var whole = new JournalOptions(4096, JournalOptions.LARGEST_ENTRY_BYTES, 4096);
        try (Journal journal =
                Journal.open(disk, whole, JournalPosition.GENESIS, EntryVisitor.ignoring())) {
            journal.append(Entries.payloads(1, 3, 60));
            journal.force();
            var rolls = new AtomicInteger();
            disk.afterNextSize(() -> {
                try {
                    journal.append(Entries.payloads(4, 60, 60));
                    journal.force();
                    rolls.incrementAndGet();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            var first = new Entries.Collected(1);
            journal.replay(1, first);
            assertThat(rolls).hasValue(1);
            assertThat(first.payloads).containsExactlyElementsOf(Entries.payloads(1, 3, 60));
            var all = new Entries.Collected(1);
            journal.replay(1, all);
            assertThat(all.payloads).containsExactlyElementsOf(Entries.payloads(1, 63, 60));
        }
    }

    @Test
    void compactsWholeSegmentsBelowAnIndexAndKeepsTheRest() throws IOException {
        JournalPosition base;
        try (Journal journal = Journal.open(directory, SMALL)) {
            journal.append(Entries.payloads(1, 200, 100));
            journal.force();
            base = journal.positionAt(149);
            assertThat(journal.compactBelow(150)).isPositive();
            assertThat(journal.firstIndex()).isBetween(100L, 150L);
            assertThat(journal.compactBelow(150)).isZero();
            assertThat(journal.read(150, 1 << 20)).hasSize(51);
            assertThatThrownBy(() -> journal.read(1, 100))
                    .isInstanceOf(JournalCompactedException.class)
                    .hasMessageContaining("the log begins at " + journal.firstIndex());
            journal.compactBelow(Long.MAX_VALUE);
            assertThat(journal.lastIndex()).isEqualTo(200);
            assertThat(segments()).hasSize(1);
        }
        assertThat(base.index()).isEqualTo(149);
        assertThatThrownBy(() -> Journal.open(directory, SMALL))
                .isInstanceOf(JournalCorruptException.class)
                .hasMessageContaining("no valid snapshot");
    }

    @Test
    void goesOnFromASnapshotWithTheEntriesBehindIt() throws IOException {
        JournalPosition base;
        try (Journal journal = Journal.open(directory, SMALL)) {
            journal.append(Entries.payloads(1, 200, 100));
            journal.force();
            base = journal.positionAt(149);
            journal.compactBelow(150);
        }
        var seen = new Entries.Collected(150);
        open(SMALL, base, seen).close();
        assertThat(seen.payloads).containsExactlyElementsOf(Entries.payloads(150, 51, 100));

        var other = new JournalPosition(149, ChainHash.GENESIS);
        assertThatThrownBy(() -> open(SMALL, other, EntryVisitor.ignoring()))
                .isInstanceOf(JournalCorruptException.class)
                .hasMessageContaining("of the snapshot at entry 149");
        var beyond = new JournalPosition(201, ChainHash.GENESIS);
        assertThatThrownBy(() -> open(SMALL, beyond, EntryVisitor.ignoring()))
                .isInstanceOf(JournalCorruptException.class)
                .hasMessageContaining("an end at entry 200");
    }

    @Test
    void beginsAfterAPeersSnapshotInAnEmptyDirectory() throws IOException {
        ChainHash hash = ChainHash.of(Entries.payload(1, ChainHash.BYTES));
        var base = new JournalPosition(41, hash);
        try (Journal journal = Journal.createAfter(NioDisk.in(directory), SMALL, base)) {
            assertThat(journal.append(Entries.payloads(42, 1, 10))).isEqualTo(42);
        }
        var seen = new Entries.Collected(42);
        open(SMALL, base, seen).close();
        assertThat(seen.payloads).hasSize(1);
        assertThatThrownBy(() -> Journal.createAfter(NioDisk.in(directory), SMALL, base))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("expected no journal yet");
    }

    @Test
    void archivesAndTruncatesTheTailOfAnOldPrimaryAtEveryIndex(@TempDir Path archive)
            throws IOException {
        int count = 60;
        for (int cut = 0; cut <= count; cut++) {
            Path at = directory.resolve("cut-" + cut);
            NioDisk archives = NioDisk.in(archive.resolve("cut-" + cut));
            try (Journal journal = Journal.open(at, SMALL)) {
                journal.append(Entries.payloads(1, count, 200));
                journal.force();
                var name = journal.archiveTail(cut, archives);
                assertThat(journal.archiveTail(cut, archives)).isEqualTo(name);
                assertThat(name.isPresent()).isEqualTo(cut < count);
                assertThat(archives.list()).hasSize(cut < count ? 1 : 0);
                if (name.isPresent()) {
                    assertThat(archived(archives, name.get(), cut))
                            .containsExactlyElementsOf(Entries.payloads(cut + 1, count - cut, 200));
                }
                journal.truncateAfter(cut);
                assertThat(journal.durableIndex()).isEqualTo(cut);
                assertThat(journal.append(Entries.payloads(1000, 25, 90))).isEqualTo(cut + 25);
                journal.force();
                assertThat(journal.read(cut + 1, 1 << 20)).hasSize(25);
            }
            var seen = new Entries.Collected(1);
            Journal.open(NioDisk.in(at), SMALL, JournalPosition.GENESIS, seen).close();
            List<byte[]> expected = Entries.payloads(1, cut, 200);
            expected.addAll(Entries.payloads(1000, 25, 90));
            assertThat(seen.payloads).containsExactlyElementsOf(expected);
        }
    }

    private static List<byte[]> archived(NioDisk archives, String name, long after)
            throws IOException {
        List<byte[]> payloads = new ArrayList<>();
        try (DiskFile file = archives.openForReading(name)) {
            var reader = new WindowReader(file, 1000);
            JournalPosition before = SegmentFormat.readHeader(reader, name, after + 1);
            SegmentScan.End end =
                    new SegmentScan(reader, before)
                            .run(
                                    Long.MAX_VALUE,
                                    (index, offset, buffer, at, size) ->
                                            payloads.add(RecordFormat.payload(buffer, at, size)));
            assertThat(end.fault()).isEmpty();
        }
        return payloads;
    }

    @Test
    @Tag("REL-3")
    void refusesAnIndexOutsideOfTheLog() throws IOException {
        try (Journal journal = Journal.open(directory, SMALL)) {
            journal.append(Entries.payloads(1, 3, 10));
            assertThatThrownBy(() -> journal.truncateAfter(4))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected an index from 0 to 3, found 4");
            assertThatThrownBy(() -> journal.positionAt(1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("entry 1 is not durable");
            assertThat(journal.positionAt(0)).isEqualTo(JournalPosition.GENESIS);
        }
    }

    @Test
    void sameEntriesGiveTheSameChainWhateverTheSegmentsAndBatches(@TempDir Path other)
            throws IOException {
        try (Journal one = Journal.open(directory, SMALL);
                Journal two = Journal.open(other, JournalOptions.defaults())) {
            one.append(Entries.payloads(1, 100, 99));
            for (byte[] payload : Entries.payloads(1, 100, 99)) {
                two.append(List.of(payload));
            }
            assertThat(one.lastPosition()).isEqualTo(two.lastPosition());
            two.append(List.of(new byte[1]));
            assertThat(one.lastPosition()).isNotEqualTo(two.lastPosition());
        }
    }

    private Journal open(JournalOptions options, JournalPosition base, EntryVisitor visitor)
            throws IOException {
        return Journal.open(NioDisk.in(directory), options, base, visitor);
    }

    private List<String> segments() throws IOException {
        return NioDisk.in(directory).list().stream().filter(name -> name.endsWith(".log")).toList();
    }
}
