package dev.sluice.control;

import dev.sluice.control.api.SessionRecords;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.RecordExchanges;
import dev.sluice.control.recordstore.RecordQuery;
import dev.sluice.control.recordstore.RecordStore;
import java.io.IOException;
import java.util.SortedMap;
import java.util.TreeMap;

/** The session records of this master, for the operators' service. */
final class KeptRecords implements SessionRecords {

    private final RecordStore store;
    private final RecordExchanges exchanges;

    KeptRecords(RecordStore store, RecordExchanges exchanges) {
        this.store = store;
        this.exchanges = exchanges;
    }

    @Override
    public RecordStore.Selection select(RecordQuery query) throws IOException {
        return store.select(query);
    }

    @Override
    public RecordStore.Status status() {
        return store.status();
    }

    @Override
    public SortedMap<NodeId, Exchange> exchanges() {
        SortedMap<NodeId, Exchange> all = new TreeMap<>();
        exchanges
                .all()
                .forEach((master, e) ->
                        all.put(master, new Exchange(e.taken(), e.given(), e.lastComplete())));
        return all;
    }
}
