package dev.sluice.control.records;

import static dev.sluice.control.records.Records.range;
import static dev.sluice.control.records.Records.run;
import static dev.sluice.control.records.Records.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The set of record ids against a plain set of them, and what masters do with it. */
@Tag("PAIR-3")
final class HoldingsTest {

    private static final int SEEDS = 400;

    private record Id(SpoolId spool, long sequence) {}

    private static Set<Id> ids(List<RecordRun> runs) {
        Set<Id> ids = new HashSet<>();
        for (RecordRun run : runs) {
            for (long s = run.first(); s <= run.range().last(); s++) {
                ids.add(new Id(run.spool(), s));
            }
        }
        return ids;
    }

    private static Set<Id> ids(Holdings holdings) {
        Set<Id> ids = new HashSet<>();
        holdings.sets()
                .forEach((spool, set) -> {
                    for (SequenceRange range : set.ranges()) {
                        for (long s = range.first(); s <= range.last(); s++) {
                            assertThat(ids.add(new Id(spool, s))).isTrue();
                        }
                    }
                });
        return ids;
    }

    private static Holdings of(List<RecordRun> runs) {
        Holdings holdings = Holdings.EMPTY;
        for (RecordRun run : runs) {
            holdings = holdings.plus(run);
        }
        return holdings;
    }

    @Test
    void holdsExactlyWhatWasAddedInWhateverOrderAndHoweverOften() {
        for (int seed = 0; seed < SEEDS; seed++) {
            List<RecordRun> runs = Records.someRuns(new SplittableRandom(seed));
            List<RecordRun> shuffled = new ArrayList<>(runs);
            shuffled.addAll(runs);
            Collections.shuffle(shuffled, new Random(seed));

            Holdings holdings = of(runs);

            assertThat(ids(holdings)).as("seed %d", seed).isEqualTo(ids(runs));
            assertThat(of(shuffled)).as("seed %d", seed).isEqualTo(holdings);
            assertThat(holdings.count()).isEqualTo(ids(runs).size());
            holdings.sets()
                    .values()
                    .forEach(set -> assertThat(SequenceSet.ascending(set.ranges())).isEqualTo(set));
        }
    }

    @Test
    void theUnionIsCommutativeAssociativeAndIdempotent() {
        for (int seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Holdings a = of(Records.someRuns(random));
            Holdings b = of(Records.someRuns(random));
            Holdings c = of(Records.someRuns(random));

            assertThat(a.plus(b)).as("seed %d", seed).isEqualTo(b.plus(a));
            assertThat(a.plus(b).plus(c)).as("seed %d", seed).isEqualTo(a.plus(b.plus(c)));
            assertThat(a.plus(b).plus(b)).as("seed %d", seed).isEqualTo(a.plus(b));
        }
    }

    @Test
    void whatOneLacksOfTheOtherIsTheDifferenceAndAfterBothDirectionsNothing() {
        for (int seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<RecordRun> ofA = Records.someRuns(random);
            List<RecordRun> ofB = Records.someRuns(random);
            Holdings a = of(ofA);
            Holdings b = of(ofB);
            Set<Id> expected = ids(ofA);
            expected.removeAll(ids(ofB));

            Set<Id> lacked = new HashSet<>();
            for (Holdings.Page page : b.pages(random.nextInt(1, 6))) {
                lacked.addAll(ids(a.lackedBy(page)));
            }

            assertThat(lacked).as("seed %d", seed).isEqualTo(expected);
            Holdings both = a.plus(b);
            for (Holdings.Page page : both.pages(3)) {
                assertThat(a.lackedBy(page).isEmpty()).isTrue();
                assertThat(b.lackedBy(page).isEmpty()).isTrue();
            }
        }
    }

    @Test
    void pagesCoverEverySpoolOnceAlsoThoseThatTheAskingOneNeverHeardOf() {
        Holdings had =
                of(List.of(run(spool("b"), 1, 3), run(spool("d"), 1, 3), run(spool("f"), 1, 3)));

        List<Holdings.Page> pages = had.pages(2);

        assertThat(pages).hasSize(2);
        for (String node : List.of("a", "b", "c", "d", "e", "f", "g")) {
            assertThat(pages).filteredOn(page -> page.covers(spool(node))).hasSize(1);
        }
    }

    @Test
    void survivesTheWire() {
        for (int seed = 0; seed < SEEDS; seed++) {
            Holdings holdings = of(Records.someRuns(new SplittableRandom(seed)));
            assertThat(RecordWire.decode(RecordWire.encode(holdings))).isEqualTo(holdings);
        }
        RecordRun run = run(spool("eu-1"), 7, 40);
        assertThat(RecordWire.decode(RecordWire.encode(run))).isEqualTo(run);
    }

