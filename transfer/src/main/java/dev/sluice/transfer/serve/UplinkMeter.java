package dev.sluice.transfer.serve;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The rate at which the network took bytes while it was what held a pull back: from one write that
 * had to wait for room to the next, when there was always something to write between them. At both
 * moments the kernel's buffer is as full. A source that waits for its own source, its disk or its
 * limit says nothing about its uplink.
 *
 * <p>The bytes are those of all pulls, which share the uplink. Safe for use by many threads.
 */
final class UplinkMeter {

    /** So long the network has to have held a source back before a rate counts. */
    static final Duration LEAST = Duration.ofSeconds(1);

    /** A write that took so long waited for the network. */
    static final Duration WAITED = Duration.ofMillis(2);

    private static final double NANOS_PER_SECOND = 1e9;

    private final AtomicLong written = new AtomicLong();
    private volatile long bytesPerSecond;

    /** The last rate; 0: none was measured yet. */
    long bytesPerSecond() {
        return bytesPerSecond;
    }

    /** For one connection. */
    Phases phases() {
        return new Phases();
    }

    /** What one connection saw while the network held it back. */
    final class Phases {
        private long fullNanos;
        private long fullBytes;

        /** At the last write that waited: when, and what all pulls had written. */
        private long since;

        private long writtenThen;
        private boolean full;

        /** The network took so many bytes between those moments. */
        void written(long count, long began, long ended) {
            long all = written.addAndGet(count);
            if (ended - began < WAITED.toNanos()) {
                return;
            }
            if (full) {
                add(all - writtenThen, ended - since);
            }
            full = true;
            since = ended;
            writtenThen = all;
        }

        /** There is nothing to write for a while. */
        void idle() {
            full = false;
        }

        private void add(long count, long nanos) {
            fullBytes += count;
            fullNanos += nanos;
            if (fullNanos >= LEAST.toNanos()) {
                bytesPerSecond = Math.round(fullBytes * NANOS_PER_SECOND / fullNanos);
                fullBytes = 0;
                fullNanos = 0;
            }
        }
    }
}
