package dev.sluice.transfer.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class RateLimitTest {

    private static final long SECOND = 1_000_000_000L;

    private long now;
    private final Ticker ticker = () -> now;

    /** Takes as fast as the limit lets, for some seconds; the bytes that were taken. */
    private long takeFor(RateLimit limit, long seconds, int atOnce) {
        long end = now + seconds * SECOND;
        long taken = 0;
        while (true) {
            long wait = limit.take(atOnce);
            taken += atOnce;
            if (now + wait >= end) {
                now = end;
                return taken;
            }
            now += wait;
        }
    }

    @Test
    void noMoreThanTheRateAndOneStepGoThrough() {
        for (long rate : new long[] {50_000, 2_500_000, 125_000_000}) {
            RateLimit limit = new RateLimit(rate, ticker);
            int step = 16_384;

            long taken = takeFor(limit, 100, step);

            assertThat(taken).isBetween(rate * 100 - step, rate * 100 + step);
        }
    }

    @Test
    void afterARestOneBurstGoesThroughAndNoMore() {
        long rate = 2_000_000;
        RateLimit limit = new RateLimit(rate, ticker);
        now += 1000 * SECOND;

        long taken = takeFor(limit, 1, 10_000);

        assertThat(taken).isBetween(rate, rate + RateLimit.burst(rate) + 10_000);
    }

    @Test
    void whatIsOwedIsPaidExactly() {
        RateLimit limit = new RateLimit(1_000_000, ticker);

        long wait = limit.take(500_000);

        assertThat(wait).isEqualTo(SECOND / 2);
        assertThat(limit.debt()).isEqualTo(SECOND / 2);
        now += SECOND / 4;
        assertThat(limit.debt()).isEqualTo(SECOND / 4);
        now += SECOND / 4;
        assertThat(limit.debt()).isZero();
    }

    @Test
    void twoThatShareALimitShareItsRate() {
        RateLimit limit = new RateLimit(1_000_000, ticker);
        Random random = new Random(1);
        long taken = 0;
        while (now < 20 * SECOND) {
            long first = limit.take(8_000);
            long second = limit.take(16_000);
            taken += 24_000;
            now += Math.max(first, second) + random.nextInt(1000);
        }

        assertThat(taken).isLessThanOrEqualTo(20_000_000 + 24_000 + RateLimit.burst(1_000_000));
    }

    @Test
    void withoutALimitNothingWaits() {
        RateLimit limit = new RateLimit(0, ticker);

        assertThat(limit.take(1L << 40)).isZero();
        assertThat(limit.debt()).isZero();
        assertThat(limit.atOnce(1 << 18)).isEqualTo(1 << 18);
    }

    @Test
    void anotherRateCountsFromNowOn() {
        RateLimit limit = new RateLimit(0, ticker);
        limit.set(1_000);

        assertThat(limit.take(1_000)).isEqualTo(SECOND);
        limit.set(1_000);
        assertThat(limit.debt()).isEqualTo(SECOND);
        limit.set(0);
        assertThat(limit.debt()).isZero();
    }
}
