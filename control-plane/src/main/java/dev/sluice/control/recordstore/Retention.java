package dev.sluice.control.recordstore;

import java.time.Duration;

/**
 * How much is kept. Whole segments go, oldest first; the newest one stays.
 *
 * @param maxAge since a record was stored here, by this master's clock
 * @param maxBytes of the log, at least {@link #LEAST_BYTES}
 */
public record Retention(Duration maxAge, long maxBytes) {

    public static final Duration DEFAULT_MAX_AGE = Duration.ofDays(30);
    public static final long DEFAULT_MAX_BYTES = 256L << 20;

    /** Four segments: fewer would prune what has just come. */
    public static final long LEAST_BYTES = 16L << 20;

    public static final Retention DEFAULT = new Retention(DEFAULT_MAX_AGE, DEFAULT_MAX_BYTES);

    public Retention {
        if (maxAge.isNegative() || maxAge.isZero() || maxBytes < 1) {
            throw new IllegalArgumentException(
                    "retention of session records: expected an age and a size above 0, found %s and %d"
                            .formatted(maxAge, maxBytes));
        }
    }
}
