package dev.sluice.cli.render;

import com.google.protobuf.Timestamp;
import dev.sluice.v1.Ballot;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How single values read: versions, durations, sizes, times. */
public final class Words {
    private static final String[] SIZE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Words() {}

    /** Package versions by name: {@code base 7.0.0, site 25.1.0}. */
    public static String versions(Map<String, String> installed) {
        return new TreeMap<>(installed)
                .entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining(", "));
    }

    /** The sum of sessions of all kinds. */
    public static long sessions(Map<String, Integer> byKind) {
        return byKind.values().stream().mapToLong(Integer::longValue).sum();
    }

    /** A length of time in the two units that matter: {@code 3.4 s}, {@code 2 min 5 s}. */
    public static String duration(Duration duration) {
        if (duration.isNegative()) {
            return "0.0 s";
        }
        if (duration.toMinutes() == 0) {
            return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
        }
        if (duration.toHours() == 0) {
            return duration.toMinutes() + " min " + duration.toSecondsPart() + " s";
        }
        return duration.toHours() + " h " + duration.toMinutesPart() + " min";
    }

    /** A number of bytes with its binary unit. */
    public static String bytes(long count) {
        double value = count;
        int unit = 0;
        while (value >= 1024 && unit < SIZE_UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        String format = unit == 0 ? "%.0f %s" : "%.1f %s";
        return String.format(Locale.ROOT, format, value, SIZE_UNITS[unit]);
    }

    /** A wire time as the JDK's. */
    public static Instant instant(Timestamp time) {
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    /** A ballot as masters write it: generation, counter, master, incarnation. */
    public static String ballot(Ballot ballot) {
        return Integer.toUnsignedString(ballot.getGeneration())
                + "."
                + Long.toUnsignedString(ballot.getCounter())
                + "."
                + ballot.getMasterId()
                + "."
                + Long.toHexString(ballot.getIncarnation());
    }

    /** {@code yes} or {@code no}. */
    public static String yesNo(boolean value) {
        return value ? "yes" : "no";
    }
}
