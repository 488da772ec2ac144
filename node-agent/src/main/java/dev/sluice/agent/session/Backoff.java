package dev.sluice.agent.session;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Delays between attempts to connect: doubling from 100 ms to 2 s, each between half and all of
 * that, so that agents that lost the same master do not come back at the same instant.
 */
final class Backoff {

    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(2);

    private final RandomGenerator random;
    private Duration bound = FIRST;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    Duration next() {
        long most = bound.toNanos();
        bound = bound.multipliedBy(2).compareTo(LONGEST) < 0 ? bound.multipliedBy(2) : LONGEST;
        return Duration.ofNanos(most / 2 + random.nextLong(most / 2 + 1));
    }

    /** A connection was good: the next failure starts anew. */
    void reset() {
        bound = FIRST;
    }
}
