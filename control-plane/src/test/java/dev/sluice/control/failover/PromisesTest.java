package dev.sluice.control.failover;

import static dev.sluice.control.failover.Registers.A;
import static dev.sluice.control.failover.Registers.B;
import static dev.sluice.control.failover.Registers.ballot;
import static dev.sluice.control.failover.Registers.inSync;
import static dev.sluice.control.failover.Registers.joint;
import static dev.sluice.control.failover.Registers.register;
import static dev.sluice.control.failover.Registers.set;
import static dev.sluice.control.failover.Registers.witness;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PromisesTest {

    private static final WitnessSet THREE = set(1, "1 2 3");
    private static final WitnessSet EXCHANGED = set(2, "1 2 4");
    private static final Register BOTH = register(ballot(1, A), 1, inSync(A, B), THREE);
    private static final Register ALONE = register(ballot(1, A), 2, inSync(A), THREE);
    private static final Register JOINT = joint(ballot(1, A), 3, inSync(A), EXCHANGED, THREE);

    private final Promises promises = new Promises();

    private PromisesTest promised(String by, @Nullable Register register) {
        promises.add(witness(by), register);
        return this;
    }

    @Test
    void goesOnFromTheHighestRegisterThatAQuorumMayHaveAccepted() {
        promised("1", BOTH).promised("2", ALONE);

        assertThat(promises.decisive(BOTH)).contains(ALONE);
    }

    @Test
    void needsAMajority() {
        promised("1", BOTH);

        assertThat(promises.decisive(BOTH)).isEmpty();
        assertThat(promises.decisive(null)).isEmpty();
    }

    @Test
    void aRegisterThatAMajorityLacksCountsForNothing() {
        promised("1", ALONE).promised("2", BOTH);
        assertThat(promises.decisive(BOTH)).contains(ALONE);

        promised("3", BOTH);
        assertThat(promises.decisive(BOTH)).contains(BOTH);
    }

    @Test
    void whoHasALaterRegisterMayHaveAcceptedTheEarlierOne() {
        Register dangling = register(ballot(2, B), 0, inSync(B), THREE);
        promised("1", dangling).promised("2", ALONE).promised("3", BOTH);

        assertThat(promises.possible(null)).containsExactly(ALONE, BOTH);
    }

    @Test
    void aWitnessThatLostItsLedgerIsNoWitness() {
        promised("1", BOTH).promised("2/b", null);

        assertThat(promises.decisive(BOTH)).isEmpty();
    }

    @Test
    void whileAWitnessIsExchangedBothMajoritiesArePromised() {
        promised("1", JOINT).promised("3", ALONE);
        assertThat(promises.decisive(ALONE)).isEmpty();

        promised("4", null);
        assertThat(promises.decisive(ALONE)).contains(JOINT);
    }

    @Test
    void whoKnowsTheSetBeforeMeetsTheOneThatFollowed() {
        Register after = register(ballot(1, A), 4, inSync(A), EXCHANGED);
        promised("1", after).promised("3", JOINT);
        assertThat(promises.decisive(ALONE)).isEmpty();

        promised("2", JOINT);
        assertThat(promises.decisive(ALONE)).contains(after);
    }

    @Test
    @Tag("REL-2")
    void anExchangeThatReplacedTheRegisterBeforeAtAMajorityIsGoneOnFrom() {
        // ALONE was accepted by 1 and 3, and JOINT by the same: nobody shows ALONE any more.
        promised("1", JOINT).promised("3", JOINT).promised("2", BOTH).promised("4", null);

        assertThat(promises.decisive(BOTH)).contains(JOINT);
    }

    @Test
    void anExchangeThatAMajorityOfTheSetBeforeLacksIsDiscarded() {
        promised("1", JOINT).promised("2", ALONE).promised("3", ALONE);

        assertThat(promises.decisive(JOINT)).contains(ALONE);
    }

    @Test
    void whatAFounderLeftThatFailedIsTheBeginningWhenThereIsNothingElse() {
        Register begun = register(ballot(1, A), 0, inSync(A), THREE);
        promised("1", null);
        assertThat(promises.decisive(begun)).isEmpty();

        promised("2", null);
        assertThat(promises.decisive(begun)).contains(begun);
    }
}
