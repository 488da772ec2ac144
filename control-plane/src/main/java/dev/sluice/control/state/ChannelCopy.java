package dev.sluice.control.state;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A channel's files as they were read last: what a node that has pinned the channel's root needs to
 * verify the same state.
 *
 * @param versions of these files
 * @param files by name; at most {@value #MAX_FILES}, of {@value #MAX_BYTES} bytes together
 */
public record ChannelCopy(ChannelVersions versions, SortedMap<String, Blob> files) {

    /** As many roots as a reader follows, timestamp, snapshot and targets. */
    public static final int MAX_FILES = 1003;

    /** What fits into one message to an agent, with a package's manifest. */
    public static final int MAX_BYTES = 2 << 20;

    private static final int MAX_NAME = 64;

    public ChannelCopy {
        files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
        long bytes = bytes(files);
        if (files.isEmpty() || files.size() > MAX_FILES || bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "channel %s: %d files of %d bytes, 1 to %d of at most %d expected"
                            .formatted(
                                    versions.channel(), files.size(), bytes, MAX_FILES, MAX_BYTES));
        }
        for (String name : files.keySet()) {
            if (name.isEmpty() || name.length() > MAX_NAME) {
                throw new IllegalArgumentException(
                        "channel %s: a file's name has %d characters, 1 to %d expected"
                                .formatted(versions.channel(), name.length(), MAX_NAME));
            }
        }
    }

    /** Whether files are few and small enough to be a copy. */
    public static boolean fits(SortedMap<String, Blob> files) {
        return files.size() <= MAX_FILES && bytes(files) <= MAX_BYTES;
    }

    private static long bytes(SortedMap<String, Blob> files) {
        return files.values().stream().mapToLong(Blob::size).sum();
    }

    /** Bytes of all files. */
    public long bytes() {
        return bytes(files);
    }

    /** Whether it has something new for who verified these versions. */
    public boolean isNews(long root, long targets) {
        return versions.root() > root || (versions.root() == root && versions.targets() > targets);
    }
}
