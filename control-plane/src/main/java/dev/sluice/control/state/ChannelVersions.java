package dev.sluice.control.state;

/**
 * The highest versions that the cluster has seen of a channel's files; 0: none yet. Whoever offers
 * less is refused.
 *
 * @param channel its name, at most {@value #MAX_NAME} characters
 */
public record ChannelVersions(
        String channel, long root, long timestamp, long snapshot, long targets) {

    /** The longest name of a channel. */
    public static final int MAX_NAME = 63;

    public ChannelVersions {
        if (channel.isEmpty() || channel.length() > MAX_NAME) {
            throw new IllegalArgumentException(
                    "channel: expected a name of 1 to %d characters, found %d"
                            .formatted(MAX_NAME, channel.length()));
        }
        if (root < 0 || timestamp < 0 || snapshot < 0 || targets < 0) {
            throw new IllegalArgumentException(
                    "channel %s: a version is negative".formatted(channel));
        }
    }

    /**
     * Whether these can have been seen after those: only a newer root, which may exchange keys,
     * makes other versions lower.
     */
    boolean canFollow(ChannelVersions before) {
        return root > before.root
                || (root == before.root
                        && timestamp >= before.timestamp
                        && snapshot >= before.snapshot
                        && targets >= before.targets);
    }

    @Override
    public String toString() {
        return "root %d, timestamp %d, snapshot %d, targets %d"
                .formatted(root, timestamp, snapshot, targets);
    }
}
