package dev.sluice.control.channel;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How this master reaches its channel.
 *
 * @param pinnedRoot the root file that was pinned
 * @param address of the web server; empty: the channel comes in bundles only
 * @param spool where downloads and bundles are kept while they are taken in
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
public record ChannelAccess(byte[] pinnedRoot, Optional<HttpChannel.Address> address, Path spool) {

    /**
     * A connection to the web server.
     *
     * @throws IOException when there is none, or its authorities cannot be read
     */
    public HttpChannel open() throws IOException {
        HttpChannel.Address to =
                address.orElseThrow(() ->
                        new IOException(
                                "channel.url is not configured on this master; bring packages with"
                                        + " 'sluice packages import'"));
        return new HttpChannel(to, HttpChannel.Limits.DEFAULT);
    }
}
