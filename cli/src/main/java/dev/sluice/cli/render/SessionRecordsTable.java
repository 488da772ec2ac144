package dev.sluice.cli.render;

import dev.sluice.v1.EndedSession;
import dev.sluice.v1.ListSessionRecordsResponse;
import dev.sluice.v1.SessionRecordExchange;
import dev.sluice.v1.SessionRecordLoss;
import dev.sluice.v1.SessionRecordStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Records of sessions that ended as lines of text. Pure. */
public final class SessionRecordsTable {
    private SessionRecordsTable() {}

    public static List<String> lines(ListSessionRecordsResponse response) {
        Table table = new Table("ENDED", "NODE", "KIND", "LASTED", "HOW", "RECORD");
        for (EndedSession session : response.getSessionsList()) {
            table.row(
                    Words.instant(session.getEnded()),
                    session.getNodeId(),
                    session.getKind(),
                    Words.duration(
                            Duration.between(
                                    Words.instant(session.getBegan()),
                                    Words.instant(session.getEnded()))),
                    how(session),
                    session.getStoreId() + "/" + Long.toUnsignedString(session.getSequence()));
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        if (response.getMore()) {
            lines.add("There are more; --limit and --since choose.");
        }
        lines.add(
                "Master "
                        + Table.printable(response.getAnsweredBy())
                        + ": "
                        + summary(response.getStatus()));
        for (SessionRecordLoss loss : response.getStatus().getLossesList()) {
            lines.add(
                    "Node %s: %s records were dropped as its spool was full, %s begins and ends were missed"
                            .formatted(
                                    Table.printable(loss.getNodeId()),
                                    Long.toUnsignedString(loss.getDropped()),
                                    Long.toUnsignedString(loss.getMissed())));
        }
        return lines;
    }

    private static String how(EndedSession session) {
        return switch (session.getEnd()) {
            case SESSION_END_CLIENT -> "client";
            case SESSION_END_BROKEN -> "broken";
            case SESSION_END_SILENT -> "silent";
            case SESSION_END_ERROR -> "error";
            case SESSION_END_CUT -> "cut";
            case SESSION_END_LOST -> "lost";
            case SESSION_END_UNSPECIFIED, UNRECOGNIZED -> "unknown";
        };
    }

    /** What a master has, and what it merged with which other one. */
    static String summary(SessionRecordStatus status) {
        if (!status.getUnavailable().isEmpty()) {
            return "stores none: " + Table.printable(status.getUnavailable());
        }
        StringBuilder text =
                new StringBuilder(
                        String.format(
                                Locale.ROOT,
                                "%d kept, %s",
                                status.getKept(),
                                Words.bytes(status.getBytes())));
        for (SessionRecordExchange with : status.getExchangesList()) {
            text.append("; merged with ")
                    .append(Table.printable(with.getMasterId()))
                    .append(": ")
                    .append(with.getTaken())
                    .append(" taken, ")
                    .append(with.getGiven())
                    .append(" given, ")
                    .append(
                            with.hasLastComplete()
                                    ? "complete at " + Words.instant(with.getLastComplete())
                                    : "not complete yet");
        }
        return text.toString();
    }
}
