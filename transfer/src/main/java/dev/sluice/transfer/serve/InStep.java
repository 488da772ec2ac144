package dev.sluice.transfer.serve;

import dev.sluice.transfer.pace.Ticker;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.PeerName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pulls of one content by one puller, which are to get equal parts of the network: the halves that
 * a node passes on, each to others. TCP alone can starve one of two connections that share a link
 * (measured: 23 to 1 at 20 Mbit/s), and then the half that is behind arrives everywhere when the
 * other one is long through.
 *
 * <p>One that has nothing to send holds nobody back, nor does one of which the network took nothing
 * for a while: its puller may be gone. Safe for use by many threads.
 */
final class InStep {

    /** So far one may be ahead of another. */
    static final long LEAD_BYTES = 256 << 10;

    /** One that gave nothing to the network for this long is not waited for. */
    static final Duration STUCK = Duration.ofMillis(500);

    private final Ticker ticker;
    private final Map<Key, List<Pull>> pulls = new HashMap<>();

    InStep(Ticker ticker) {
        this.ticker = ticker;
    }

    private record Key(PeerName puller, Sha256 content) {}

    /** A pull begins, beside those of the same content that the puller has here already. */
    synchronized Pull begin(PeerName puller, Sha256 content, Runnable wake) {
        Key key = new Key(puller, content);
        List<Pull> all = pulls.computeIfAbsent(key, _ -> new ArrayList<>());
        Pull pull = new Pull(key, all, wake);
        all.add(pull);
        return pull;
    }

    /** One of them. To be closed. */
    final class Pull implements AutoCloseable {
        private final Key key;

        /** All of the same content and puller, this one too. */
        private final List<Pull> all;

        private final Runnable wake;

        // Guarded by the InStep.
        private long sent;
        private long sentAt;
        private boolean busy;

        private Pull(Key key, List<Pull> all, Runnable wake) {
            this.key = key;
            this.all = all;
            this.wake = wake;
        }

        /** Whether it is to wait: until it is woken, and for {@link #STUCK} at most. */
        boolean isAhead() {
            synchronized (InStep.this) {
                for (Pull other : all) {
                    if (counts(other) && isAheadOf(other)) {
                        return true;
                    }
                }
                return false;
            }
        }

        private boolean isAheadOf(Pull other) {
            return sent - other.sent > LEAD_BYTES;
        }

        private boolean counts(Pull other) {
            return other != this && other.busy && ticker.nanos() - other.sentAt < STUCK.toNanos();
        }

        /** It gave bytes to the network. */
        void sent(int count) {
            synchronized (InStep.this) {
                wakeThoseAhead();
                if (!busy) {
                    busy = true;
                    for (Pull other : all) {
                        sent = counts(other) ? Math.max(sent, other.sent) : sent;
                    }
                }
                sent += count;
                sentAt = ticker.nanos();
            }
        }

        /** It has nothing to send. */
        void idle() {
            synchronized (InStep.this) {
                busy = false;
                wakeThoseAhead();
            }
        }

        private void wakeThoseAhead() {
            for (Pull other : all) {
                if (counts(other) && other.isAheadOf(this)) {
                    other.wake.run();
                }
            }
        }

        @Override
        public void close() {
            idle();
            synchronized (InStep.this) {
                all.remove(this);
                if (all.isEmpty()) {
                    pulls.remove(key, all);
                }
            }
        }
    }
}
