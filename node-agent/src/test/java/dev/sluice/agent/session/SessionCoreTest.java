package dev.sluice.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.agent.witness.Answer;
import dev.sluice.v1.Command;
import dev.sluice.v1.CutSessions;
import dev.sluice.v1.Fence;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.LeaseRenewal;
import dev.sluice.v1.Prepare;
import dev.sluice.v1.StagePackage;
import dev.sluice.v1.WitnessRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class SessionCoreTest {

    private static final Ballot LOW = new Ballot(1, 3, "m-a", 9);
    private static final Ballot HIGH = new Ballot(1, 4, "m-b", 1);
    private static final Outcome DONE = new Outcome.Done("well");

    private final SessionCore core =
            new SessionCore(_ -> new PromotionProofs.Finding.Unproven("nothing"));
    private LedgerState known = LedgerState.empty();

    private void obey(Ballot ballot) {
        known = known.apply(new LedgerRecord.BallotRaised(ballot));
    }

    private static Command.Builder command(String id, Ballot ballot) {
        return Command.newBuilder()
                .setCommandId(id)
                .setBallot(Ballots.toWire(ballot))
                .setCutSessions(CutSessions.getDefaultInstance());
    }

    private static Fence fence(Ballot ballot) {
        return Fence.newBuilder().setBallot(Ballots.toWire(ballot)).build();
    }

    @Test
    @Tag("REL-1")
    void aFenceIsConfirmedOnlyAfterItsBallotWasPersisted() {
        assertThat(core.fence(known, "m-a", fence(LOW)))
                .containsExactly(
                        new Effect.PersistBallot(LOW), new Effect.ConfirmFence("m-a", LOW));
    }

    private static KeepPackages keep(Ballot ballot, long revision) {
        return KeepPackages.newBuilder()
                .setBallot(Ballots.toWire(ballot))
                .setRevision(revision)
                .build();
    }

    @Test
    @Tag("PKG-4")
    void aDeposedPrimarySaysNothingAboutWhatIsNeeded() {
        obey(HIGH);

        assertThat(core.keep(known, "m-a", keep(LOW, 9)))
                .containsExactly(new Effect.Refuse("m-a", LOW, HIGH, ""));
    }

    @Test
    @Tag("PKG-4")
    void whatIsNeededHoldsAfterItsBallotWasPersisted() {
        obey(LOW);

        assertThat(core.keep(known, "m-b", keep(HIGH, 1)))
                .containsExactly(
                        new Effect.PersistBallot(HIGH),
                        new Effect.ReleaseAddress(),
                        new Effect.Keep(HIGH, keep(HIGH, 1)));
        assertThat(core.keep(known, "m-a", keep(LOW, 2)))
                .containsExactly(new Effect.Keep(LOW, keep(LOW, 2)));
    }

    @Test
    @Tag("REL-1")
    void aFenceThatIsRepeatedIsConfirmedAgainWithoutWriting() {
        obey(LOW);

        assertThat(core.fence(known, "m-a", fence(LOW)))
                .containsExactly(new Effect.ConfirmFence("m-a", LOW));
    }

    @Test
    @Tag("REL-1")
    void everythingUnderALowerBallotIsRefusedWithTheHigherOne() {
        obey(HIGH);

        assertThat(core.fence(known, "m-a", fence(LOW)))
                .containsExactly(new Effect.Refuse("m-a", LOW, HIGH, ""));
        assertThat(core.command(known, "m-a", command("c1", LOW).build()))
                .containsExactly(new Effect.Refuse("m-a", LOW, HIGH, "c1"));
        assertThat(
                        core.lease(
                                known,
                                "m-a",
                                LeaseRenewal.newBuilder()
                                        .setBallot(Ballots.toWire(LOW))
                                        .setLeaseMillis(1000)
                                        .build()))
                .containsExactly(new Effect.Refuse("m-a", LOW, HIGH, ""));
        assertThat(core.next(known, Lane.NODE)).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aLowerBallotDoesNotEvenGetARecordedResult() {
        known = known.apply(new LedgerRecord.CommandExecuted("c1", DONE));
        obey(HIGH);

        assertThat(core.command(known, "m-a", command("c1", LOW).build()))
                .containsExactly(new Effect.Refuse("m-a", LOW, HIGH, "c1"));
    }

    @Test
    @Tag("REL-1")
    void aCommandThatWaitedWhileAHigherBallotCameIsRefusedInsteadOfStarted() {
        core.command(known, "m-a", command("c1", LOW).build());
        core.command(known, "m-a", command("c2", LOW).build());
        core.next(known, Lane.NODE);
        obey(HIGH);
        core.finished(known, Lane.NODE, DONE);

        assertThat(core.next(known, Lane.NODE))
                .containsExactly(new Effect.Refuse("m-a", LOW, HIGH, "c2"));
        assertThat(core.executing()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aCommandWithAHigherBallotThanKnownIsAFenceToo() {
        obey(LOW);
        Command command = command("c1", HIGH).build();

        assertThat(core.command(known, "m-b", command))
                .containsExactly(new Effect.PersistBallot(HIGH), new Effect.ReleaseAddress());
        assertThat(core.next(known, Lane.NODE))
                .containsExactly(new Effect.Start(Lane.NODE, command));
    }

    @Test
    @Tag("CLU-15")
    void aCommandThatWasExecutedReturnsItsRecordedResult() {
        obey(LOW);
        known = known.apply(new LedgerRecord.CommandExecuted("c1", DONE));

        assertThat(core.command(known, "m-a", command("c1", LOW).build()))
                .containsExactly(new Effect.Answer("m-a", "c1", LOW, DONE));
        assertThat(core.next(known, Lane.NODE)).isEmpty();
    }

    @Test
    @Tag("CLU-15")
    void aCommandThatIsExecutedIsNotStartedAgainAndAnswersWhoAskedLast() {
        core.command(known, "m-a", command("c1", LOW).build());
        core.next(known, Lane.NODE);
        obey(HIGH);

        Command again = command("c1", HIGH).build();
        assertThat(core.command(known, "m-b", again)).containsExactly(new Effect.Update(again));
        assertThat(core.next(known, Lane.NODE)).isEmpty();
        assertThat(core.finished(known, Lane.NODE, DONE))
                .containsExactly(
                        new Effect.PersistOutcome("c1", DONE),
                        new Effect.Answer("m-b", "c1", HIGH, DONE));
    }

    @Test
    void commandsOfTheNodeRunOneAtATimeAndStagingBesideThem() {
        Command first = command("c1", LOW).build();
        Command second = command("c2", LOW).build();
        Command stage = command("c3", LOW).setStage(StagePackage.getDefaultInstance()).build();
        for (Command command : List.of(first, second, stage)) {
            core.command(known, "m-a", command);
        }

        assertThat(core.next(known, Lane.NODE)).containsExactly(new Effect.Start(Lane.NODE, first));
        assertThat(core.next(known, Lane.NODE)).isEmpty();
        assertThat(core.next(known, Lane.STAGING))
                .containsExactly(new Effect.Start(Lane.STAGING, stage));
        core.finished(known, Lane.NODE, DONE);
        assertThat(core.next(known, Lane.NODE))
                .containsExactly(new Effect.Start(Lane.NODE, second));
    }

    @Test
    @Tag("REL-3")
    void aFullQueueAnswersThatTheCommandMayBeSentAgain() {
        obey(LOW);
        for (int number = 0; number < SessionCore.QUEUE_BOUND; number++) {
            assertThat(core.command(known, "m-a", command("c" + number, LOW).build())).isEmpty();
        }

        assertThat(core.command(known, "m-a", command("one-more", LOW).build()))
                .singleElement()
                .isInstanceOfSatisfying(
                        Effect.Answer.class,
                        answer -> {
                            assertThat(answer.commandId()).isEqualTo("one-more");
                            assertThat(answer.outcome())
                                    .isInstanceOfSatisfying(
                                            Outcome.Failed.class,
                                            failed -> assertThat(failed.retryable()).isTrue());
                        });
        assertThat(core.command(known, "m-a", command("c5", LOW).build())).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void aCommandWithoutAnIdIsRefusedAndChangesNothing() {
        assertThat(core.command(known, "m-a", command("", LOW).build()))
                .singleElement()
                .isInstanceOf(Effect.Answer.class);
        assertThat(core.command(known, "m-a", Command.newBuilder().setCommandId("c1").build()))
                .singleElement()
                .isInstanceOf(Effect.Answer.class);
    }

    @Test
    @Tag("REL-1")
    void theSharedAddressIsReleasedBetweenAnothersBallotAndTheWordThatItIsObeyed() {
        obey(LOW);

        assertThat(core.fence(known, "m-b", fence(HIGH)))
                .containsExactly(
                        new Effect.PersistBallot(HIGH),
                        new Effect.ReleaseAddress(),
                        new Effect.ConfirmFence("m-b", HIGH));
    }

    @Test
    void theNextBallotOfTheSameMasterReleasesNothing() {
        obey(LOW);
        Ballot next = new Ballot(1, 4, "m-a", 10);

        assertThat(core.fence(known, "m-a", fence(next)))
                .containsExactly(
                        new Effect.PersistBallot(next), new Effect.ConfirmFence("m-a", next));
    }

    @Test
    @Tag("REL-1")
    void aVoteIsPersistedBeforeItIsAnsweredAndOnlyIfItIsNew() {
        WitnessRequest prepare =
                WitnessRequest.newBuilder()
                        .setRequestId(7)
                        .setPrepare(Prepare.newBuilder().setBallot(Ballots.toWire(LOW)))
                        .build();
        LedgerRecord promise = new LedgerRecord.BallotPromised(LOW);
        Effect.AnswerWitness answer =
                new Effect.AnswerWitness(
                        "m-a", 7, new Answer("", true, "", Optional.of(LOW), Optional.empty()));

        assertThat(core.witness(known, "m-a", prepare, 0))
                .containsExactly(new Effect.PersistVote(promise), answer);
        known = known.apply(promise);
        assertThat(core.witness(known, "m-a", prepare, 0)).containsExactly(answer);
    }

    @Test
    void aLeaseOfAHigherBallotRaisesAndExtends() {
        obey(LOW);

        assertThat(
                        core.lease(
                                known,
                                "m-b",
                                LeaseRenewal.newBuilder()
                                        .setBallot(Ballots.toWire(HIGH))
                                        .setLeaseMillis(1500)
                                        .build()))
                .containsExactly(
                        new Effect.PersistBallot(HIGH),
                        new Effect.ReleaseAddress(),
                        new Effect.ExtendLease(Duration.ofMillis(1500)));
    }
}
