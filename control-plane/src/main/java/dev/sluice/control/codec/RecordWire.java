package dev.sluice.control.codec;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.records.Holdings;
import dev.sluice.control.records.RecordBatch;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.records.SequenceRange;
import dev.sluice.control.records.SequenceSet;
import dev.sluice.control.records.SessionEnd;
import dev.sluice.control.records.SessionRecord;
import dev.sluice.control.records.SpoolId;
import dev.sluice.v1.HeldStore;
import dev.sluice.v1.PullRequest;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.SessionRecordHoldings;
import dev.sluice.v1.SessionRecordRun;
import dev.sluice.v1.SpoolKey;
import dev.sluice.v1.StoredRecordEntry;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Session records as messages, and as entries of a master's record log. What is read is foreign
 * input: whatever is out of bounds is an {@link IllegalArgumentException} that says what. Fields of
 * later releases are skipped.
 */
public final class RecordWire {

    private RecordWire() {}

    /** An entry of the record log. */
    public sealed interface Entry {

        /**
         * Records, and when this master stored them by its own clock.
         *
         * @param storedMillis since 1970
         */
        record Stored(long storedMillis, RecordRun run) implements Entry {}

        /** What was ever stored before this entry. */
        record Marks(Holdings holdings) implements Entry {}
    }

    public static byte[] encode(Entry entry) {
        return switch (entry) {
            case Entry.Stored(long storedMillis, RecordRun run) ->
                    StoredRecordEntry.newBuilder()
                            .setStoredMillis(storedMillis)
                            .setRun(encode(run))
                            .build()
                            .toByteArray();
            case Entry.Marks(Holdings holdings) ->
                    StoredRecordEntry.newBuilder()
                            .setHoldings(encode(holdings))
                            .build()
                            .toByteArray();
        };
    }

    /**
     * An entry as it was written; empty: a later release wrote it, and its kind is unknown here.
     *
     * @throws IllegalArgumentException when no release can have written it
     */
    public static Optional<Entry> decodeEntry(byte[] bytes) {
        StoredRecordEntry wire;
        try {
            wire = StoredRecordEntry.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("session records: " + e.getMessage(), e);
        }
        return switch (wire.getContentCase()) {
            case RUN ->
                    Optional.of(new Entry.Stored(wire.getStoredMillis(), decode(wire.getRun())));
            case HOLDINGS -> Optional.of(new Entry.Marks(decode(wire.getHoldings())));
            case CONTENT_NOT_SET -> Optional.empty();
        };
    }

    public static SessionRecordRun encode(RecordRun run) {
        SessionRecordRun.Builder wire =
                SessionRecordRun.newBuilder()
                        .setNodeId(run.spool().node().value())
                        .setStoreId(run.spool().store().value())
                        .setFirstSequence(run.first());
        for (SessionRecord record : run.records()) {
            wire.addRecords(
                    dev.sluice.v1.SessionRecord.newBuilder()
                            .setKind(record.kind())
                            .setBeganMillis(record.beganMillis())
                            .setEndedMillis(record.endedMillis())
                            .setEnd(encode(record.end())));
        }
        return wire.build();
    }

    public static RecordRun decode(SessionRecordRun wire) {
        if (wire.getRecordsCount() > RecordRun.MAX_RECORDS) {
            throw new IllegalArgumentException(
                    "session records: expected at most %d at once, found %d"
                            .formatted(RecordRun.MAX_RECORDS, wire.getRecordsCount()));
        }
        return new RecordRun(
                spool(wire.getNodeId(), wire.getStoreId()),
                wire.getFirstSequence(),
                wire.getRecordsList().stream().map(RecordWire::decode).toList());
    }

    /** A batch of an agent; without records its run has the spool's name alone. */
    public static RecordBatch decode(SessionRecordBatch wire) {
        SessionRecordRun run = wire.getRun();
        return new RecordBatch(
                spool(run.getNodeId(), run.getStoreId()),
                run.getRecordsCount() == 0 ? Optional.empty() : Optional.of(decode(run)),
                wire.getOldestSequence(),
                new RecordBatch.Losses(wire.getDropped(), wire.getMissed()));
    }

