package dev.sluice.trust.channel;

import java.io.IOException;
import java.util.Optional;

/** Where a channel's files come from: a web server, a directory, a bundle. Trusted in nothing. */
public interface ChannelSource {
    /**
     * One file.
     *
     * @param name such as {@code 3.root.json}
     * @param maxBytes a larger one is an error, and no more than that is read
     * @return empty when the source says that it has no such file
     * @throws IOException when it cannot be had: the message names where, and how it failed
     */
    Optional<byte[]> fetch(String name, int maxBytes) throws IOException;

    /** How messages call it. */
    String description();
}
