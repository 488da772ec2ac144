package dev.sluice.trust.channel;

import java.util.regex.Pattern;

/**
 * The name of a channel. It is in every file that the channel signs, so that one channel's files
 * are nothing to another that has the same keys.
 *
 * @param value 1 to 63 of {@code a-z 0-9 -}, beginning with a letter
 */
public record ChannelName(String value) implements Comparable<ChannelName> {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

    public ChannelName {
        if (!NAME.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "a channel's name is 1 to 63 of a-z, 0-9 and '-', beginning with a letter");
        }
    }

    @Override
    public int compareTo(ChannelName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
