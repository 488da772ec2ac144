package dev.sluice.transfer.pull;

/**
 * How long a puller waits for what, in milliseconds.
 *
 * @param connect for a connection and its handshake
 * @param silence nothing at all from a source that is connected
 * @param localSilence the same from a source on the puller's machine
 * @param stall nothing new from a source, while another one is known to have more
 * @param ask nothing new from a source, and of none is known that it has more
 * @param firstBackOff a source that failed is not tried for this long; doubles each time
 * @param maxBackOff and at most
 * @param returnAfter on a fallback, before a better source is tried again
 * @param recovered a source that served this long has its failures forgiven
 */
public record PullTiming(
        long connect,
        long silence,
        long localSilence,
        long stall,
        long ask,
        long firstBackOff,
        long maxBackOff,
        long returnAfter,
        long recovered) {

    public PullTiming {
        if (connect <= 0
                || silence <= 0
                || localSilence < silence
                || stall <= 0
                || ask < stall
                || firstBackOff <= 0
                || maxBackOff < firstBackOff
                || returnAfter <= 0
                || recovered <= 0) {
            throw new IllegalArgumentException("timing of a pull: every span has to be positive");
        }
    }

    /** What docs/design/distribution.md says. */
    public static PullTiming standard() {
        return new PullTiming(1_500, 400, 3_000, 3_000, 6_000, 1_000, 30_000, 5_000, 30_000);
    }
}
