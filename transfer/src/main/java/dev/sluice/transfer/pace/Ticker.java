package dev.sluice.transfer.pace;

import java.util.concurrent.TimeUnit;

/** A clock that only goes forward and knows no date. Safe for use by many threads. */
@FunctionalInterface
public interface Ticker {

    /** Nanoseconds since some moment. */
    long nanos();

    default long millis() {
        return TimeUnit.NANOSECONDS.toMillis(nanos());
    }

    static Ticker system() {
        return System::nanoTime;
    }
}
