package dev.sluice.trust.channel;

import java.time.Duration;
import java.time.Instant;

/**
 * A time that is known to have passed, so that a clock before it is wrong.
 *
 * @param event what happened then, as in "timestamp.json was signed"
 */
public record ClockBound(Instant notBefore, String event) {
    /** How far two healthy clocks may be apart. */
    public static final Duration TOLERANCE = Duration.ofMinutes(5);

    /** Whether a clock that says this is behind by more than the tolerance. */
    public boolean isAhead(Instant now) {
        return now.isBefore(notBefore.minus(TOLERANCE));
    }

    /** What is wrong with that clock. */
    public String complaint(Instant now) {
        return String.format(
                "this machine's clock says %s, but %s at %s: the clock is behind by at least %s; set"
                        + " it first, signatures cannot be judged before",
                now, event, notBefore, Duration.between(now, notBefore));
    }
}
