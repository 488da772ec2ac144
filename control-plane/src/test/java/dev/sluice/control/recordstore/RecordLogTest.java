package dev.sluice.control.recordstore;

import static dev.sluice.control.records.Records.run;
import static dev.sluice.control.records.Records.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.journal.JournalCorruptException;
import dev.sluice.control.journal.JournalException;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.records.Holdings;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.records.Records;
import dev.sluice.control.records.SpoolId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The record log on a disk that tears, fills up and loses power. */
@Tag("PAIR-3")
final class RecordLogTest {

    /** So small that some hundred records are several segments. */
    private static final JournalOptions OPTIONS =
            JournalOptions.defaults().withPreallocateBytes(0).withSegmentBytes(16 << 10);

    private static final SpoolId EU1 = spool("eu-1");
    private static final int SEEDS = 150;

    private final MemoryDisk disk = new MemoryDisk();

    private RecordLog open() throws IOException {
        return RecordLog.open(disk, OPTIONS);
    }

    private static long store(RecordLog log, RecordRun... runs) throws IOException {
        return log.store(List.of(List.of(runs)), 1_000).records().getFirst();
    }

    private static final Holdings.Page NOTHING = new Holdings.Page(null, null, Holdings.EMPTY);

    /** Everything in the log, as another master gets it that has nothing; each record once. */
    private static Map<SpoolId, Map<Long, Object>> content(RecordLog log, int most)
            throws IOException {
        Map<SpoolId, Map<Long, Object>> all = new HashMap<>();
        long next = 0;
        do {
            RecordLog.Lacking part = log.lacking(NOTHING, next, most);
            for (RecordRun run : part.runs()) {
                for (long s = run.first(); s <= run.range().last(); s++) {
                    assertThat(
                                    all.computeIfAbsent(run.spool(), _ -> new HashMap<>())
                                            .put(s, run.at(s)))
                            .isNull();
                    assertThat(run.at(s)).isEqualTo(Records.record(run.spool(), s));
                }
            }
            next = part.next();
        } while (next != 0);
        return all;
    }

    private static long count(Map<SpoolId, Map<Long, Object>> content) {
        return content.values().stream().mapToLong(Map::size).sum();
    }

    @Test
    void storesEachRecordOnceHoweverOftenItComes() throws IOException {
        try (RecordLog log = open()) {
            assertThat(store(log, run(EU1, 1, 10))).isEqualTo(10);
            assertThat(store(log, run(EU1, 1, 10))).isZero();
            assertThat(store(log, run(EU1, 5, 20), run(EU1, 8, 22))).isEqualTo(12);
            assertThat(log.count()).isEqualTo(22);
            assertThat(count(content(log, 3))).isEqualTo(22);
        }
        try (RecordLog again = open()) {
            assertThat(again.seen().of(EU1).endOfRunFrom(1)).isEqualTo(22);
            assertThat(count(content(again, 1_000))).isEqualTo(22);
        }
    }

    @Test
    void givesAnotherMasterExactlyWhatItLacks() throws IOException {
        try (RecordLog log = open()) {
            store(log, run(EU1, 1, 40), run(spool("us-1"), 1, 5));
            Holdings had = Holdings.EMPTY.plus(run(EU1, 1, 20)).plus(run(EU1, 31, 39));

            RecordLog.Lacking lacking = log.lacking(new Holdings.Page(null, null, had), 0, 1_000);

            assertThat(lacking.next()).isZero();
            assertThat(lacking.runs())
                    .containsExactlyInAnyOrder(
                            run(EU1, 21, 30), run(EU1, 40, 40), run(spool("us-1"), 1, 5));
        }
    }

    @Test
    void everythingAcknowledgedSurvivesALossOfPowerAtAnyMoment() throws IOException {
        for (int seed = 0; seed < SEEDS; seed++) {
            MemoryDisk torn = new MemoryDisk();
            SplittableRandom random = new SplittableRandom(seed);
            Holdings acknowledged = Holdings.EMPTY;
            torn.crashAtChange(random.nextLong(1, 120));
            try {
                RecordLog log = RecordLog.open(torn, OPTIONS);
                while (true) {
                    long first = random.nextLong(1, 400);
                    RecordRun run = run(spool("n-" + random.nextInt(3)), first, first + 20);
                    var _ = store(log, run);
                    acknowledged = acknowledged.plus(run);
                    if (random.nextInt(10) == 0) {
                        var _ = log.prune(new Retention(Duration.ofDays(1), 20_000), 1_000);
                    }
                }
            } catch (MemoryDisk.Crash _) {
                torn.losePower(new Random(seed));
            }

            try (RecordLog recovered = RecordLog.open(torn, OPTIONS)) {
                Holdings.Page had = new Holdings.Page(null, null, recovered.seen());
                assertThat(acknowledged.lackedBy(had))
                        .as("seed %d", seed)
                        .isEqualTo(Holdings.EMPTY);
                assertThat(count(content(recovered, 50))).isEqualTo(recovered.count());
            }
        }
    }

    @Test
    void aTornTailIsCutAndStoringGoesOn() throws IOException {
        RecordLog log = open();
        store(log, run(EU1, 1, 10));
        disk.crashAtChange(1);
        assertThatThrownBy(() -> store(log, run(EU1, 11, 20))).isInstanceOf(MemoryDisk.Crash.class);
        disk.losePower(new Random(3));

        try (RecordLog again = open()) {
            assertThat(again.seen().of(EU1).endOfRunFrom(1)).isGreaterThanOrEqualTo(10);
            var _ = store(again, run(EU1, 1, 20));
            assertThat(again.count()).isEqualTo(20);
        }
    }

