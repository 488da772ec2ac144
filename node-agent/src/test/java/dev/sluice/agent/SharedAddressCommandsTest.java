package dev.sluice.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.hardware.FakeSharedAddress;
import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.MemoryLedgerStorage;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.HoldAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class SharedAddressCommandsTest {

    private static final Ballot A3 = new Ballot(1, 3, "m-a", 9);
    private static final HoldAddress ORDER =
            HoldAddress.newBuilder()
                    .setAddress(FakeSharedAddress.ADDRESS)
                    .setLeaseMillis(2000)
                    .build();

    private final List<String> happened = new ArrayList<>();
    private final FakeSharedAddress address = new FakeSharedAddress(happened::add);

    private Outcome holdWhileObeyed(Ballot obeyed) throws Exception {
        try (Ledger ledger = Ledger.open(new MemoryLedgerStorage(), "m-a")) {
            ledger.append(new LedgerRecord.BallotRaised(obeyed));
            return new SharedAddressCommands("m-a", Optional.of(address), ledger).hold(A3, ORDER);
        }
    }

    @Test
    void theAddressIsHeldForTheMasterThatIsObeyedAlsoUnderItsNextBallot() throws Exception {
        assertThat(holdWhileObeyed(A3)).isInstanceOf(Outcome.Done.class);
        assertThat(holdWhileObeyed(new Ballot(1, 4, "m-a", 10))).isInstanceOf(Outcome.Done.class);
        assertThat(address.held()).isEqualTo(FakeSharedAddress.ADDRESS);
    }

    @Test
    @Tag("REL-1")
    void whatWasTakenWhileAnotherMasterBeganToBeObeyedIsGivenBack() throws Exception {
        Outcome outcome = holdWhileObeyed(new Ballot(1, 4, "m-b", 1));

        assertThat(outcome)
                .isEqualTo(
                        Outcome.retryable(
                                "node m-a: ballot 1.4.m-b.1 is obeyed meanwhile; shared address"
                                        + " 10.0.0.9:7000 is not held for ballot 1.3.m-a.9"));
        assertThat(happened).containsExactly("held", "released");
        assertThat(address.held()).isEmpty();
    }
}
