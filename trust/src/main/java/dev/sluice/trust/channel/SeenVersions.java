package dev.sluice.trust.channel;

/**
 * The highest versions that were seen of a channel's files; 0: none yet.
 *
 * @param channel whose they are
 */
public record SeenVersions(
        ChannelName channel, long root, long timestamp, long snapshot, long targets) {
    public SeenVersions {
        if (root < 0 || timestamp < 0 || snapshot < 0 || targets < 0) {
            throw new IllegalArgumentException("a seen version is negative");
        }
    }

    /** Before anything was seen. */
    public static SeenVersions none(ChannelName channel) {
        return new SeenVersions(channel, 0, 0, 0, 0);
    }

    /** As files and messages show them. */
    @Override
    public String toString() {
        return String.format(
                "%s: root %d, timestamp %d, snapshot %d, targets %d",
                channel, root, timestamp, snapshot, targets);
    }
}
