package dev.sluice.control.records;

import java.util.regex.Pattern;

/**
 * One client's session that ended on a node.
 *
 * @param kind of client: 1 to 32 of a-z, 0-9 and -
 * @param beganMillis by the node's clock since 1970; it may be after the end, as clocks are set
 */
public record SessionRecord(String kind, long beganMillis, long endedMillis, SessionEnd end) {

    /** The end of the year 9999, which is what times on the wire and in documents can say. */
    public static final long MAX_MILLIS = 253_402_300_799_999L;

    private static final Pattern KIND = Pattern.compile("[a-z0-9-]{1,32}");

    public SessionRecord {
        if (!KIND.matcher(kind).matches()) {
            throw new IllegalArgumentException(
                    "session record: expected a kind of 1 to 32 of a-z, 0-9 and -, found \"%s\""
                            .formatted(kind.substring(0, Math.min(40, kind.length()))));
        }
        requireTime("begin", beganMillis);
        requireTime("end", endedMillis);
    }

    private static void requireTime(String what, long millis) {
        if (millis < 0 || millis > MAX_MILLIS) {
            throw new IllegalArgumentException(
                    "session record: expected a time of its %s from 0 to %d ms, found %d"
                            .formatted(what, MAX_MILLIS, millis));
        }
    }
}
