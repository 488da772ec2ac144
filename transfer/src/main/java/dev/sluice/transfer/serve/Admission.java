package dev.sluice.transfer.serve;

import dev.sluice.trust.pki.PeerName;
import java.util.HashMap;
import java.util.Map;

/** Counts what is served now. Safe for use by many threads. */
final class Admission {

    private final ServeLimits limits;
    private final Map<PeerName, Integer> pullsOf = new HashMap<>();
    private int connections;
    private int pulls;

    Admission(ServeLimits limits) {
        this.limits = limits;
    }

    synchronized boolean connect() {
        if (connections >= limits.connections()) {
            return false;
        }
        connections++;
        return true;
    }

    synchronized void disconnect() {
        connections--;
    }

    /** Whether one more pull of this peer is served. */
    synchronized boolean begin(PeerName peer) {
        int own = pullsOf.getOrDefault(peer, 0);
        if (pulls >= limits.pulls() || own >= limits.pullsPerPeer()) {
            return false;
        }
        pulls++;
        pullsOf.put(peer, own + 1);
        return true;
    }

    synchronized void end(PeerName peer) {
        pulls--;
        pullsOf.computeIfPresent(peer, (_, own) -> own > 1 ? own - 1 : null);
    }

    synchronized int pulls() {
        return pulls;
    }
}
