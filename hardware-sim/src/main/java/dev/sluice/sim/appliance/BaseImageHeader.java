package dev.sluice.sim.appliance;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The first line of a base image, {@code SLUICE-BASE name version}; whatever bytes follow are the
 * image's own.
 */
public record BaseImageHeader(String name, String version) {

    /** The longest header in bytes, with its line end. */
    public static final int MAX_BYTES = 256;

    private static final Pattern FORM =
            Pattern.compile(
                    "SLUICE-BASE ([A-Za-z0-9._-]{1,64}) ([A-Za-z0-9][A-Za-z0-9.+_-]{0,63})");

    /** The header of an image that starts with these bytes; empty when it is no base image. */
    public static Optional<BaseImageHeader> parse(byte[] start) {
        int bound = Math.min(start.length, MAX_BYTES);
        for (int at = 0; at < bound; at++) {
            if (start[at] == '\n') {
                Matcher matcher = FORM.matcher(new String(start, 0, at, StandardCharsets.US_ASCII));
                return matcher.matches()
                        ? Optional.of(new BaseImageHeader(matcher.group(1), matcher.group(2)))
                        : Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** The line as it stands in an image. */
    public String line() {
        return "SLUICE-BASE " + name + " " + version + "\n";
    }
}
