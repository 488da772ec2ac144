package dev.sluice.loadtest.sim;

import java.time.Duration;
import java.util.List;
import java.util.Random;

/** The only source of chance in a history. */
final class Dice {

    private final Random random;

    Dice(long seed) {
        // Neighbouring seeds must not begin alike.
        this.random = new Random(seed * 0x9E3779B97F4A7C15L ^ 0x5DEECE66DL);
    }

    Random random() {
        return random;
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /** From 0 to less than the bound. */
    int below(int bound) {
        return random.nextInt(bound);
    }

    /** From least to most, both included. */
    long between(long least, long most) {
        return least + random.nextLong(most - least + 1);
    }

    long between(Duration least, Duration most) {
        return between(least.toNanos(), most.toNanos());
    }

    /** Waiting times of this mean, without memory; at most ten times the mean. */
    long around(Duration mean) {
        double drawn = -Math.log(1 - random.nextDouble());
        return (long) (Math.min(10, drawn) * mean.toNanos());
    }

    <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
