package dev.sluice.control.api;

import com.google.protobuf.Timestamp;
import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.recordstore.FoundRecord;
import dev.sluice.control.recordstore.RecordQuery;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.v1.EndedSession;
import dev.sluice.v1.ListSessionRecordsRequest;
import dev.sluice.v1.ListSessionRecordsResponse;
import dev.sluice.v1.SessionRecordExchange;
import dev.sluice.v1.SessionRecordLoss;
import dev.sluice.v1.SessionRecordStatus;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Session records on the operators' wire. */
final class SessionRecordsView {

    static final int DEFAULT_LIMIT = 100;
    static final int MAX_LIMIT = 1_000;

    /** Each may read the whole log. */
    private static final int MAX_SEARCHES = 2;

    private final NodeId self;
    private final SessionRecords records;
    private final Semaphore searches = new Semaphore(MAX_SEARCHES);

    SessionRecordsView(NodeId self, SessionRecords records) {
        this.self = self;
        this.records = records;
    }

    ListSessionRecordsResponse list(ListSessionRecordsRequest request) {
        RecordQuery query = query(request);
        if (!searches.tryAcquire()) {
            throw ApiErrors.exhausted(
                    "session records",
                    "%d searches run already; try again".formatted(MAX_SEARCHES));
        }
        try {
            RecordStore.Selection found = records.select(query);
            ListSessionRecordsResponse.Builder list =
                    ListSessionRecordsResponse.newBuilder()
                            .setAnsweredBy(self.value())
                            .setMore(found.more())
                            .setStatus(status());
            found.records().forEach(record -> list.addSessions(session(record)));
            return list.build();
        } catch (IOException e) {
            throw ApiErrors.refused("master " + self, String.valueOf(e.getMessage()));
        } finally {
            searches.release();
        }
    }

    private static RecordQuery query(ListSessionRecordsRequest request) {
        int limit = request.getLimit() == 0 ? DEFAULT_LIMIT : request.getLimit();
        if (limit < 0 || limit > MAX_LIMIT) {
            throw ApiErrors.invalid("limit", "1 to " + MAX_LIMIT, Integer.toUnsignedString(limit));
        }
        @Nullable NodeId node =
                request.getNodeId().isEmpty()
                        ? null
                        : Arguments.name("node_id", request.getNodeId(), NodeId::new);
        return new RecordQuery(
                node, request.hasSince() ? millis(request.getSince()) : Long.MIN_VALUE, limit);
    }

    /** Rounded up, so that nothing is found which ended before. */
    private static long millis(Timestamp time) {
        try {
            return Math.addExact(
                    Math.multiplyExact(time.getSeconds(), 1_000L),
                    Math.ceilDiv(time.getNanos(), 1_000_000));
        } catch (ArithmeticException _) {
            throw ApiErrors.invalid("since", "a time in years 1 to 9999", time.getSeconds() + " s");
        }
    }

    SessionRecordStatus status() {
        RecordStore.Status now = records.status();
        SessionRecordStatus.Builder status =
                SessionRecordStatus.newBuilder()
                        .setUnavailable(now.unavailable())
                        .setKept(now.kept())
                        .setBytes(now.bytes())
                        .setPruned(now.pruned());
        records.exchanges()
                .forEach((master, exchange) -> {
                    SessionRecordExchange.Builder one =
                            SessionRecordExchange.newBuilder()
                                    .setMasterId(master.value())
                                    .setTaken(exchange.taken())
                                    .setGiven(exchange.given());
                    exchange.lastComplete().ifPresent(at -> one.setLastComplete(timestamp(at)));
                    status.addExchanges(one);
                });
        now.losses()
                .forEach((node, losses) ->
                        status.addLosses(
                                SessionRecordLoss.newBuilder()
                                        .setNodeId(node.value())
                                        .setDropped(losses.dropped())
                                        .setMissed(losses.missed())));
        return status.build();
    }

    private static EndedSession session(FoundRecord record) {
        return EndedSession.newBuilder()
                .setNodeId(record.spool().node().value())
                .setStoreId(record.spool().store().value())
                .setSequence(record.sequence())
                .setKind(record.content().kind())
                .setBegan(timestamp(Instant.ofEpochMilli(record.content().beganMillis())))
                .setEnded(timestamp(Instant.ofEpochMilli(record.content().endedMillis())))
                .setEnd(RecordWire.encode(record.content().end()))
                .build();
    }

    private static Timestamp timestamp(Instant at) {
        return Timestamp.newBuilder()
                .setSeconds(at.getEpochSecond())
                .setNanos(at.getNano())
                .build();
    }
}
