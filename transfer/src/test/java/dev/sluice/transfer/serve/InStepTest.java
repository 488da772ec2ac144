package dev.sluice.transfer.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.transfer.pace.Ticker;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.PeerName;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("PKG-4")
final class InStepTest {

    private static final int LEAD = (int) InStep.LEAD_BYTES;
    private static final PeerName PULLER = PeerName.node("eu-1");
    private static final Sha256 CONTENT = new Sha256("ab".repeat(32));

    private long nanos = 1;
    private final Ticker ticker = () -> nanos;
    private final InStep inStep = new InStep(ticker);
    private final List<String> woken = new ArrayList<>();
    private final InStep.Pull first = pull("first");
    private final InStep.Pull second = pull("second");

    private InStep.Pull pull(String name) {
        return inStep.begin(PULLER, CONTENT, () -> woken.add(name));
    }

    @Test
    void theOneAheadWaitsUntilTheOtherHasFollowed() {
        second.sent(1);
        first.sent(LEAD);
        assertThat(first.isAhead()).isFalse();

        first.sent(2);
        assertThat(first.isAhead()).isTrue();
        assertThat(second.isAhead()).isFalse();
        assertThat(woken).isEmpty();

        second.sent(LEAD);
        assertThat(first.isAhead()).isFalse();
        assertThat(woken).containsExactly("first");
    }

    @Test
    void oneThatHasNothingToSendHoldsNobodyBack() {
        second.sent(1);
        first.sent(2 * LEAD);
        assertThat(first.isAhead()).isTrue();

        second.idle();

        assertThat(first.isAhead()).isFalse();
        assertThat(woken).containsExactly("first");
    }

    @Test
    void oneThatBeginsAgainHasNoRightToWhatItMissed() {
        first.sent(10 * LEAD);

        second.sent(1);

        assertThat(first.isAhead()).isFalse();
        assertThat(second.isAhead()).isFalse();
    }

    @Test
    void oneOfWhichTheNetworkTakesNothingIsNotWaitedFor() {
        second.sent(1);
        first.sent(2 * LEAD);
        assertThat(first.isAhead()).isTrue();

        nanos += InStep.STUCK.toNanos();

        assertThat(first.isAhead()).isFalse();
    }

    @Test
    void oneThatEndedHoldsNobodyBack() {
        second.sent(1);
        first.sent(2 * LEAD);

        second.close();

        assertThat(first.isAhead()).isFalse();
        assertThat(woken).containsExactly("first");
    }

    @Test
    void otherPullersAndOtherContentsGoTheirOwnWay() {
        InStep.Pull other = inStep.begin(PeerName.node("eu-2"), CONTENT, () -> {});
        InStep.Pull more = inStep.begin(PULLER, new Sha256("cd".repeat(32)), () -> {});
        other.sent(1);
        more.sent(1);

        first.sent(3 * LEAD);

        assertThat(first.isAhead()).isFalse();
    }
}
