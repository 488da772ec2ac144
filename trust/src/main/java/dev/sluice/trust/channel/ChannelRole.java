package dev.sluice.trust.channel;

import java.util.Locale;

/** What a key of a channel may sign. */
public enum ChannelRole {
    /** Which keys there are, and what they may sign. Kept offline. */
    ROOT(1 << 16),

    /** Which snapshot is the newest; signed anew most often. */
    TIMESTAMP(1 << 16),

    /** Which list of packages goes with it. */
    SNAPSHOT(1 << 16),

    /** The packages. */
    TARGETS(1 << 23);

    private final int maxBytes;

    ChannelRole(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The largest file of the role in bytes, whatever was announced. */
    public int maxBytes() {
        return maxBytes;
    }

    /** As files spell it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The name of the file with this version. */
    public String file(long version) {
        return this == TIMESTAMP ? "timestamp.json" : version + "." + label() + ".json";
    }
}
