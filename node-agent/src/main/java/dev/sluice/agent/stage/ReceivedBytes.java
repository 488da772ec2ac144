package dev.sluice.agent.stage;

import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import java.io.IOException;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of packages came from which node, ever; durable when a transfer pauses or ends.
 */
public final class ReceivedBytes {

    private final Ledger ledger;
    private final ConcurrentHashMap<String, AtomicLong> totals = new ConcurrentHashMap<>();

    public ReceivedBytes(Ledger ledger) {
        this.ledger = ledger;
        ledger.state()
                .receivedBytes()
                .forEach((node, bytes) -> totals.put(node, new AtomicLong(bytes)));
    }

    public SortedMap<String, Long> totals() {
        SortedMap<String, Long> now = new TreeMap<>();
        totals.forEach((node, bytes) -> now.put(node, bytes.get()));
        return now;
    }

    /** What came from a node, to be added to. */
    AtomicLong of(String node) {
        return totals.computeIfAbsent(node, _ -> new AtomicLong());
    }

    void persist(String fromNode) throws IOException {
        AtomicLong total = totals.get(fromNode);
        if (total != null) {
            ledger.append(new LedgerRecord.BytesReceived(fromNode, total.get()));
        }
    }
}
