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
        Pull pull = new Pull(key, wake);
        pulls.computeIfAbsent(key, _ -> new ArrayList<>()).add(pull);
        return pull;
    }

    /** One of them. To be closed. */
    final class Pull implements AutoCloseable {
        private final Key key;
        private final Runnable wake;

        // Guarded by the InStep.
        private long sent;
        private long sentAt;
        private boolean busy;

        private Pull(Key key, Runnable wake) {
            this.key = key;
            this.wake = wake;
        }

        /** Whether it is to wait: until it is woken, and for {@link #STUCK} at most. */
        boolean isAhead() {
            synchronized (InStep.this) {
                return others().stream().anyMatch(this::isAheadOf);
            }
        }

        private boolean isAheadOf(Pull other) {
            return sent - other.sent > LEAD_BYTES;
        }

        /** It gave bytes to the network. */
        void sent(int count) {
            List<Pull> waited;
            synchronized (InStep.this) {
                List<Pull> others = others();
                waited = others.stream().filter(other -> other.isAheadOf(this)).toList();
                if (!busy) {
                    busy = true;
                    sent = others.stream().mapToLong(other -> other.sent).max().orElse(sent);
                }
                sent += count;
                sentAt = ticker.nanos();
            }
            waited.forEach(other -> other.wake.run());
        }

        /** It has nothing to send. */
        void idle() {
            List<Pull> waited;
            synchronized (InStep.this) {
                busy = false;
                waited = others().stream().filter(other -> other.isAheadOf(this)).toList();
            }
            waited.forEach(other -> other.wake.run());
        }

        private List<Pull> others() {
            long since = ticker.nanos() - STUCK.toNanos();
            return pulls.getOrDefault(key, List.of()).stream()
                    .filter(other -> other != this && other.busy && other.sentAt - since > 0)
                    .toList();
        }

        @Override
        public void close() {
            idle();
            synchronized (InStep.this) {
                pulls.computeIfPresent(
                        key,
                        (_, all) -> {
                            all.remove(this);
                            return all.isEmpty() ? null : all;
                        });
            }
        }
    }
}
