package dev.sluice.agent.stage;

import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import java.io.IOException;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * How many bytes of packages came from which node, ever; durable when a transfer pauses or ends.
 */
public final class ReceivedBytes {

    private final Ledger ledger;
    private final ConcurrentSkipListMap<String, Long> totals;

    public ReceivedBytes(Ledger ledger) {
        this.ledger = ledger;
        this.totals = new ConcurrentSkipListMap<>(ledger.state().receivedBytes());
    }

    public SortedMap<String, Long> totals() {
        return totals.clone();
    }

    void add(String fromNode, long bytes) {
        totals.merge(fromNode, bytes, Long::sum);
    }

    void persist(String fromNode) throws IOException {
        Long total = totals.get(fromNode);
        if (total != null) {
            ledger.append(new LedgerRecord.BytesReceived(fromNode, total));
        }
    }
}
