package dev.sluice.control.failover;

import static dev.sluice.control.failover.Registers.A;
import static dev.sluice.control.failover.Registers.B;
import static dev.sluice.control.failover.Registers.ballot;
import static dev.sluice.control.failover.Registers.inSync;
import static dev.sluice.control.failover.Registers.register;
import static dev.sluice.control.failover.Registers.set;
import static dev.sluice.control.failover.Registers.witnesses;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Ballot;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How a cluster's first primary comes to be, and nobody a second time. */
class FoundingTest {

    private static final WitnessSet THREE = set(1, "1 2 3");

    private final MastershipScene scene = MastershipScene.founder(A);

    @Test
    void aFounderIsPrimaryAtOnce() {
        scene.settle();

        assertThat(scene.register()).isEqualTo(register(ballot(1, A), 0, inSync(A), THREE));
    }

    @Test
    @Tag("REL-1")
    void aFounderNeedsAllOfTheFirstSet() {
        scene.down(3).settle().pass(10_000);
        assertThat(scene.isPrimary()).isFalse();
        assertThat(scene.asked(WitnessRequest.Accept.class)).isEmpty();

        assertThat(scene.up(3).pass(3000).isPrimary()).isTrue();
    }

    @Test
    void aFounderWaitsUntilThereIsAFirstSet() {
        scene.wants(new TreeSet<>()).settle().pass(3000);
        assertThat(scene.asked(WitnessRequest.class)).isEmpty();

        assertThat(scene.wants(witnesses("1 2 3")).pass(1000).isPrimary()).isTrue();
    }

    @Test
    @Tag("REL-1")
    void nothingIsFoundedWhereAnAgentObeysABallot() {
        scene.obeys(5, ballot(2, B)).settle().pass(10_000);

        assertThat(scene.asked(WitnessRequest.class)).isEmpty();
        assertThat(scene.why()).contains("obeys ballot " + ballot(2, B));
    }

    @Test
    @Tag("REL-1")
    void foundingEndsWhenAnAgentComesThatObeysABallotHoweverLow() {
        scene.down(3).settle().pass(500);
        scene.obeys(5, new Ballot(0, 0, B, 1)).saw(new Ballot(0, 0, B, 1)).up(3);
        scene.pass(10_000);

        assertThat(scene.isPrimary()).isFalse();
        assertThat(scene.asked(WitnessRequest.Accept.class)).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void nothingIsFoundedWhereAWitnessKnowsARegister() {
        Register others = register(new Ballot(0, 1, A, 1), 3, inSync(B), THREE);
        scene.asks(2, new WitnessRequest.Accept(others)).settle().pass(10_000);

        assertThat(scene.isPrimary()).isFalse();
        assertThat(scene.asked(WitnessRequest.Accept.class)).isEmpty();
    }

    @Test
    void foundingThatFailedWhilePromisingIsTriedAgain() {
        scene.loses(WitnessRequest.Accept.class).settle().losesNothing().restart(8).settle();

        assertThat(scene.register().ballot()).isEqualTo(new Ballot(0, 2, A, 8));
    }

    @Test
    void foundingThatFailedWhileAcceptingIsTriedAgainByAnotherProcessThoughFailoverIsOff() {
        Register begun = register(ballot(1, A), 0, inSync(A), THREE);
        scene.automatic(false);
        for (int node = 1; node <= 3; node++) {
            scene.asks(node, new WitnessRequest.Prepare(ballot(1, A)));
        }
        scene.asks(2, new WitnessRequest.Accept(begun)).restart(8).settle().pass(3000);

        assertThat(scene.register().ballot().incarnation()).isEqualTo(8);
    }

    @Test
    void foundingThatFailedWhileAcceptingIsTriedAgainByTheSameProcess() {
        Register begun = register(ballot(1, A), 0, inSync(A), THREE);
        scene.automatic(false).loses(WitnessRequest.Accept.class).settle();
        scene.asks(2, new WitnessRequest.Accept(begun)).losesNothing().down(1, 3).pass(3000);
        assertThat(scene.isPrimary()).isFalse();

        scene.up(1, 3).pass(3000);
        assertThat(scene.isPrimary()).isTrue();
    }

    @Test
    void whatWasBegunBeforeTheOnlyWitnessThatHasItWasLostIsTheBeginning() {
        scene.automatic(false).settle();
        MastershipScene again =
                MastershipScene.follower(A, scene.register()).automatic(false).journal(null, null);
        for (int node = 1; node <= 3; node++) {
            again.witness(node).forgetRegister();
        }

        assertThat(again.settle().isPrimary()).isTrue();
    }

    @Test
    @Tag("REL-1")
    void aJournalWithoutAMemoryFoundsNothing() {
        scene.journal(ballot(1, A), null).settle().pass(5000);

        assertThat(scene.asked(WitnessRequest.class)).isEmpty();
        assertThat(scene.why()).contains("its memory is lost");
    }
}
