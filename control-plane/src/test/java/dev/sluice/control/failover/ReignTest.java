package dev.sluice.control.failover;

import static dev.sluice.control.failover.Registers.A;
import static dev.sluice.control.failover.Registers.B;
import static dev.sluice.control.failover.Registers.ballot;
import static dev.sluice.control.failover.Registers.inSync;
import static dev.sluice.control.failover.Registers.joint;
import static dev.sluice.control.failover.Registers.register;
import static dev.sluice.control.failover.Registers.set;
import static dev.sluice.control.failover.Registers.witnesses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a primary does with the register, and when it is primary no more. */
class ReignTest {

    private static final WitnessSet THREE = set(1, "1 2 3");
    private static final Ballot OFFICE = ballot(1, A);

    private final MastershipScene scene = MastershipScene.founder(A).settle();

    private static Register written(int sequence, NodeId... masters) {
        return register(OFFICE, sequence, inSync(masters), THREE);
    }

    @Test
    void takesAFollowerInAndLeavesItOut() {
        scene.proposes(inSync(A, B)).settle();
        assertThat(scene.register()).isEqualTo(written(1, A, B));

        scene.proposes(inSync(A)).settle();
        assertThat(scene.register()).isEqualTo(written(2, A));
        assertThat(scene.memory().register()).isEqualTo(written(2, A));
    }

    @Test
    @Tag("REL-2")
    void commitsKnowOfAnInSyncSetBeforeAWitnessDoes() {
        scene.forget().proposes(inSync(A, B)).look();

        assertThat(scene.performed())
                .containsSubsequence(
                        new MastershipEffect.Writing(written(1, A, B)),
                        scene.firstAsk(WitnessRequest.Accept.class));
        assertThat(scene.performed(MastershipEffect.Written.class)).isEmpty();
    }

    @Test
    @Tag("REL-2")
    void aRegisterIsWrittenOnlyWhenAQuorumAcceptedIt() {
        scene.down(2, 3).proposes(inSync(A, B)).pass(5000);
        assertThat(scene.performed(MastershipEffect.Written.class)).isEmpty();

        scene.up(2).pass(300);
        assertThat(scene.performed(MastershipEffect.Written.class))
                .containsExactly(new MastershipEffect.Written(written(1, A, B)));
    }

    @Test
    void oneRegisterIsWrittenAtATime() {
        scene.down(2, 3).proposes(inSync(A, B)).wants(witnesses("1 2 4")).pass(1000);
        scene.proposes(inSync(A)).pass(1000);

        assertThat(scene.performed(MastershipEffect.Writing.class))
                .containsExactly(new MastershipEffect.Writing(written(1, A, B)));
    }

    @Test
    void noRegisterIsWrittenBeforeTheOfficeIsInTheJournal() {
        scene.journal(null, null).proposes(inSync(A, B)).pass(1000);
        assertThat(scene.performed(MastershipEffect.Writing.class)).isEmpty();

        scene.journal(OFFICE, null).settle();
        assertThat(scene.performed(MastershipEffect.Written.class)).hasSize(1);
    }

    @Test
    void aWitnessIsExchangedInTwoWrites() {
        scene.wants(witnesses("1 2 4")).pass(200);

        WitnessSet next = set(2, "1 2 4");
        assertThat(scene.performed(MastershipEffect.Written.class))
                .containsExactly(
                        new MastershipEffect.Written(joint(OFFICE, 1, inSync(A), next, THREE)),
                        new MastershipEffect.Written(register(OFFICE, 2, inSync(A), next)));
        assertThat(scene.witness(3).register()).contains(joint(OFFICE, 1, inSync(A), next, THREE));
    }

