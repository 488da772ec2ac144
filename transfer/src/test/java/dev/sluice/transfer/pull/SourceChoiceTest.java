package dev.sluice.transfer.pull;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SourceChoiceTest {

    private static final PullTiming TIMING = PullTiming.standard();
    private static final String SELF = "m-b";
    private static final SourceId PARENT = new SourceId("eu-2", "10.0.0.2:7070");
    private static final SourceId GRANDPARENT = new SourceId("eu-1", "10.0.0.1:7070");
    private static final SourceId ORIGIN = new SourceId("m-a", "10.0.0.9:7070");

    private final SourceChoice choice =
            new SourceChoice(List.of(PARENT, GRANDPARENT, ORIGIN), 0, SELF, TIMING);
    private long now = 1_000;
    private long reached;

    private void pullsFrom(SourceId source) {
        assertThat(choice.next(now)).isEqualTo(new SourceChoice.Move.PullFrom(source));
    }

    private SourceFailure.Kind kindOf(SourceId source) {
        SourceFailure failure = choice.failures().get(source);
        assertThat(failure).isNotNull();
        return Objects.requireNonNull(failure).kind();
    }

    private void stays() {
        assertThat(choice.next(now)).isEqualTo(new SourceChoice.Move.Stay());
    }

    private void connects(SourceId source) {
        pullsFrom(source);
        choice.connected(now);
        stays();
    }

    private void fails() {
        choice.failed(now, SourceFailure.Kind.CLOSED, "gone");
    }

    /** The present source gives bytes for a while. */
    private void runs(long millis) {
        for (long end = now + millis; now < end; ) {
            now += 100;
            reached += 1000;
            choice.reached(now, reached);
            stays();
        }
    }

    /** The present source lives and gives nothing for a while. */
    private void idles(long millis, long offers) {
        for (long end = now + millis; now < end; ) {
            stays();
            now += 100;
            choice.offers(now, offers);
        }
    }

    @Test
    void pullsFromItsParentFirst() {
        connects(PARENT);
        runs(60_000);

        assertThat(choice.current()).contains(PARENT);
    }

    @Test
    void waitsLongerForASourceOnItsOwnMachine() {
        SourceId own = new SourceId(SELF, "10.0.0.8:7070");
        SourceChoice near = new SourceChoice(List.of(own, ORIGIN), 0, SELF, TIMING);
        assertThat(near.next(now)).isEqualTo(new SourceChoice.Move.PullFrom(own));
        near.connected(now);
        assertThat(near.lookAt(now)).isEqualTo(now + 3_001);

        assertThat(near.next(now + 3_000)).isEqualTo(new SourceChoice.Move.Stay());
        assertThat(near.next(now + 3_001)).isEqualTo(new SourceChoice.Move.PullFrom(ORIGIN));
    }

    @Test
    void leavesASourceThatIsSilentFor400Millis() {
        connects(PARENT);
        now += 400;
        stays();
        now += 1;

        pullsFrom(GRANDPARENT);
        assertThat(kindOf(PARENT)).isEqualTo(SourceFailure.Kind.SILENT);
    }

    @Test
    void isToBeAskedAgainWhenItsPresentSourceMayHaveFailed() {
        pullsFrom(PARENT);
        assertThat(choice.lookAt(now)).isEqualTo(now + TIMING.connect() + 1);
        now += 20;
        choice.connected(now);
        assertThat(choice.lookAt(now)).isEqualTo(now + TIMING.silence() + 1);
        choice.reached(now + 300, 1000);
        now += 350;
        assertThat(choice.lookAt(now)).isEqualTo(now - 50 + TIMING.silence() + 1);
        now = choice.lookAt(now) - 1;
        stays();
        now++;
        pullsFrom(GRANDPARENT);
    }

    @Test
    void isToBeAskedAgainWhileItDoesNotReadItself() {
        connects(PARENT);
        choice.held(now, true);
        now += 10_000;
        stays();
        assertThat(choice.lookAt(now)).isEqualTo(now + TIMING.silence() + 1);
    }

    @Test
    void isToBeAskedAgainWhenTheFirstSourceHasRested() {
        for (SourceId source : List.of(PARENT, GRANDPARENT, ORIGIN)) {
            pullsFrom(source);
            fails();
        }
        assertThat(choice.next(now)).isInstanceOf(SourceChoice.Move.WaitUntil.class);
        assertThat(choice.lookAt(now)).isEqualTo(now + TIMING.firstBackOff());
        now = choice.lookAt(now);
        pullsFrom(PARENT);
    }

    @Test
    void aSourceThatSaysItIsAliveIsNotSilent() {
        connects(PARENT);
        idles(2_900, 100);

        assertThat(choice.current()).contains(PARENT);
    }

    @Test
    void leavesASourceToWhichNoConnectionComes() {
        pullsFrom(PARENT);
        now += TIMING.connect();
        stays();
        now += 1;

        pullsFrom(GRANDPARENT);
        assertThat(kindOf(PARENT)).isEqualTo(SourceFailure.Kind.UNREACHABLE);
    }

    @Test
    void leavesASourceThatFailedAtOnce() {
        for (SourceFailure.Kind kind : SourceFailure.Kind.values()) {
            SourceChoice fresh = new SourceChoice(List.of(PARENT, ORIGIN), 0, SELF, TIMING);
            fresh.next(now);
            fresh.failed(now, kind, "why");

            assertThat(fresh.next(now)).isEqualTo(new SourceChoice.Move.PullFrom(ORIGIN));
            assertThat(fresh.failures().get(PARENT)).isEqualTo(new SourceFailure(kind, "why", now));
        }
    }

    @Test
    void aSourceThatFailedRestsTwiceAsLongEachTimeUpTo30Seconds() {
        SourceChoice alone = new SourceChoice(List.of(PARENT), 0, SELF, TIMING);
        for (long rest : new long[] {1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000}) {
            assertThat(alone.next(now)).isEqualTo(new SourceChoice.Move.PullFrom(PARENT));
            alone.failed(now, SourceFailure.Kind.REFUSED, "busy");
            assertThat(alone.next(now)).isEqualTo(new SourceChoice.Move.WaitUntil(now + rest));
            now += rest - 1;
            assertThat(alone.next(now)).isEqualTo(new SourceChoice.Move.WaitUntil(now + 1));
            now += 1;
        }
    }

    @Test
    void waitsForTheShortestRestWhenAllHaveFailed() {
        pullsFrom(PARENT);
        fails();
        now += 200;
        pullsFrom(GRANDPARENT);
        fails();
        now += 200;
        pullsFrom(ORIGIN);
        fails();

        assertThat(choice.next(now)).isEqualTo(new SourceChoice.Move.WaitUntil(2_000));
        assertThat(choice.failures()).hasSize(3);
        now = 2_000;
        pullsFrom(PARENT);
    }

    @Test
    void returnsToItsParentAfterAWhileOnAFallback() {
        connects(PARENT);
        fails();
        connects(GRANDPARENT);
        runs(TIMING.returnAfter() - 100);
        now += 100;
        choice.reached(now, ++reached);

        pullsFrom(PARENT);
    }

    @Test
    void aParentThatKeepsFailingIsTriedEverMoreSeldom() {
        connects(PARENT);
        fails();
        long tries = 0;
        for (long end = now + 120_000; now < end; now += 50) {
            if (choice.next(now) instanceof SourceChoice.Move.PullFrom(var source)) {
                choice.connected(now);
                if (source.equals(PARENT)) {
                    tries++;
                    fails();
                }
            } else {
                choice.reached(now, ++reached);
            }
        }

        assertThat(tries).isBetween(5L, 10L);
    }

    @Test
    void aSourceThatServedLongIsForgiven() {
        SourceChoice alone = new SourceChoice(List.of(PARENT), 0, SELF, TIMING);
        for (int i = 0; i < 5; i++) {
            alone.next(now);
            alone.failed(now, SourceFailure.Kind.CLOSED, "gone");
            now += 40_000;
        }
        alone.next(now);
        alone.connected(now);
        for (int i = 0; i < 400; i++) {
            now += 100;
            alone.reached(now, ++reached);
            alone.next(now);
        }
        alone.failed(now, SourceFailure.Kind.CLOSED, "gone");

        assertThat(alone.next(now)).isEqualTo(new SourceChoice.Move.WaitUntil(now + 1_000));
    }

    @Test
    void leavesAParentThatGivesNothingFor3SecondsWhileAFallbackIsKnownToHaveMore() {
        connects(PARENT);
        fails();
        connects(GRANDPARENT);
        choice.offers(now, 1_000_000);
        fails();
        connects(ORIGIN);
        now += 100;
        choice.reached(now, 500);
        idles(3_000, 500);
        now += 1;
        choice.offers(now, 500);

        SourceChoice.Move move = choice.next(now);

        assertThat(move).isInstanceOf(SourceChoice.Move.PullFrom.class);
        assertThat(kindOf(ORIGIN)).isEqualTo(SourceFailure.Kind.STALLED);
    }

    @Test
    void asksTheOthersWhenNothingIsKnownOfThemOnlyAfter6Seconds() {
        connects(PARENT);
        idles(6_000, 0);
        now += 100;
        choice.offers(now, 0);

        pullsFrom(GRANDPARENT);
    }

    @Test
    void staysWithAParentThatGivesNothingWhenNobodyHasMore() {
        SourceChoice alone = new SourceChoice(List.of(PARENT), 0, SELF, TIMING);
        alone.next(now);
        alone.connected(now);
        for (int i = 0; i < 1000; i++) {
            now += 100;
            alone.offers(now, 0);
            assertThat(alone.next(now)).isEqualTo(new SourceChoice.Move.Stay());
        }
    }

    @Test
    void bytesThatWereHereBeforeAreNoProgress() {
        connects(PARENT);
        runs(1_000);
        for (int i = 0; i < 62; i++) {
            now += 100;
            choice.reached(now, reached - 500);
            if (i < 58) {
                stays();
            }
        }

        pullsFrom(GRANDPARENT);
        assertThat(kindOf(PARENT)).isEqualTo(SourceFailure.Kind.STALLED);
    }

    @Test
    void itsOwnPauseIsNotTheSourcesFault() {
        connects(PARENT);
        choice.held(now, true);
        now += 60_000;
        stays();
        choice.held(now, false);
        now += 400;
        stays();
        now += 1;
        pullsFrom(GRANDPARENT);
    }

    @Test
    void aNewListKeepsThePresentSourceWhenItIsStillNamed() {
        connects(PARENT);
        choice.sources(List.of(PARENT, ORIGIN));
        stays();
        choice.sources(List.of(new SourceId("eu-7", "10.0.0.7:7070"), PARENT));
        stays();

        assertThat(choice.current()).contains(PARENT);
    }

    @Test
    void aNewListWithoutThePresentSourceEndsItsAttempt() {
        connects(PARENT);
        choice.sources(List.of(ORIGIN));

        pullsFrom(ORIGIN);
    }

    @Test
    void theSameNodeAtAnotherAddressIsAnotherSource() {
        connects(PARENT);
        SourceId moved = new SourceId(PARENT.node(), "10.0.9.2:7070");
        choice.sources(List.of(moved));

        pullsFrom(moved);
    }

    @Test
    void aNewListDoesNotForgetWhoFailed() {
        connects(PARENT);
        fails();
        choice.sources(List.of(PARENT, ORIGIN));

        pullsFrom(ORIGIN);
    }

    @Test
    void withoutSourcesItWaitsForAnotherList() {
        SourceChoice none = new SourceChoice(List.of(), 0, SELF, TIMING);
        assertThat(none.next(now)).isEqualTo(new SourceChoice.Move.WaitUntil(Long.MAX_VALUE));
        assertThat(none.lookAt(now)).isEqualTo(SourceChoice.NEVER);

        none.sources(List.of(ORIGIN));

        assertThat(none.next(now)).isEqualTo(new SourceChoice.Move.PullFrom(ORIGIN));
    }

    @Test
    void anEndlessListIsCutAtItsBound() {
        List<SourceId> many =
                IntStream.range(0, 1000)
                        .mapToObj(i -> new SourceId("n-" + i, "10.0.0.1:1"))
                        .toList();
        SourceChoice bounded = new SourceChoice(many, 0, SELF, TIMING);
        int tried = 0;
        while (bounded.next(now) instanceof SourceChoice.Move.PullFrom) {
            bounded.failed(now, SourceFailure.Kind.CLOSED, "gone");
            tried++;
        }

        assertThat(tried).isEqualTo(SourceChoice.MAX_SOURCES);
    }

    @Test
    void standardTimesAreThoseOfTheContract() {
        assertThat(TIMING.silence()).isEqualTo(400);
        assertThat(TIMING.stall()).isEqualTo(3_000);
        assertThat(TIMING.firstBackOff()).isEqualTo(1_000);
        assertThat(TIMING.maxBackOff()).isEqualTo(30_000);
    }
}
