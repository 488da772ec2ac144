package dev.sluice.control.state;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The time of day in which transfers are begun, written {@code 22:00-06:00} or {@code 22:00-06:00
 * Europe/Berlin}; without a zone in UTC. Its end may lie on the next day.
 *
 * @param from the first moment
 * @param to the first moment after it
 */
public record TransferWindow(LocalTime from, LocalTime to, ZoneId zone) {

    private static final Pattern TEXT =
            Pattern.compile(
                    "([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})(?: ([A-Za-z0-9+:/_-]{1,64}))?");

    public TransferWindow {
        if (from.equals(to)) {
            throw new IllegalArgumentException(
                    "it begins and ends at %s; for the whole day remove the setting"
                            .formatted(from));
        }
    }

    /**
     * Reads a window.
     *
     * @throws IllegalArgumentException saying what was expected
     */
    public static TransferWindow parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "expected HH:MM-HH:MM and maybe a zone, such as 22:00-06:00 Europe/Berlin");
        }
        try {
            String zone = parts.group(3);
            return new TransferWindow(
                    LocalTime.parse(parts.group(1)),
                    LocalTime.parse(parts.group(2)),
                    zone == null ? ZoneOffset.UTC : ZoneId.of(zone));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Whether a transfer may be begun at a moment. */
    public boolean isOpen(Instant at) {
        LocalTime time = at.atZone(zone).toLocalTime();
        return from.isBefore(to)
                ? !time.isBefore(from) && time.isBefore(to)
                : !time.isBefore(from) || time.isBefore(to);
    }

    /** Why no transfer is begun at a moment, in words; empty: it may be. */
    public Optional<String> whyClosed(Instant at) {
        return isOpen(at)
                ? Optional.empty()
                : Optional.of(
                        "%s is %s, and opens at %s"
                                .formatted(Settings.WINDOW, this, opensAfter(at)));
    }

    /** When it opens next, strictly after a moment. A time that the clocks skip opens after it. */
    public Instant opensAfter(Instant at) {
        ZonedDateTime now = at.atZone(zone);
        ZonedDateTime today = now.toLocalDate().atTime(from).atZone(zone);
        return today.isAfter(now)
                ? today.toInstant()
                : now.toLocalDate().plusDays(1).atTime(from).atZone(zone).toInstant();
    }

    @Override
    public String toString() {
        return "%s-%s %s".formatted(from, to, zone.equals(ZoneOffset.UTC) ? "UTC" : zone);
    }
}
