package dev.sluice.control.badexample.model;

import java.time.Instant;
import java.util.Random;
import java.util.UUID;

/** Reads time and chance in pure code. */
final class ReadsClockAndDice {
    private ReadsClockAndDice() {}

    static String decide() {
        return Instant.now() + " " + System.nanoTime() + UUID.randomUUID() + new Random().nextInt();
    }
}
