package dev.sluice.control.failover;

import static dev.sluice.control.failover.Registers.A;
import static dev.sluice.control.failover.Registers.B;
import static dev.sluice.control.failover.Registers.C;
import static dev.sluice.control.failover.Registers.ballot;
import static dev.sluice.control.failover.Registers.inSync;
import static dev.sluice.control.failover.Registers.joint;
import static dev.sluice.control.failover.Registers.register;
import static dev.sluice.control.failover.Registers.replica;
import static dev.sluice.control.failover.Registers.set;
import static dev.sluice.control.failover.Registers.witnesses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A follower and a candidate. What a primary does is in {@link ReignTest}. */
class MastershipTest {

    private static final WitnessSet THREE = set(1, "1 2 3");

    /** Of master A, with B in sync. */
    private static final Register BOTH = register(ballot(3, A), 1, inSync(A, B), THREE);

    private static final Register ALONE = register(ballot(3, A), 2, inSync(A), THREE);

    private static MastershipScene backup() {
        return MastershipScene.follower(B, BOTH);
    }

    // Followers.

    @Test
    @Tag("REL-1")
    void aFollowerBecomesPrimaryWhenItHasHeardNothingForASecond() {
        MastershipScene scene = backup().settle().pass(900);
        assertThat(scene.isPrimary()).isFalse();
        assertThat(scene.asked(WitnessRequest.class)).isEmpty();

        scene.pass(400);

        assertThat(scene.register()).isEqualTo(register(ballot(4, B), 0, inSync(B), THREE));
    }