    @Test
    @Tag("REL-1")
    void anExchangeNeedsAMajorityOfBothSets() {
        scene.wants(witnesses("1 2 4")).loses(WitnessRequest.Accept.class).settle();
        scene.losesNothing().down(2, 3).pass(3000);
        assertThat(scene.performed(MastershipEffect.Writing.class)).hasSize(1);
        assertThat(scene.performed(MastershipEffect.Written.class)).isEmpty();

        scene.up(2).pass(500);
        assertThat(scene.register().leaving()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aWitnessThatLostItsLedgerIsTakenInAnew() {
        scene.witness(3).lose(new StoreId("b"));
        scene.down(2).proposes(inSync(A, B)).pass(2000);
        assertThat(scene.performed(MastershipEffect.Written.class)).isEmpty();

        scene.up(2).wants(witnesses("1 2 3/b")).pass(1000);
        assertThat(scene.register().witnesses().members()).isEqualTo(witnesses("1 2 3/b"));
    }

    @Test
    void aPrimaryElectedWhileAWitnessIsExchangedFinishesThat() {
        Register begun = joint(ballot(3, A), 2, inSync(A, B), set(2, "1 2 4"), THREE);
        MastershipScene elected =
                MastershipScene.follower(B, begun).wants(witnesses("1 2 4")).pass(3000);

        assertThat(elected.register().ballot()).isEqualTo(ballot(4, B));
        assertThat(elected.register().witnesses()).isEqualTo(set(2, "1 2 4"));
        assertThat(elected.register().leaving()).isEmpty();
    }

    @Test
    void tellsItsWitnessesThatItLives() {
        scene.forget().pass(2000);

        assertThat(scene.asked(WitnessRequest.Alive.class).size()).isBetween(24, 33);
    }

    @Test
    void anUnansweredWriteIsRepeated() {
        scene.forget().down(1, 2, 3).proposes(inSync(A, B)).pass(2000);

        assertThat(scene.asked(WitnessRequest.Accept.class).size()).isBetween(24, 33);
    }

    @Test
    void aWriteThatReplicationRefusesIsNotCountedAndItsSequenceIsUsedByTheNext() {
        scene.proposes(inSync(A, B)).look();
        scene.mastership().withdraw();
        scene.forget().proposes(inSync(A, B)).settle();

        assertThat(scene.register()).isEqualTo(written(1, A, B));
    }

    @Test
    @Tag("REL-2")
    void aReplyToAnotherWriteIsNoAcceptanceOfThisOne() {
        scene.down(1, 2, 3).proposes(inSync(A, B)).look();
        MastershipEffect.Ask ask = scene.firstAsk(WitnessRequest.Accept.class);
        scene.forget().look();
        MastershipEffect.Ask write = scene.pass(300).firstAsk(WitnessRequest.Accept.class);
        assertThat(write.requestId()).isGreaterThan(ask.requestId());
        WitnessReply other = new WitnessReply(new StoreId("a"), true, "", OFFICE, written(0, A));
        scene.replied(new NodeId("n-1"), write.requestId(), other);
        scene.replied(new NodeId("n-2"), write.requestId(), other);

        assertThat(scene.performed(MastershipEffect.Written.class)).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void standsDownWhenAWitnessPromisedAHigherBallot() {
        scene.asks(2, new WitnessRequest.Prepare(ballot(2, B))).pass(300);

        assertThat(scene.performed(MastershipEffect.StandDown.class))
                .containsExactly(
                        new MastershipEffect.StandDown(ballot(2, B), "witness n-2 promised it"));
        assertThat(scene.forget().proposes(inSync(A, B)).pass(3000).performed()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void standsDownWhenANodeObeysAHigherBallot() {
        scene.saw(new Ballot(0, 0, B, 9));
        assertThat(scene.isPrimary()).isTrue();

        scene.saw(ballot(2, B));
        assertThat(scene.performed(MastershipEffect.StandDown.class)).hasSize(1);
    }

    @Test
    @Tag("REL-1")
    void standsDownWhenAPrimaryWithAHigherBallotIsHeard() {
        scene.hears(new Ballot(0, 0, B, 9), null);
        assertThat(scene.isPrimary()).isTrue();

        Ballot higher = ballot(2, B);
        scene.hears(higher, register(higher, 0, inSync(B), THREE));
        assertThat(scene.performed(MastershipEffect.StandDown.class)).hasSize(1);
    }

    @Test
    void aRefusalOfAnEarlierRoundIsNoReasonToStandDown() {
        WitnessReply late =
                new WitnessReply(new StoreId("a"), false, "late", new Ballot(0, 0, B, 9), null);
        scene.replied(new NodeId("n-1"), 1, late);

        assertThat(scene.isPrimary()).isTrue();
    }

    @Test
    void whoHandsOverFollowsAndDoesNotStandDown() {
        scene.proposes(inSync(A, B)).settle().journal(OFFICE, B).settle();
        scene.asks(1, new WitnessRequest.Prepare(ballot(2, B))).saw(ballot(2, B)).pass(1000);

        assertThat(scene.why()).isNotEmpty();
        assertThat(scene.performed(MastershipEffect.StandDown.class)).isEmpty();
    }

    @Test
    void whoHandedOverTakesTheOfficeAgainThatItsSuccessorDoesNotTakeThoughFailoverIsBroken() {
        scene.proposes(inSync(A, B)).settle().automatic(false).journal(OFFICE, B).settle();
        scene.pass(2900);
        assertThat(scene.isPrimary()).isFalse();

        assertThat(scene.pass(1500).register().ballot()).isEqualTo(ballot(2, A));
    }

    @Test
    void whatAnOperatorAskedOfAPrimaryDoesNotDisturbItsSuccessor() {
        scene.mastership().promote();
        scene.proposes(inSync(A, B)).settle().journal(OFFICE, B).settle().forget().pass(2500);

        assertThat(scene.asked(WitnessRequest.class)).isEmpty();
    }

    @Test
    void theJournalOfAPrimaryIsNotReplaced() {
        assertThatThrownBy(() -> scene.mastership().replaced(new Replica(A, new StoreId("j2"))))
                .isInstanceOf(IllegalStateException.class);
    }
}