    @Test
    void aFullDiskAcknowledgesNothingAndLosesNothing() throws IOException {
        RecordLog log = open();
        store(log, run(EU1, 1, 10));
        disk.capacity(
                disk.bytes(
                                        disk.list().stream()
                                                .filter(n -> n.endsWith(".log"))
                                                .findFirst()
                                                .orElseThrow())
                                .length
                        + 100L);
        assertThatThrownBy(() -> store(log, run(EU1, 11, 200)))
                .isInstanceOf(JournalException.class);
        assertThat(log.seen().of(EU1).endOfRunFrom(1)).isEqualTo(10);
        log.close();

        disk.capacity(Long.MAX_VALUE);
        try (RecordLog again = open()) {
            assertThat(again.count()).isEqualTo(10);
            assertThat(store(again, run(EU1, 1, 200))).isEqualTo(190);
        }
    }

    @Test
    void damageInTheMiddleIsRefusedAndNothingIsChanged() throws IOException {
        try (RecordLog log = open()) {
            for (int i = 0; i < 40; i++) {
                store(log, run(EU1, 1 + i * 50L, 50 + i * 50L));
            }
        }
        String first =
                disk.list().stream()
                        .filter(n -> n.endsWith(".log"))
                        .sorted()
                        .findFirst()
                        .orElseThrow();
        disk.flip(first, 500);
        Map<String, String> before = disk.fingerprint();

        assertThatThrownBy(this::open).isInstanceOf(JournalCorruptException.class);

        assertThat(disk.fingerprint()).isEqualTo(before);
    }

    @Test
    void whatWasPrunedStaysKnownAndDoesNotComeBack() throws IOException {
        List<RecordRun> runs = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            runs.add(run(EU1, 1 + i * 50L, 50 + i * 50L));
        }
        try (RecordLog log = open()) {
            for (RecordRun run : runs) {
                store(log, run);
            }
            long bytes = log.bytes();
            long gone = log.prune(new Retention(Duration.ofDays(1), bytes / 2), 1_000);

            assertThat(gone).isPositive();
            assertThat(log.count()).isEqualTo(3_000 - gone).isPositive();
            assertThat(log.bytes()).isLessThan(bytes / 2 + (64 << 10) + (16 << 10));
            assertThat(count(content(log, 70))).isEqualTo(log.count());
            assertThat(store(log, runs.toArray(RecordRun[]::new))).isZero();
        }
        try (RecordLog again = open()) {
            assertThat(again.seen().of(EU1).endOfRunFrom(1)).isEqualTo(3_000);
            assertThat(store(again, runs.toArray(RecordRun[]::new))).isZero();
            assertThat(count(content(again, 70))).isEqualTo(again.count()).isLessThan(3_000);
        }
    }

    @Test
    void whatIsTooOldGoesByWholeSegmentsAndNothingYoungerGoes() throws IOException {
        try (RecordLog log = open()) {
            for (int i = 0; i < 100; i++) {
                var _ = log.store(List.of(List.of(run(EU1, 1 + i * 50L, 50 + i * 50L))), i);
            }
            Retention young = new Retention(Duration.ofMillis(30), Long.MAX_VALUE);

            assertThat(log.prune(young, 30)).isZero();
            long gone = log.prune(young, 99);

            assertThat(gone).isPositive();
            assertThat(log.count()).isEqualTo(5_000 - gone);
            Holdings.Page young30 =
                    new Holdings.Page(
                            null,
                            null,
                            log.seen().minus(run(EU1, 3_451, 3_600)).minus(run(EU1, 4_901, 5_000)));
            assertThat(log.lacking(young30, 0, 1_000).runs()).hasSize(5);
            assertThat(log.prune(young, 99)).isZero();
        }
    }

    @Test
    void findsThoseThatEndedLastWhereverTheyStand() throws IOException {
        SpoolId us = spool("us-1");
        try (RecordLog log = open()) {
            for (int i = 29; i >= 0; i--) {
                store(log, run(EU1, 1 + i * 50L, 50 + i * 50L));
            }
            store(log, run(us, 1, 100));

            RecordLog.Selection last = log.select(new RecordQuery(null, Long.MIN_VALUE, 3));
            assertThat(last.more()).isTrue();
            assertThat(last.records())
                    .extracting(FoundRecord::sequence)
                    .containsExactly(1_500L, 1_499L, 1_498L);
            assertThat(last.records().getFirst().content()).isEqualTo(Records.record(EU1, 1_500));

            RecordLog.Selection ofNode =
                    log.select(new RecordQuery(new NodeId("us-1"), 985, 1_000));
            assertThat(ofNode.more()).isFalse();
            assertThat(ofNode.records())
                    .extracting(FoundRecord::sequence)
                    .containsExactly(100L, 99L, 98L);
        }
    }

    @Test
    void whatIsRefusedIsNotStoredAndTheRestIs() throws IOException {
        try (RecordLog log = open()) {
            for (int i = 0; i < Holdings.MAX_SPOOLS_OF_NODE; i++) {
                store(log, run(spool("eu-1", "s" + i), 1, 1));
            }

            RecordLog.Stored stored =
                    log.store(
                            List.of(
                                    List.of(run(spool("eu-1", "more"), 1, 1)),
                                    List.of(run(spool("eu-2"), 1, 4))),
                            1_000);

            assertThat(stored.records()).containsExactly(0L, 4L);
            assertThat(stored.refused()).singleElement().asString().contains("eu-1/more");
        }
    }
}