    @Test
    void aFollowerThatHearsThePrimaryIsNoCandidate() {
        MastershipScene scene = backup().settle();
        for (int i = 0; i < 10; i++) {
            scene.hears(BOTH.ballot(), BOTH).pass(500);
        }

        assertThat(scene.asked(WitnessRequest.class)).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aPreVoteIsDeclinedWhileThePrimaryIsHeardAndNoPromiseIsAskedFor() {
        MastershipScene scene = backup().settle();
        for (int i = 0; i < 20; i++) {
            for (int node = 1; node <= 3; node++) {
                scene.asks(node, new WitnessRequest.Alive(BOTH.ballot()));
            }
            scene.pass(200);
        }
        assertThat(scene.asked(WitnessRequest.PreVote.class)).isNotEmpty();
        assertThat(scene.asked(WitnessRequest.Prepare.class)).isEmpty();

        scene.pass(3500);
        assertThat(scene.isPrimary()).isTrue();
    }

    @Test
    void aFollowerTakesOverByItselfOnlyWhereThatIsOn() {
        MastershipScene scene = backup().automatic(false).settle().pass(10_000);
        assertThat(scene.asked(WitnessRequest.class)).isEmpty();

        scene.mastership().promote();
        assertThat(scene.settle().isPrimary()).isTrue();
    }

    @Test
    void whatAnOperatorAsksForIsTriedAgainWithAHigherBallot() {
        MastershipScene scene = backup().automatic(false).settle();
        for (int node = 1; node <= 3; node++) {
            scene.asks(node, new WitnessRequest.Prepare(ballot(9, C)));
        }
        scene.mastership().promote();
        scene.pass(1000);

        assertThat(scene.register().ballot()).isEqualTo(ballot(10, B));
    }

    @Test
    void whatAnOperatorAsksForIsNotTriedForEver() {
        MastershipScene scene = backup().automatic(false).down(1, 2, 3).settle();
        scene.mastership().promote();
        scene.pass(20_000).forget().pass(5000);

        assertThat(scene.asked(WitnessRequest.class)).isEmpty();
    }

    @Test
    void theLastPrimaryComesBackAtOnceThoughFailoverIsBroken() {
        MastershipScene scene = MastershipScene.follower(A, BOTH).automatic(false).restart(8);

        assertThat(scene.settle().register().ballot()).isEqualTo(new Ballot(0, 4, A, 8));
    }

    @Test
    void theLastPrimaryComesBackThoughAnotherTriedInVain() {
        Register left = register(ballot(4, B), 0, inSync(B), THREE);
        MastershipScene scene = MastershipScene.follower(A, BOTH).automatic(false).restart(8);
        scene.asks(1, new WitnessRequest.Accept(left)).settle();
        assertThat(scene.memory().register()).isEqualTo(left);

        assertThat(scene.pass(2000).isPrimary()).isTrue();
    }

    @Test
    void theLastPrimaryIsTheLastNoMoreWhenItHearsAnother() {
        Ballot others = ballot(4, B);
        MastershipScene scene = MastershipScene.follower(A, BOTH).automatic(false).restart(8);
        scene.hears(others, register(others, 0, inSync(B), THREE)).settle().pass(5000);

        assertThat(scene.asked(WitnessRequest.class)).isEmpty();
    }

    @Test
    void aCandidateWhoseProcessEndedBeforeItsOfficeComesBackThoughFailoverIsBroken() {
        Ballot won = ballot(4, B);
        MastershipScene scene =
                MastershipScene.follower(B, register(won, 0, inSync(B), THREE))
                        .journal(BOTH.ballot(), null)
                        .automatic(false)
                        .restart(8);

        assertThat(scene.settle().isPrimary()).isTrue();
    }

    @Test
    void aPrimaryBelowTheRegisterThatIsKnownIsNone() {
        MastershipScene scene = backup().settle();
        for (int i = 0; i < 30; i++) {
            scene.hears(ballot(2, C), null).pass(50);
        }

        assertThat(scene.isPrimary()).isTrue();
    }

    // A handover.

    @Test
    void theSuccessorTakesOverAtOnceWithoutAPreVote() {
        MastershipScene scene = backup().automatic(false).journal(BOTH.ballot(), B);
        for (int node = 1; node <= 3; node++) {
            scene.asks(node, new WitnessRequest.Alive(BOTH.ballot()));
        }
        scene.hears(BOTH.ballot(), BOTH).settle();

        assertThat(scene.isPrimary()).isTrue();
        assertThat(scene.asked(WitnessRequest.PreVote.class)).isEmpty();
    }

    @Test
    void aSuccessorThatFailedOnceAsksForAPreVote() {
        MastershipScene scene =
                backup().journal(BOTH.ballot(), B).down(1, 2, 3).settle().pass(2500);
        assertThat(scene.asked(WitnessRequest.Prepare.class)).isNotEmpty();
        assertThat(scene.asked(WitnessRequest.PreVote.class)).isNotEmpty();

        assertThat(scene.up(1, 2, 3).pass(2500).isPrimary()).isTrue();
    }

    @Test
    void aSuccessorThatIsNotInSyncAsItKnowsAsksForAPreVote() {
        MastershipScene scene = MastershipScene.follower(B, ALONE).journal(ALONE.ballot(), B);
        scene.settle().pass(3000);

        assertThat(scene.asked(WitnessRequest.Prepare.class)).isEmpty();
    }

    @Test
    void anotherFollowerLetsTheSuccessorGoFirst() {
        Register all = register(ballot(3, A), 1, inSync(A, B, C), THREE);
        MastershipScene scene = MastershipScene.follower(C, all).journal(all.ballot(), B);
        scene.settle().pass(2900);
        assertThat(scene.asked(WitnessRequest.class)).isEmpty();

        assertThat(scene.pass(1500).isPrimary()).isTrue();
    }

    // A candidate.

    @Test
    @Tag("REL-2")
    void aCandidateThatIsNotInSyncGivesUpWithoutRaisingAPromise() {
        MastershipScene scene = MastershipScene.follower(B, ALONE).settle().pass(10_000);

        assertThat(scene.isPrimary()).isFalse();
        assertThat(scene.asked(WitnessRequest.PreVote.class)).isNotEmpty();
        assertThat(scene.asked(WitnessRequest.Prepare.class)).isEmpty();
        assertThat(scene.witness(1).promised()).contains(ALONE.ballot());
    }

    @Test
    @Tag("REL-2")
    void aReplacedJournalIsNotInSync() {
        MastershipScene scene = backup().settle().pass(900);
        scene.mastership().replaced(new Replica(B, new StoreId("j2")));

        assertThat(scene.pass(5000).isPrimary()).isFalse();
    }

    @Test
    @Tag("REL-2")
    void aCandidateWhoseJournalIsReplacedGivesUp() {
        MastershipScene scene = backup().journal(BOTH.ballot(), B);
        scene.loses(WitnessRequest.Accept.class).settle().losesNothing();
        assertThat(scene.asked(WitnessRequest.Accept.class)).isNotEmpty();
        scene.mastership().replaced(new Replica(B, new StoreId("j2")));

        assertThat(scene.pass(5000).isPrimary()).isFalse();
    }

    @Test
    void aRegisterThatAFailedCandidateLeftCountsForNothing() {
        Register left = register(ballot(4, C), 0, inSync(C), THREE);
        MastershipScene scene = backup().asks(1, new WitnessRequest.Accept(left)).pass(5000);

        assertThat(scene.register().ballot().master()).isEqualTo(B);
    }

    @Test
    void theSlowestWitnessIsWaitedForWhenItMayShowThatARegisterCountsForNothing() {
        Register left = register(ballot(4, C), 0, inSync(C), THREE);
        MastershipScene scene = backup().asks(1, new WitnessRequest.Accept(left)).down(3);
        scene.settle().pass(4000);
        assertThat(scene.asked(WitnessRequest.Prepare.class)).isEmpty();
        assertThat(scene.isPrimary()).isFalse();

        scene.up(3).pass(3000);
        assertThat(scene.isPrimary()).isTrue();
    }

    @Test
    void whoWaitedInVainForTheSlowestWitnessSaysWhatItWaitedFor() {
        Register left = register(ballot(4, C), 0, inSync(C), THREE);
        MastershipScene scene = backup().asks(1, new WitnessRequest.Accept(left)).down(3);
        scene.settle();
        while (!scene.why().contains("not in sync by the register of ballot " + left.ballot())) {
            assertThat(scene.pass(50).now()).isLessThan(-50_000_000_000L);
        }
    }

    @Test
    @Tag("REL-2")
    void aRegisterThatAMajorityHasIsGoneOnFrom() {
        Register left = register(ballot(4, C), 0, inSync(C), THREE);
        MastershipScene scene = backup();
        scene.asks(1, new WitnessRequest.Accept(left)).asks(2, new WitnessRequest.Accept(left));

        assertThat(scene.settle().pass(10_000).isPrimary()).isFalse();
        assertThat(scene.why()).contains("not in sync by the register of ballot " + left.ballot());
        assertThat(scene.asked(WitnessRequest.PreVote.class).size()).isGreaterThan(75);
    }

    @Test
    @Tag("REL-1")
    void whoMeetsAnExchangeNeedsBothMajorities() {
        Register joint = joint(ballot(3, A), 2, inSync(A, B), set(2, "2 3 4"), THREE);
        MastershipScene scene = backup().down(3, 4);
        for (int node = 1; node <= 3; node++) {
            scene.asks(node, new WitnessRequest.Accept(joint));
        }
        assertThat(scene.settle().pass(10_000).isPrimary()).isFalse();

        scene.up(4).pass(4000);
        assertThat(scene.performed(MastershipEffect.TakeOffice.class))
                .extracting(office -> office.register().leaving())
                .containsExactly(Optional.of(THREE));
    }

    @Test
    @Tag("REL-1")
    void aWitnessThatLostItsLedgerHasNoVote() {
        MastershipScene scene = backup().down(1);
        scene.witness(2).lose(new StoreId("b"));
        assertThat(scene.settle().pass(10_000).isPrimary()).isFalse();

        assertThat(scene.up(1).pass(3000).isPrimary()).isTrue();
    }

    @Test
    @Tag("REL-1")
    void aReplyToAnEarlierProcessIsNoPromise() {
        MastershipScene scene = backup().journal(BOTH.ballot(), B).down(1, 2, 3).look();
        MastershipEffect.Ask ask = scene.firstAsk(WitnessRequest.Prepare.class);
        WitnessModel slow = new WitnessModel(new StoreId("a"));
        WitnessReply earlier =
                slow.answer(0, B, new WitnessRequest.Prepare(new Ballot(0, 4, B, 6)));
        scene.replied(new NodeId("n-1"), ask.requestId(), earlier);
        scene.replied(new NodeId("n-2"), ask.requestId(), earlier);

        assertThat(scene.asked(WitnessRequest.Accept.class)).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aReplyToAnEarlierProcessIsNoAcceptance() {
        MastershipScene scene = backup().journal(BOTH.ballot(), B);
        scene.loses(WitnessRequest.Accept.class).settle();
        MastershipEffect.Ask accept = scene.firstAsk(WitnessRequest.Accept.class);
        Register others = register(new Ballot(0, 4, B, 6), 0, inSync(B), THREE);
        WitnessReply earlier =
                new WitnessReply(new StoreId("a"), true, "", others.ballot(), others);
        scene.replied(new NodeId("n-1"), accept.requestId(), earlier);
        scene.replied(new NodeId("n-2"), accept.requestId(), earlier);

        assertThat(scene.isPrimary()).isFalse();
    }

    @Test
    void anUnansweredRequestIsRepeatedUntilTheRoundIsGivenUp() {
        MastershipScene scene = backup().down(1, 2, 3).settle().pass(1300);
        assertThat(scene.asked(WitnessRequest.PreVote.class).size()).isBetween(3, 6);

        scene.pass(1300);
        assertThat(scene.asked(WitnessRequest.PreVote.class).size()).isBetween(15, 24);
        while (scene.why().isEmpty()) {
            assertThat(scene.pass(50).now()).isLessThan(-50_000_000_000L);
        }
        assertThat(scene.why()).isEqualTo("no quorum of witnesses answered for a pre-vote");
    }

    @Test
    @Tag("REL-1")
    void aBallotIsRememberedBeforeItIsSpokenUnder() {
        MastershipScene scene = backup().journal(BOTH.ballot(), B).look();

        assertThat(scene.performed().getFirst())
                .isEqualTo(
                        new MastershipEffect.Remember(
                                new Memory(ballot(4, B), scene.memory().register())));
        assertThat(scene.firstAsk(WitnessRequest.Prepare.class).request().ballot())
                .isEqualTo(ballot(4, B));
    }

    @Test
    @Tag("REL-1")
    void noProcessTriesTwiceUnderOneBallot() {
        MastershipScene scene = backup().loses(WitnessRequest.Accept.class).pass(20_000);
        scene.restart(8).pass(20_000);

        List<WitnessRequest.Prepare> all = scene.asked(WitnessRequest.Prepare.class);
        SortedSet<Ballot> ballots = new TreeSet<>();
        all.forEach(prepare -> ballots.add(prepare.ballot()));
        assertThat(all.size()).isGreaterThan(10);
        assertThat(all).hasSize(3 * ballots.size());
        assertThat(ballots.last().incarnation()).isEqualTo(8);
    }

    @Test
    void aRefusalWithAHigherBallotEndsTheRoundAndTheNextIsAboveIt() {
        MastershipScene scene = backup().asks(1, new WitnessRequest.Prepare(ballot(9, C)));
        scene.settle().pass(4000);

        assertThat(scene.register().ballot()).isEqualTo(ballot(10, B));
    }

    @Test
    void aCandidateWithoutAPromiseGoesOnFollowing() {
        MastershipScene scene = backup().journal(BOTH.ballot(), B).down(1, 2, 3).pass(1700);
        assertThat(scene.memory().highest()).isEqualTo(ballot(4, B));
        scene.journal(BOTH.ballot(), null).forget();
        for (int i = 0; i < 10; i++) {
            scene.hears(BOTH.ballot(), BOTH).pass(500);
        }

        assertThat(scene.asked(WitnessRequest.class)).isEmpty();
    }

    // Forced by an operator.

    @Test
    void aForcedPromotionNeedsAMajorityOfItsNewWitnessesAlone() {
        MastershipScene scene = MastershipScene.follower(B, ALONE).down(1, 2, 3);
        scene.force(1, witnesses("4 5 6")).down(4).pass(100);

        assertThat(scene.register().ballot()).isEqualTo(new Ballot(1, 1, B, 7));
        assertThat(scene.register().witnesses()).isEqualTo(set(2, "4 5 6"));
        assertThat(scene.register().inSync()).containsExactly(replica(B));
    }

    @Test
    void aForcedCandidateDoesNotMindThePrimaryThatItReplaces() {
        MastershipScene scene = MastershipScene.follower(B, ALONE).down(4, 5, 6);
        scene.force(1, witnesses("4 5 6")).hears(ALONE.ballot(), ALONE).saw(ALONE.ballot());
        scene.up(4, 5, 6).pass(300);

        assertThat(scene.isPrimary()).isTrue();
    }

    @Test
    void aForcedPromotionNeedsANewGeneration() {
        Mastership mastership = MastershipScene.follower(B, ALONE).mastership();

        assertThatThrownBy(() -> mastership.force(0, 0, witnesses("4")))
                .hasMessage(
                        "forced promotion of master m-b: expected a generation above 0, found 0");
    }

    @Test
    void aPrimaryIsNotForced() {
        MastershipScene scene = backup().settle().pass(2000);

        assertThatThrownBy(() -> scene.force(1, witnesses("4")))
                .hasMessageContaining("expected one that is not primary");
    }
}
