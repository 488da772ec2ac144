package dev.sluice.control.failover;

import java.time.Duration;

/**
 * How long the election waits for what. None of it is needed for safety.
 *
 * @param silence a follower that has heard nothing of a primary for so long becomes a candidate
 * @param alive how often a primary tells its witnesses that it lives
 * @param resend how often an unanswered request is repeated
 * @param round how long a candidate tries with one ballot
 * @param spread candidates that failed wait up to so long, each another time
 */
public record Timings(
        Duration silence, Duration alive, Duration resend, Duration round, Duration spread) {

    public static final Timings DEFAULT =
            new Timings(
                    Duration.ofMillis(1000),
                    Duration.ofMillis(200),
                    Duration.ofMillis(200),
                    Duration.ofMillis(1500),
                    Duration.ofMillis(400));
}
