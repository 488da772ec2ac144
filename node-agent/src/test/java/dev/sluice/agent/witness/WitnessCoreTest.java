package dev.sluice.agent.witness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Register;
import dev.sluice.agent.ledger.Register.Member;
import dev.sluice.agent.ledger.Register.WitnessSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class WitnessCoreTest {

    private static final String A = "m-a";
    private static final String B = "m-b";
    private static final Ballot A3 = new Ballot(1, 3, A, 9);
    private static final Ballot B4 = new Ballot(1, 4, B, 1);
    private static final Ballot A5 = new Ballot(1, 5, A, 10);
    private static final long SILENCE = WitnessCore.PRIMARY_SILENCE.toNanos();

    private final WitnessCore core = new WitnessCore();

    /** Monotonic clocks may pass from the highest number to the lowest. */
    private long now = Long.MAX_VALUE - SILENCE / 2;

    private LedgerState known = LedgerState.empty().apply(new LedgerRecord.StoreNamed("5eed"));

    private static Register register(Ballot ballot, long sequence) {
        return new Register(
                ballot,
                sequence,
                List.of(new Member(ballot.master(), "j-" + ballot.master())),
                new WitnessSet(1, List.of(new Member("eu-1", "5eed"))),
                Optional.empty());
    }

    private Verdict decide(String fromMaster, Question question) {
        return core.decide(known, fromMaster, question, now);
    }

    /** Asks, and makes durable what has to be. */
    private Answer ask(String fromMaster, Question question) {
        Verdict verdict = decide(fromMaster, question);
        verdict.fact().ifPresent(fact -> known = known.apply(fact));
        return verdict.answer();
    }

    private Answer granted(String fromMaster, Question question) {
        Answer answer = ask(fromMaster, question);
        assertThat(answer.granted()).as(answer.reason()).isTrue();
        assertThat(answer.reason()).isEmpty();
        return answer;
    }

    private Answer declined(String fromMaster, Question question, String reason) {
        Verdict verdict = decide(fromMaster, question);
        assertThat(verdict.answer().granted()).isFalse();
        assertThat(verdict.answer().reason()).contains(reason);
        assertThat(verdict.fact()).isEmpty();
        return verdict.answer();
    }

    @Test
    @Tag("REL-1")
    void aPromiseIsMadeDurableAndItsAnswerHasItWithTheRegister() {
        granted(A, new Question.Accept(register(A3, 0)));

        Verdict verdict = decide(B, new Question.Prepare(B4));

        assertThat(verdict.fact()).contains(new LedgerRecord.BallotPromised(B4));
        assertThat(verdict.answer())
                .isEqualTo(
                        new Answer(
                                "5eed", true, "", Optional.of(B4), Optional.of(register(A3, 0))));
    }

    @Test
    @Tag("REL-1")
    void aLowerBallotGetsNoPromiseAndIsShownTheHigherOne() {
        granted(B, new Question.Prepare(B4));

        Answer answer =
                declined(A, new Question.Prepare(A3), "1.3.m-a.9 is below 1.4.m-b.1, which is");

        assertThat(answer.promised()).contains(B4);
    }

    @Test
    void aPromiseThatIsAskedForAgainIsGrantedWithoutWriting() {
        granted(B, new Question.Prepare(B4));

        Verdict again = decide(B, new Question.Prepare(B4));

        assertThat(again.answer().granted()).isTrue();
        assertThat(again.fact()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aPromiseIsNoFence() {
        known = known.apply(new LedgerRecord.BallotRaised(A3));
        granted(B, new Question.Prepare(B4));
        granted(B, new Question.Accept(register(B4, 0)));

        assertThat(known.highestBallot()).contains(A3);
    }

    @Test
    @Tag("REL-1")
    void aFenceIsNoPromise() {
        known = known.apply(new LedgerRecord.BallotRaised(A5));

        assertThat(granted(B, new Question.Prepare(B4)).promised()).contains(B4);
    }

    @Test
    @Tag("REL-1")
    void anAcceptedRegisterIsMadeDurableAndItsBallotIsPromisedWithIt() {
        Verdict verdict = decide(A, new Question.Accept(register(A3, 2)));

        assertThat(verdict.fact()).contains(new LedgerRecord.RegisterAccepted(register(A3, 2)));
        assertThat(verdict.answer())
                .isEqualTo(
                        new Answer(
                                "5eed", true, "", Optional.of(A3), Optional.of(register(A3, 2))));
        assertThat(known.apply(verdict.fact().orElseThrow()).promisedBallot()).contains(A3);
    }

    @Test
    @Tag("REL-1")
    void aRegisterBelowThePromiseIsDeclined() {
        granted(B, new Question.Prepare(B4));

        Answer answer = declined(A, new Question.Accept(register(A3, 7)), "is below 1.4.m-b.1");

        assertThat(answer.promised()).contains(B4);
        assertThat(answer.register()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aRegisterThatIsOlderThanTheOneKeptIsDeclined() {
        granted(A, new Question.Accept(register(A3, 2)));

        Answer answer =
                declined(
                        A,
                        new Question.Accept(register(A3, 1)),
                        "register 1.3.m-a.9/1: expected one after 1.3.m-a.9/2");

        assertThat(answer.register()).contains(register(A3, 2));
        granted(A, new Question.Accept(register(A3, 3)));
        granted(B, new Question.Accept(register(B4, 0)));
        assertThat(known.register()).contains(register(B4, 0));
    }

    @Test
    @Tag("REL-1")
    void anotherRegisterUnderTheSameBallotAndSequenceIsDeclined() {
        granted(A, new Question.Accept(register(A3, 2)));
        Register other =
                new Register(
                        A3,
                        2,
                        List.of(new Member(B, "j-m-b")),
                        register(A3, 2).witnesses(),
                        Optional.empty());

        declined(A, new Question.Accept(other), "expected one after 1.3.m-a.9/2");
    }

    @Test
    void aRegisterThatIsSentAgainIsGrantedWithoutWriting() {
        granted(A, new Question.Accept(register(A3, 2)));

        Verdict again = decide(A, new Question.Accept(register(A3, 2)));

        assertThat(again.answer().granted()).isTrue();
        assertThat(again.fact()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aPreVoteChangesNothing() {
        granted(A, new Question.Prepare(A3));
        now += 10 * SILENCE;

        Verdict verdict = decide(B, new Question.PreVote(B4));

        assertThat(verdict.fact()).isEmpty();
        assertThat(verdict.answer())
                .isEqualTo(new Answer("5eed", true, "", Optional.of(A3), Optional.empty()));
    }

    @Test
    @Tag("REL-1")
    void aPreVoteIsForABallotAboveThePromiseAlone() {
        granted(B, new Question.Prepare(B4));

        declined(A, new Question.PreVote(A3), "expected one above 1.4.m-b.1");
        declined(B, new Question.PreVote(B4), "expected one above 1.4.m-b.1");
        granted(A, new Question.PreVote(A5));
    }

    @Test
    @Tag("REL-4")
    void aPreVoteIsDeclinedUntilThePrimaryWasSilentForASecond() {
        granted(A, new Question.Prepare(A3));
        granted(A, new Question.Alive(A3));
        now += SILENCE - 1;
        declined(B, new Question.PreVote(B4), "primary m-a was heard 999 ms ago");

        now += 1;

        granted(B, new Question.PreVote(B4));
    }

    @Test
    @Tag("REL-4")
    void anAcceptIsASignOfLifeToo() {
        granted(A, new Question.Accept(register(A3, 0)));
        now += SILENCE - 1;
        declined(B, new Question.PreVote(B4), "primary m-a was heard");
        granted(A, new Question.Accept(register(A3, 0)));
        now += SILENCE - 1;

        declined(B, new Question.PreVote(B4), "primary m-a was heard");
    }

    @Test
    void aPrepareIsNoSignOfLife() {
        granted(A, new Question.Prepare(A3));

        granted(B, new Question.PreVote(B4));
    }

    @Test
    @Tag("REL-4")
    void aPrimaryThatWasStartedAgainIsNotDeclinedBecauseOfItsLastProcess() {
        granted(A, new Question.Accept(register(A3, 0)));

        granted(A, new Question.PreVote(A5));
    }

    @Test
    @Tag("REL-1")
    void aSupersededPrimaryLearnsItFromItsNextSignOfLifeWhichCountsForNothing() {
        granted(A, new Question.Accept(register(A3, 0)));
        now += SILENCE;
        granted(B, new Question.Prepare(B4));

        Answer answer = declined(A, new Question.Alive(A3), "is below 1.4.m-b.1");

        assertThat(answer.promised()).contains(B4);
        granted(B, new Question.PreVote(new Ballot(1, 6, B, 1)));
    }

    @Test
    @Tag("REL-1")
    void aPrimaryBelowTheRegisterLearnsItToo() {
        granted(B, new Question.Accept(register(B4, 0)));

        assertThat(declined(A, new Question.Alive(A3), "is below").register())
                .contains(register(B4, 0));
    }

    @Test
    void aSignOfLifeOfAPrimaryThatThisWitnessDidNotElectCounts() {
        Verdict verdict = decide(A, new Question.Alive(A3));

        assertThat(verdict.answer().granted()).isTrue();
        assertThat(verdict.fact()).isEmpty();
        declined(B, new Question.PreVote(B4), "primary m-a was heard 0 ms ago");
    }

    @Test
    @Tag("REL-1")
    void onlyTheMasterAtTheOtherEndSpeaksForABallotWithItsName() {
        for (Question forged :
                List.of(
                        new Question.PreVote(B4),
                        new Question.Prepare(B4),
                        new Question.Accept(register(B4, 0)),
                        new Question.Alive(B4))) {
            declined(A, forged, "ballot 1.4.m-b.1: expected one of master m-a, which is asking");
        }
        granted(A, new Question.PreVote(A3));
    }

    @Test
    @Tag("REL-3")
    void whatCannotBeUsedIsAnsweredWithTheReason() {
        granted(A, new Question.Prepare(A3));

        Answer answer = declined(A, new Question.Unusable("no such question"), "no such question");

        assertThat(answer.promised()).contains(A3);
        assertThat(answer.store()).isEqualTo("5eed");
    }
}
