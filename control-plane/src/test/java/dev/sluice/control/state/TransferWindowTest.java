package dev.sluice.control.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The time of day in which transfers are begun. */
@Tag("PKG-4")
final class TransferWindowTest {

    @ParameterizedTest
    @CsvSource({
        "22:00-06:00, 2026-03-01T21:59:59Z, false, 2026-03-01T22:00:00Z",
        "22:00-06:00, 2026-03-01T22:00:00Z, true, 2026-03-02T22:00:00Z",
        "22:00-06:00, 2026-03-01T23:59:59Z, true, 2026-03-02T22:00:00Z",
        "22:00-06:00, 2026-03-02T05:59:59Z, true, 2026-03-02T22:00:00Z",
        "22:00-06:00, 2026-03-02T06:00:00Z, false, 2026-03-02T22:00:00Z",
        "01:00-02:00, 2026-03-02T01:30:00Z, true, 2026-03-03T01:00:00Z",
        "01:00-02:00, 2026-03-02T02:00:00Z, false, 2026-03-03T01:00:00Z",
        "22:00-06:00 Europe/Berlin, 2026-03-01T21:00:00Z, true, 2026-03-02T21:00:00Z",
        "22:00-06:00 Europe/Berlin, 2026-07-01T20:00:00Z, true, 2026-07-02T20:00:00Z",
        // The clocks there go from 02:00 to 03:00 on 29 March.
        "02:30-05:00 Europe/Berlin, 2026-03-29T00:59:00Z, false, 2026-03-29T01:30:00Z",
        "02:30-05:00 Europe/Berlin, 2026-03-29T01:30:00Z, true, 2026-03-30T00:30:00Z"
    })
    void isOpenFromItsFirstMomentToTheOneBeforeItsEndInItsZone(
            String window, Instant at, boolean open, Instant opensAfter) {
        TransferWindow parsed = TransferWindow.parse(window);

        assertThat(parsed.isOpen(at)).isEqualTo(open);
        assertThat(parsed.opensAfter(at)).isEqualTo(opensAfter);
    }

    @Test
    void saysWhyNothingIsBegun() {
        TransferWindow window = TransferWindow.parse("22:00-06:00");

        assertThat(window.whyClosed(Instant.parse("2026-03-01T12:00:00Z")))
                .contains(
                        "distribution.window is 22:00-06:00 UTC, and opens at 2026-03-01T22:00:00Z");
        assertThat(window.whyClosed(Instant.parse("2026-03-01T22:00:00Z"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "22:00, expected HH:MM-HH:MM",
        "22-06, expected HH:MM-HH:MM",
        "24:30-06:00, could not be parsed",
        "22:00-06:00 Mars/Crater, Unknown time-zone ID",
        "22:00-22:00, for the whole day remove the setting"
    })
    void refusesWhatCannotBeMeant(String text, String reason) {
        assertThatThrownBy(() -> TransferWindow.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
