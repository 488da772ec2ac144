package dev.sluice.control.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class ShipmentTest {

    private static JournalPosition at(long index, int history) {
        byte[] hash = new byte[ChainHash.BYTES];
        Arrays.fill(hash, (byte) history);
        return new JournalPosition(index, ChainHash.of(hash));
    }

    private static Shipment accepted(long followerIndex, long lastIndex) {
        JournalPosition follower = at(followerIndex, 1);
        return switch (Shipment.begin(follower, Optional.of(follower), 1, lastIndex)) {
            case Shipment.Start.Accepted(var shipment) -> shipment;
            case Shipment.Start.Diverged(var detail) -> throw new AssertionError(detail);
            case Shipment.Start.TooOld(var detail) -> throw new AssertionError(detail);
        };
    }

    @Test
    void aFollowerIsServedFromWhereItsLogEnds() {
        Shipment shipment = accepted(7, 9);

        assertThat(shipment.durableIndex()).isEqualTo(7);
        assertThat(shipment.nextIndex()).isEqualTo(8);
        assertThat(shipment.room()).isEqualTo(Shipment.WINDOW_BYTES);
    }

    @Test
    @Tag("REL-3")
    void aFollowerWithAnotherHistoryIsRefused() {
        assertThat(Shipment.begin(at(5, 1), Optional.of(at(5, 2)), 1, 9))
                .isInstanceOfSatisfying(
                        Shipment.Start.Diverged.class,
                        d ->
                                assertThat(d.detail())
                                        .contains("entry 5", "0101", "at the follower", "0202"));
    }

    @Test
    @Tag("REL-3")
    void aFollowerWithMoreThanThePrimaryIsRefused() {
        assertThat(Shipment.begin(at(10, 1), Optional.empty(), 1, 9))
                .isEqualTo(
                        new Shipment.Start.Diverged("the follower has 10 entries, the primary 9"));
    }

    @Test
    void aFollowerThatNeedsWhatIsCompactedAwayIsRefused() {
        assertThat(Shipment.begin(at(3, 1), Optional.empty(), 5, 9))
                .isEqualTo(
                        new Shipment.Start.TooOld(
                                "the follower needs entry 4, the log begins at 5"));
        assertThat(Shipment.begin(at(4, 1), Optional.of(at(4, 1)), 5, 9))
                .isInstanceOf(Shipment.Start.Accepted.class);
    }

    @Test
    void aFullWindowWaitsForAcknowledgementsAndNeverGoesBelowZero() {
        Shipment shipment = accepted(0, 9);
        shipment.sent(1, Shipment.WINDOW_BYTES - 10);
        assertThat(shipment.room()).isEqualTo(10);
        shipment.sent(3, 100);
        assertThat(shipment.room()).isZero();

        shipment.acknowledged(1);
        assertThat(shipment.room()).isEqualTo(Shipment.WINDOW_BYTES - 100);
        shipment.acknowledged(2);
        assertThat(shipment.room()).isEqualTo(Shipment.WINDOW_BYTES - 100);
        shipment.acknowledged(3);
        assertThat(shipment.room()).isEqualTo(Shipment.WINDOW_BYTES);
    }

    @Test
    @Tag("REL-4")
    void duplicateAndLateAcknowledgementsTakeNothingBack() {
        Shipment shipment = accepted(0, 9);
        shipment.sent(4, 40);
        shipment.acknowledged(4);

        shipment.acknowledged(4);
        shipment.acknowledged(2);

        assertThat(shipment.durableIndex()).isEqualTo(4);
        assertThat(shipment.nextIndex()).isEqualTo(5);
        assertThat(shipment.room()).isEqualTo(Shipment.WINDOW_BYTES);
    }

    @Test
    @Tag("REL-3")
    void anAcknowledgementOfWhatWasNeverSentIsAnError() {
        Shipment shipment = accepted(0, 9);
        shipment.sent(4, 40);

        assertThatThrownBy(() -> shipment.acknowledged(5))
                .hasMessage("acknowledged 5, but only 4 was sent");
        assertThat(shipment.durableIndex()).isZero();
        assertThatThrownBy(() -> shipment.sent(4, 1)).hasMessage("sent up to 4, but 5 is next");
    }
}