    @Test
    void aRunWithoutWhatIsHadAndTheRestOfItAreTheWholeRun() {
        for (int seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            SequenceSet had = SequenceSet.EMPTY;
            for (int i = random.nextInt(6); i > 0; i--) {
                long first = random.nextLong(1, 60);
                had = had.plus(range(first, first + random.nextInt(9)));
            }
            RecordRun run = run(spool("eu-1"), random.nextLong(1, 40), 50);

            List<RecordRun> parts = new ArrayList<>(run.without(had));
            parts.addAll(run.within(had));

            List<SessionRecord> seen = new ArrayList<>();
            parts.stream()
                    .sorted((x, y) -> Long.compare(x.first(), y.first()))
                    .forEach(part -> seen.addAll(part.records()));
            assertThat(seen).as("seed %d", seed).isEqualTo(run.records());
        }
    }

    @Test
    void theEndOfARunStopsAtTheFirstGap() {
        SequenceSet set = SequenceSet.EMPTY.plus(range(5, 9)).plus(range(11, 12));

        assertThat(set.endOfRunFrom(4)).isEqualTo(3);
        assertThat(set.endOfRunFrom(5)).isEqualTo(9);
        assertThat(set.endOfRunFrom(10)).isEqualTo(9);
        assertThat(set.plus(range(10, 10)).endOfRunFrom(6)).isEqualTo(12);
        assertThat(set.contains(10)).isFalse();
        assertThat(set.contains(11)).isTrue();
    }

    @Test
    void aNodeThatMakesSpoolsUpIsRefused() {
        Holdings holdings = Holdings.EMPTY;
        for (int i = 0; i < Holdings.MAX_SPOOLS_OF_NODE; i++) {
            RecordRun run = run(spool("eu-1", "s" + i), 1, 1);
            assertThat(holdings.refusal(run)).isEmpty();
            holdings = holdings.plus(run);
        }

        assertThat(holdings.refusal(run(spool("eu-1", "more"), 1, 1)).orElseThrow())
                .contains("eu-1", "64 spools");
        assertThat(holdings.refusal(run(spool("eu-1", "s3"), 2, 2))).isEmpty();
        assertThat(holdings.refusal(run(spool("eu-2", "more"), 1, 1))).isEmpty();
        assertThat(holdings.refusal(run(spool("eu-0", "more"), 1, 1))).isEmpty();
    }

    @Test
    void aNodeThatMakesGapsUpIsRefusedAndMayStillCloseThem() {
        Holdings holdings = Holdings.EMPTY;
        for (long i = 1; i <= Holdings.MAX_RANGES_OF_SPOOL; i++) {
            holdings = holdings.plus(run(spool("eu-1"), 2 * i, 2 * i));
        }

        assertThat(holdings.refusal(run(spool("eu-1"), 1_000_000, 1_000_000)).orElseThrow())
                .contains("4096 ranges", "1000000-1000000");
        assertThat(holdings.refusal(run(spool("eu-1"), 3, 3))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, SequenceRange.MAX_SEQUENCE, Long.MAX_VALUE})
    void sequencesOutOfBoundsAreRefused(long first) {
        SpoolId spool = spool("eu-1");
        assertThatThrownBy(() -> new RecordRun(spool, first, List.of(Records.record(spool, 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected a first sequence from 1");
    }

    @Test
    void whatIsNoRecordIsRefused() {
        SpoolId spool = spool("eu-1");
        assertThatThrownBy(() -> run(spool, 1, RecordRun.MAX_RECORDS + 1))
                .hasMessageContaining("expected 1 to 256 at once, found 257");
        assertThatThrownBy(() -> new SessionRecord("Customer", 1, 2, SessionEnd.CUT))
                .hasMessageContaining("kind");
        assertThatThrownBy(() -> new SessionRecord("customer", 1, -1, SessionEnd.CUT))
                .hasMessageContaining("time of its end");
        assertThatThrownBy(() ->
                        new RecordBatch(
                                spool, Optional.of(run(spool, 3, 4)), 5, RecordBatch.Losses.NONE))
                .hasMessageContaining("sequence 3 goes back behind 5");
        assertThatThrownBy(() -> SequenceSet.ascending(List.of(range(1, 3), range(4, 5))))
                .hasMessageContaining("with gaps between");
        assertThat(new SpoolId(new NodeId("a"), new StoreId("b"))).isEqualTo(spool("a", "b"));
    }
}
