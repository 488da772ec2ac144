package dev.sluice.sample;

import java.util.ArrayDeque;

/**
 * The last begins and ends of sessions, numbered from 1 on, for the agent to read. What it has not
 * read when newer ones take the place is gone; the numbers show how many. Not thread-safe.
 */
final class SessionLog {

    /** With 10,000 sessions of a minute each, that is more than half a minute. */
    static final int MAX_KEPT = 16_384;

    /** In one answer, which stays below 32 KiB. */
    static final int MAX_ANSWERED = 128;

    private final ArrayDeque<String> kept = new ArrayDeque<>();
    private final String run;
    private long next = 1;
    private long sessions;

    /**
     * The log of one run of the site.
     *
     * @param run names it; another run counts from 1 again
     */
    SessionLog(String run) {
        this.run = run;
    }

    /** Notes a session that was let in; returns its number in this run. */
    long began(Kind kind, long millis) {
        long session = ++sessions;
        add(
                "\"session\":%d,\"kind\":\"%s\",\"began\":%d"
                        .formatted(session, kind.wireName(), millis));
        return session;
    }

    /** Notes the end of a session, with what the entry of its begin had: that one may be gone. */
    void ended(long session, Kind kind, long beganMillis, EndedBy how, long millis) {
        add(
                "\"session\":%d,\"kind\":\"%s\",\"began\":%d,\"ended\":%d,\"how\":\"%s\""
                        .formatted(session, kind.wireName(), beganMillis, millis, how.wireName()));
    }

    private void add(String members) {
        if (kept.size() == MAX_KEPT) {
            kept.removeFirst();
        }
        kept.addLast(members);
        next++;
    }

    /**
     * The entries from a number on, as one line of JSON.
     *
     * @param asked the run that the number is of; another one than this begins at the oldest kept
     */
    String answer(String asked, long from) {
        long oldest = next - kept.size();
        long first = asked.equals(run) ? Math.clamp(from, oldest, next) : oldest;
        StringBuilder line =
                new StringBuilder("{\"run\":\"%s\",\"first\":%d".formatted(run, first));
        line.append(",\"more\":").append(next - first > MAX_ANSWERED).append(",\"entries\":[");
        String gap = "{";
        int skipped = 0;
        int taken = 0;
        for (String entry : kept) {
            if (skipped++ < first - oldest) {
                continue;
            }
            if (taken++ == MAX_ANSWERED) {
                break;
            }
            line.append(gap).append(entry).append('}');
            gap = ",{";
        }
        return line.append("]}").toString();
    }
}