    private static SessionRecord decode(dev.sluice.v1.SessionRecord wire) {
        return new SessionRecord(
                wire.getKind(),
                wire.getBeganMillis(),
                wire.getEndedMillis(),
                switch (wire.getEnd()) {
                    case SESSION_END_CLIENT -> SessionEnd.CLIENT;
                    case SESSION_END_BROKEN -> SessionEnd.BROKEN;
                    case SESSION_END_SILENT -> SessionEnd.SILENT;
                    case SESSION_END_ERROR -> SessionEnd.ERROR;
                    case SESSION_END_CUT -> SessionEnd.CUT;
                    case SESSION_END_LOST -> SessionEnd.LOST;
                    case SESSION_END_UNSPECIFIED, UNRECOGNIZED -> SessionEnd.UNKNOWN;
                });
    }

    public static dev.sluice.v1.SessionEnd encode(SessionEnd end) {
        return switch (end) {
            case UNKNOWN -> dev.sluice.v1.SessionEnd.SESSION_END_UNSPECIFIED;
            case CLIENT -> dev.sluice.v1.SessionEnd.SESSION_END_CLIENT;
            case BROKEN -> dev.sluice.v1.SessionEnd.SESSION_END_BROKEN;
            case SILENT -> dev.sluice.v1.SessionEnd.SESSION_END_SILENT;
            case ERROR -> dev.sluice.v1.SessionEnd.SESSION_END_ERROR;
            case CUT -> dev.sluice.v1.SessionEnd.SESSION_END_CUT;
            case LOST -> dev.sluice.v1.SessionEnd.SESSION_END_LOST;
        };
    }

    public static SessionRecordHoldings encode(Holdings holdings) {
        SessionRecordHoldings.Builder wire = SessionRecordHoldings.newBuilder();
        holdings.sets()
                .forEach((spool, set) -> {
                    HeldStore.Builder store =
                            HeldStore.newBuilder()
                                    .setNodeId(spool.node().value())
                                    .setStoreId(spool.store().value());
                    for (SequenceRange range : set.ranges()) {
                        store.addRanges(
                                dev.sluice.v1.SequenceRange.newBuilder()
                                        .setFirst(range.first())
                                        .setLast(range.last()));
                    }
                    wire.addStores(store);
                });
        return wire.build();
    }

    public static Holdings decode(SessionRecordHoldings wire) {
        SortedMap<SpoolId, SequenceSet> sets = new TreeMap<>();
        for (HeldStore store : wire.getStoresList()) {
            SpoolId spool = spool(store.getNodeId(), store.getStoreId());
            List<SequenceRange> ranges =
                    store.getRangesList().stream()
                            .map(r -> new SequenceRange(r.getFirst(), r.getLast()))
                            .toList();
            if (sets.put(spool, SequenceSet.ascending(ranges)) != null) {
                throw new IllegalArgumentException("holdings list %s twice".formatted(spool));
            }
        }
        return Holdings.of(sets);
    }

    /**
     * A question for what is lacking.
     *
     * @param before the place in the answering master's log from which to go on; 0: its end
     */
    public static PullRequest encode(Holdings.Page page, long before) {
        PullRequest.Builder wire =
                PullRequest.newBuilder()
                        .setHoldings(encode(page.holdings()))
                        .setBeforeEntry(before);
        if (page.after() != null) {
            wire.setAfter(key(page.after()));
        }
        if (page.upTo() != null) {
            wire.setUpTo(key(page.upTo()));
        }
        return wire.build();
    }

    public static Holdings.Page decode(PullRequest wire) {
        return new Holdings.Page(
                wire.hasAfter() ? spool(wire.getAfter()) : null,
                wire.hasUpTo() ? spool(wire.getUpTo()) : null,
                decode(wire.getHoldings()));
    }

    private static SpoolKey key(SpoolId spool) {
        return SpoolKey.newBuilder()
                .setNodeId(spool.node().value())
                .setStoreId(spool.store().value())
                .build();
    }

    private static SpoolId spool(SpoolKey key) {
        return spool(key.getNodeId(), key.getStoreId());
    }

    private static SpoolId spool(String node, String store) {
        return new SpoolId(new NodeId(node), new StoreId(store));
    }
}
