package dev.sluice.transfer.pace;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket over bytes that have come or gone already: taking never fails, and says how long
 * to pause until what was taken is paid. In any span of time at most the rate's bytes, one burst
 * and what one taker took at once go through.
 *
 * <p>Safe for use by many threads; whoever shares one shares the rate.
 */
public final class RateLimit {

    /** What may go at once after a rest, in parts of a second; it bounds how uneven a rate is. */
    private static final int BURSTS_PER_SECOND = 20;

    private static final long MIN_BURST_BYTES = 16L << 10;
    private static final long MAX_BURST_BYTES = 256L << 10;

    private final Ticker ticker;
    private volatile Rate rate;

    private record Rate(long bytesPerSecond, @Nullable Bucket bucket) {}

    /**
     * A limit.
     *
     * @param bytesPerSecond 0: none
     */
    public RateLimit(long bytesPerSecond, Ticker ticker) {
        this.ticker = ticker;
        this.rate = rateOf(bytesPerSecond);
    }

    /** Another rate from now on; the same one changes nothing. */
    public synchronized void set(long bytesPerSecond) {
        if (rate.bytesPerSecond() != bytesPerSecond) {
            rate = rateOf(bytesPerSecond);
        }
    }

    /** Bytes a second; 0: no limit. */
    public long bytesPerSecond() {
        return rate.bytesPerSecond();
    }

    /**
     * Takes bytes.
     *
     * @return nanoseconds until the next may be taken; 0: at once
     */
    public long take(long bytes) {
        Bucket bucket = rate.bucket();
        return bucket == null || bytes == 0 ? 0 : bucket.consumeIgnoringRateLimits(bytes);
    }

    /** Nanoseconds until what was taken is paid; 0: it is. */
    public long debt() {
        Rate now = rate;
        if (now.bucket() == null) {
            return 0;
        }
        long owed = -now.bucket().getAvailableTokens();
        return owed <= 0 ? 0 : Math.ceilDiv(owed * 1_000_000_000L, now.bytesPerSecond());
    }

    /** How many bytes to take at once, so that others that share the rate get their part. */
    public int atOnce(int most) {
        Rate now = rate;
        return now.bucket() == null ? most : (int) Math.min(most, burst(now.bytesPerSecond()));
    }

    /** The burst of a rate, in bytes. */
    static long burst(long bytesPerSecond) {
        return Math.clamp(bytesPerSecond / BURSTS_PER_SECOND, MIN_BURST_BYTES, MAX_BURST_BYTES);
    }

    private Rate rateOf(long bytesPerSecond) {
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("a rate of %d bytes/s".formatted(bytesPerSecond));
        }
        if (bytesPerSecond == 0) {
            return new Rate(0, null);
        }
        Bucket bucket =
                Bucket.builder()
                        .addLimit(limit ->
                                limit.capacity(burst(bytesPerSecond))
                                        .refillGreedy(bytesPerSecond, Duration.ofSeconds(1))
                                        .initialTokens(0))
                        .withCustomTimePrecision(new Meter(ticker))
                        .build();
        return new Rate(bytesPerSecond, bucket);
    }

    private record Meter(Ticker ticker) implements TimeMeter {
        @Override
        public long currentTimeNanos() {
            return ticker.nanos();
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    }
}
