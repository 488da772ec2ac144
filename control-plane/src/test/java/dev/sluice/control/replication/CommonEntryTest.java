package dev.sluice.control.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.replication.CommonEntry.Answer;
import dev.sluice.control.replication.CommonEntry.Next;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class CommonEntryTest {

    /**
     * A journal that holds the positions from {@code first - 1} to {@code last} and leaves the
     * common history after {@code common}.
     */
    private record Log(int history, long first, long last, long common) {

        boolean holds(long index) {
            return index >= first - 1 && index <= last;
        }

        ChainHash hash(long index) {
            ByteBuffer bytes = ByteBuffer.allocate(ChainHash.BYTES);
            bytes.putLong(index).putInt(index <= common ? 0 : history);
            return index == 0 ? ChainHash.GENESIS : ChainHash.of(bytes.array());
        }

        Answer answer(long index) {
            return new Answer(
                    index, holds(index) ? Optional.of(hash(index)) : Optional.empty(), first, last);
        }
    }

    private int questions;

    private Next search(Log own, Log primary) {
        CommonEntry search =
                new CommonEntry(own.first(), new JournalPosition(own.last(), own.hash(own.last())));
        Next next = search.begin();
        while (next instanceof Next.Ask(var index)) {
            questions++;
            assertThat(own.holds(index)).as("entry %d", index).isTrue();
            next = search.answered(primary.answer(index), own.hash(index));
        }
        return next;
    }

    @Test
    void findsWhereTwoJournalsPart() {
        assertThat(search(new Log(1, 1, 1000, 700), new Log(2, 1, 2000, 700)))
                .isEqualTo(new Next.Found(700));
        assertThat(questions).isLessThan(15);
    }

    @Test
    void aBeginningOfThePrimarysJournalIsCommonToItsEndWithOneQuestion() {
        assertThat(search(new Log(1, 1, 700, 700), new Log(2, 1, 2000, 700)))
                .isEqualTo(new Next.Found(700));
        assertThat(questions).isOne();
    }

    @Test
    void aLongerJournalIsComparedUpToThePrimarysEnd() {
        assertThat(search(new Log(1, 1, 5000, 300), new Log(2, 1, 300, 300)))
                .isEqualTo(new Next.Found(300));
    }

    @Test
    void journalsThatShareNothingHaveTheirBeginningInCommon() {
        assertThat(search(new Log(1, 1, 10, 0), new Log(2, 1, 10, 0))).isEqualTo(new Next.Found(0));
    }

    @Test
    void aPrimaryWhoseJournalBeginsLaterHasNothingInCommon() {
        assertThat(search(new Log(1, 1, 10, 10), new Log(2, 12, 20, 10)))
                .isInstanceOfSatisfying(
                        Next.Nothing.class,
                        nothing -> assertThat(nothing.why()).contains("1 to 10", "12 to 20"));
        assertThat(search(new Log(1, 1, 30, 5), new Log(2, 12, 20, 5)))
                .isInstanceOfSatisfying(
                        Next.Nothing.class,
                        nothing -> assertThat(nothing.why()).contains("differ at entry 11"));
    }

    @Test
    void whatThePrimaryCompactsMeanwhileIsAskedForNoMore() {
        Log own = new Log(1, 1, 1000, 700);
        CommonEntry search = new CommonEntry(1, new JournalPosition(1000, own.hash(1000)));
        Log before = new Log(2, 1, 2000, 700);
        Log after = new Log(2, 600, 2000, 700);
        Next next = search.begin();
        for (int i = 0; next instanceof Next.Ask(var index); i++) {
            next = search.answered((i < 3 ? before : after).answer(index), own.hash(index));
        }

        assertThat(next).isEqualTo(new Next.Found(700));
    }

    @Test
    @Tag("REL-3")
    void anAnswerToAnotherQuestionEndsTheSearch() {
        Log own = new Log(1, 1, 10, 5);
        CommonEntry search = new CommonEntry(1, new JournalPosition(10, own.hash(10)));
        var _ = search.begin();

        assertThat(search.answered(own.answer(3), own.hash(10))).isInstanceOf(Next.Nothing.class);
    }

    @Test
    void findsTheLastCommonEntryOfAnyTwoJournals() {
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            long common = random.nextInt(40);
            Log own = log(random, 1, common);
            Log primary = log(random, 2, common);
            long lowest = Math.max(own.first(), primary.first()) - 1;
            long highest = Math.min(common, Math.min(own.last(), primary.last()));

            Next found = search(own, primary);

            if (highest < lowest) {
                assertThat(found)
                        .as("%s against %s", own, primary)
                        .isInstanceOf(Next.Nothing.class);
            } else {
                assertThat(found)
                        .as("%s against %s", own, primary)
                        .isEqualTo(new Next.Found(highest));
            }
        }
    }

    private static Log log(Random random, int history, long common) {
        long first = random.nextLong(1, 11);
        return new Log(history, first, first - 1 + random.nextInt(60), common);
    }
}
