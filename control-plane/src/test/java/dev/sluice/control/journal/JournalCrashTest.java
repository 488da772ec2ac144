package dev.sluice.control.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stops a journal at each of its writes, with and without losing power, again and again; the seed
 * is the test's name.
 */
final class JournalCrashTest {

    /** What must be there after a crash: all of {@code forced}, and of the rest a prefix. */
    private static final class Expected {
        final List<byte[]> appended = new ArrayList<>();
        int forced;
        int compactedBelow = 1;
        int truncatingTo = Integer.MAX_VALUE;
    }

    @Test
    @Tag("CLU-15")
    @Tag("REL-4")
    void keepsEveryForcedEntryWhicheverWriteTheCrashHits() throws IOException {
        for (long seed = 1; seed <= 30; seed++) {
            long changes = changesWithoutCrash(seed);
            assertThat(changes).isGreaterThan(10);
            for (long crashAt = 1; crashAt <= changes; crashAt++) {
                runWithCrashes(seed, crashAt, 3);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {101, 102, 103, 104, 105, 106, 107, 108})
    @Tag("CLU-15")
    @Tag("REL-4")
    void keepsEveryForcedEntryThroughManyCrashesInALongLife(long seed) throws IOException {
        runWithCrashes(seed, 40, 150);
    }

    private static long changesWithoutCrash(long seed) throws IOException {
        MemoryDisk disk = new MemoryDisk();
        Random random = new Random(seed);
        Expected expected = new Expected();
        live(disk, optionsOf(random), random, expected, 12);
        return disk.changes();
    }

    private static void runWithCrashes(long seed, long firstCrashAt, int crashes)
            throws IOException {
        String run = "seed %d, first crash at change %d".formatted(seed, firstCrashAt);
        MemoryDisk disk = new MemoryDisk();
        Random random = new Random(seed);
        Random crashing = new Random(seed * 1_000_003 + firstCrashAt);
        JournalOptions options = optionsOf(random);
        Expected expected = new Expected();
        disk.crashAtChange(firstCrashAt);
        for (int i = 0; i < crashes; i++) {
            try {
                live(disk, options, random, expected, 12);
            } catch (MemoryDisk.Crash e) {
                crash(disk, crashing);
            } catch (IOException | AssertionError e) {
                throw new AssertionError(run + ", life " + i + ": " + e.getMessage(), e);
            }
            disk.restart();
            disk.crashAtChange(1 + crashing.nextInt(40));
        }
        disk.restart();
        live(disk, options, random, expected, 0);
    }

    private static void crash(MemoryDisk disk, Random crashing) {
        if (crashing.nextInt(4) == 0) {
            disk.restart();
        } else {
            disk.losePower(crashing);
        }
    }

    private static JournalOptions optionsOf(Random random) {
        int preallocate = random.nextBoolean() ? 0 : 512 << random.nextInt(4);
        return new JournalOptions(4096 << random.nextInt(3), 1 << 20, preallocate);
    }

    private static void live(
            MemoryDisk disk, JournalOptions options, Random random, Expected expected, int actions)
            throws IOException {
        Survivor survivor = Survivor.open(disk, options, expected);
        for (int i = 0; i < actions; i++) {
            survivor.act(random);
        }
        survivor.close();
    }

    /** A journal whose every acknowledged action is noted, opened and compared with the notes. */
    private record Survivor(Journal journal, Expected expected) {

        static Survivor open(MemoryDisk disk, JournalOptions options, Expected expected)
                throws IOException {
            // Compaction is covered by a snapshot whose chain hash the test learns from the log
            // itself.
            long firstOnDisk =
                    disk.list().stream()
                            .flatMapToLong(name -> SegmentFormat.firstIndex(name).stream())
                            .min()
                            .orElse(1);
            assertThat(firstOnDisk).isLessThanOrEqualTo(expected.compactedBelow);
            List<byte[]> seen = new ArrayList<>();
            JournalPosition base = baseOf(disk, firstOnDisk);
            Journal journal =
                    Journal.open(disk, options, base, (index, payload) -> seen.add(payload));
            int last = (int) journal.lastIndex();
            assertThat(last)
                    .isBetween(
                            Math.min(expected.forced, expected.truncatingTo),
                            expected.appended.size());
            assertThat(seen)
                    .containsExactlyElementsOf(
                            expected.appended.subList((int) firstOnDisk - 1, last));
            expected.appended.subList(last, expected.appended.size()).clear();
            expected.forced = last;
            expected.truncatingTo = Integer.MAX_VALUE;
            return new Survivor(journal, expected);
        }

        private static JournalPosition baseOf(MemoryDisk disk, long firstOnDisk)
                throws IOException {
            if (firstOnDisk == 1) {
                return JournalPosition.GENESIS;
            }
            String name = SegmentFormat.name(firstOnDisk);
            try (DiskFile file = disk.openForReading(name)) {
                return SegmentFormat.readHeader(new WindowReader(file, 100), name, firstOnDisk);
            }
        }

        void act(Random random) throws IOException {
            switch (random.nextInt(12)) {
                case 0 -> truncate(random);
                case 1 -> {
                    int below = 1 + random.nextInt(expected.forced + 1);
                    expected.compactedBelow = Math.max(expected.compactedBelow, below);
                    journal.compactBelow(below);
                }
                case 2, 3, 4, 5 -> {
                    journal.force();
                    expected.forced = expected.appended.size();
                    assertThat(journal.durableIndex()).isEqualTo(expected.forced);
                }
                default -> {
                    int first = expected.appended.size() + 1;
                    List<byte[]> batch =
                            Entries.payloads(
                                    first + random.nextInt(1000),
                                    1 + random.nextInt(6),
                                    random.nextInt(900));
                    expected.appended.addAll(batch);
                    assertThat(journal.append(batch)).isEqualTo(expected.appended.size());
                }
            }
        }

        private void truncate(Random random) throws IOException {
            int least = (int) journal.firstIndex() - 1;
            int index = least + random.nextInt(expected.appended.size() - least + 1);
            expected.truncatingTo = index;
            journal.truncateAfter(index);
            expected.appended.subList(index, expected.appended.size()).clear();
            expected.forced = Math.min(expected.forced, index);
            expected.compactedBelow = Math.min(expected.compactedBelow, index + 1);
            expected.truncatingTo = Integer.MAX_VALUE;
        }

        void close() throws IOException {
            journal.close();
            expected.forced = expected.appended.size();
        }
    }
}
