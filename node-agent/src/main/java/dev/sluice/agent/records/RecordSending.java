package dev.sluice.agent.records;

import dev.sluice.v1.SessionEnd;
import dev.sluice.v1.SessionRecord;
import dev.sluice.v1.SessionRecordAck;
import dev.sluice.v1.SessionRecordBatch;
import dev.sluice.v1.SessionRecordRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides which batch goes to which master: one under way for each, the next when it is
 * acknowledged, the same again when that takes too long or the session is another. Without I/O.
 */
final class RecordSending {

    /** As many as a master takes at once. */
    static final int MAX_BATCH = 256;

    static final Duration AGAIN_AFTER = Duration.ofSeconds(5);

    /** What no master would take must not end the session in which commands come. */
    private static final Pattern KIND = Pattern.compile("[a-z0-9-]{1,32}");

    private static final long MAX_MILLIS = 253_402_300_799_999L;

    private final String nodeId;
    private final Map<String, Progress> masters = new HashMap<>();

    RecordSending(String nodeId) {
        this.nodeId = nodeId;
    }

    /** How far one master is in the session that is up. */
    private static final class Progress {
        private final long session;
        private long acknowledged;
        private boolean underWay;
        private long sentNanos;
        private long toldDropped = -1;
        private long toldMissed = -1;

        Progress(long session) {
            this.session = session;
        }
    }

    /** A batch for a master. */
    record Send(String master, SessionRecordBatch batch) {}

    /**
     * What is to be sent now.
     *
     * @param sessions the masters that have a session, each with its number
     */
    List<Send> next(SpoolState spool, Map<String, Long> sessions, long nowNanos) {
        masters.keySet().retainAll(sessions.keySet());
        List<Send> sends = new ArrayList<>();
        sessions.forEach((master, session) -> {
            @Nullable Progress progress = masters.get(master);
            if (progress == null || progress.session != session) {
                progress = new Progress(session);
                masters.put(master, progress);
            }
            if (progress.underWay && nowNanos - progress.sentNanos < AGAIN_AFTER.toNanos()) {
                return;
            }
            SortedMap<Long, EndedSession> records =
                    spool.from(progress.acknowledged + 1, MAX_BATCH);
            boolean told =
                    progress.toldDropped == spool.dropped()
                            && progress.toldMissed == spool.missed();
            if (records.isEmpty() && told) {
                return;
            }
            progress.underWay = true;
            progress.sentNanos = nowNanos;
            progress.toldDropped = spool.dropped();
            progress.toldMissed = spool.missed();
            sends.add(new Send(master, batch(spool, records)));
        });
        return sends;
    }

    /** A master has something durably; what it says of another spool means nothing. */
    void acknowledged(SpoolState spool, String master, SessionRecordAck ack) {
        @Nullable Progress progress = masters.get(master);
        if (progress == null || !ack.getStoreId().equals(spool.store())) {
            return;
        }
        progress.underWay = false;
        progress.acknowledged =
                Math.max(
                        progress.acknowledged,
                        Math.clamp(ack.getSequence(), 0, spool.nextSequence() - 1));
    }

    /** The sequence up to which the spool may be emptied. */
    long releasable(SpoolState spool) {
        return ReleaseRule.releasable(
                spool, masters.values().stream().map(progress -> progress.acknowledged).toList());
    }

    private SessionRecordBatch batch(SpoolState spool, SortedMap<Long, EndedSession> records) {
        SessionRecordRun.Builder run =
                SessionRecordRun.newBuilder().setNodeId(nodeId).setStoreId(spool.store());
        if (!records.isEmpty()) {
            run.setFirstSequence(records.firstKey());
        }
        records.values().forEach(ended -> run.addRecords(record(ended)));
        return SessionRecordBatch.newBuilder()
                .setRun(run)
                .setOldestSequence(spool.oldest())
                .setDropped(spool.dropped())
                .setMissed(spool.missed())
                .build();
    }

    private static SessionRecord record(EndedSession ended) {
        return SessionRecord.newBuilder()
                .setKind(KIND.matcher(ended.kind()).matches() ? ended.kind() : "unknown")
                .setBeganMillis(Math.clamp(ended.beganMillis(), 0, MAX_MILLIS))
                .setEndedMillis(Math.clamp(ended.endedMillis(), 0, MAX_MILLIS))
                .setEnd(
                        switch (ended.how()) {
                            case "client" -> SessionEnd.SESSION_END_CLIENT;
                            case "broken" -> SessionEnd.SESSION_END_BROKEN;
                            case "silent" -> SessionEnd.SESSION_END_SILENT;
                            case "error" -> SessionEnd.SESSION_END_ERROR;
                            case "cut" -> SessionEnd.SESSION_END_CUT;
                            case EndedSession.LOST -> SessionEnd.SESSION_END_LOST;
                            default -> SessionEnd.SESSION_END_UNSPECIFIED;
                        })
                .build();
    }
}
