package dev.sluice.sample;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The deadline of one connection: closes it when nobody has moved the deadline before it passes.
 *
 * <p>It covers a peer that sends byte by byte and one that never reads its answers, which a read
 * timeout does not. Moving the deadline costs one field; the timer looks at it when it fires and
 * goes on waiting for the rest.
 */
final class Expiry implements AutoCloseable {

    private final ScheduledExecutorService timer;
    private final Closeable connection;
    private volatile long deadlineNanos;
    private volatile @Nullable ScheduledFuture<?> pending;
    private volatile boolean ended;
    private volatile boolean passed;

    private Expiry(ScheduledExecutorService timer, Closeable connection, Duration patience) {
        this.timer = timer;
        this.connection = connection;
        this.deadlineNanos = System.nanoTime() + patience.toNanos();
    }

    static Expiry after(Duration patience, ScheduledExecutorService timer, Closeable connection) {
        Expiry expiry = new Expiry(timer, connection, patience);
        expiry.arm(patience.toNanos());
        return expiry;
    }

    /**
     * Moves the deadline to the given time from now. A shorter deadline takes effect when the
     * earlier one would have.
     */
    void extend(Duration patience) {
        deadlineNanos = System.nanoTime() + patience.toNanos();
    }

    /** Whether the deadline passed and the connection was closed for it. */
    boolean passed() {
        return passed;
    }

    @Override
    public void close() {
        ended = true;
        ScheduledFuture<?> waiting = pending;
        if (waiting != null) {
            waiting.cancel(false);
        }
    }

    private void arm(long delayNanos) {
        if (!ended) {
            pending = timer.schedule(this::fire, delayNanos, TimeUnit.NANOSECONDS);
        }
    }

    private void fire() {
        long left = deadlineNanos - System.nanoTime();
        if (left > 0) {
            arm(left);
            return;
        }
        passed = true;
        try {
            connection.close();
        } catch (IOException _) {
            // The connection is given up either way; its own thread sees the end of it.
        }
    }
}
