package dev.sluice.publisher;

import dev.sluice.control.channel.HttpChannel;
import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelOutcome;
import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.channel.ChannelSource;
import dev.sluice.trust.channel.DirectorySource;
import dev.sluice.trust.channel.RememberingSource;
import dev.sluice.trust.channel.SeenStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A channel that is only read: in a directory, or on a web server. */
final class Reading {
    @Parameters(paramLabel = "DIR|URL", description = "The channel.")
    private String where = "";

    @Option(
            names = "--root",
            paramLabel = "FILE",
            description = "The root that a cluster would pin (default: DIR's first).")
    private @Nullable Path root;

    @Option(
            names = "--ca",
            paramLabel = "PEM",
            description = "The authorities of the web server's certificate (default: Java's).")
    private @Nullable Path ca;

    @Option(
            names = "--proxy",
            paramLabel = "HOST:PORT",
            description = "An HTTP proxy (default: the system's settings).")
    private @Nullable String proxy;

    /** What was read: the channel, and every file that led there. */
    record Read(Channel channel, SortedMap<String, byte[]> files) {}

    boolean isUrl() {
        return where.contains("://");
    }

    Path served() {
        return ChannelDirectory.served(Path.of(where));
    }

    HttpChannel web() throws IOException {
        return new HttpChannel(
                new HttpChannel.Address(
                        URI.create(where),
                        Optional.ofNullable(ca),
                        Optional.ofNullable(proxy).map(Reading::address)),
                HttpChannel.Limits.DEFAULT);
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        try {
            return InetSocketAddress.createUnresolved(
                    text.substring(0, Math.max(0, colon)),
                    Integer.parseInt(text.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw PublisherException.badInput(
                    "--proxy: expected HOST:PORT, found \"" + text + "\": " + e.getMessage());
        }
    }

    Read read(InstantSource clock) throws IOException {
        if (!isUrl()) {
            return read(new DirectorySource(served()), clock);
        }
        try (HttpChannel web = web()) {
            return read(web, clock);
        }
    }

    private Read read(ChannelSource source, InstantSource clock) throws IOException {
        if (root == null && isUrl()) {
            throw PublisherException.badInput("--root is needed for a channel on a web server");
        }
        byte[] pinned =
                Files.readAllBytes(
                        root == null ? ChannelDirectory.firstRoot(Path.of(where)) : root);
        RememberingSource remembering = new RememberingSource(source);
        long version = ChannelClient.pinned(pinned).header().version();
        // A cluster may have pinned an older root than this one.
        for (long before = version - 1; before > 0; before--) {
            if (remembering
                    .fetch(ChannelRole.ROOT.file(before), ChannelRole.ROOT.maxBytes())
                    .isEmpty()) {
                break;
            }
        }
        return switch (new ChannelClient(pinned, SeenStore.NONE, clock).read(remembering)) {
            case ChannelOutcome.Current(Channel channel) -> {
                SortedMap<String, byte[]> files = new TreeMap<>(remembering.given());
                files.put(ChannelRole.ROOT.file(version), pinned);
                yield new Read(channel, files);
            }
            case ChannelOutcome.Refused(var reason, String message) ->
                    throw reason == ChannelOutcome.Reason.UNAVAILABLE
                            ? PublisherException.unreachable(message)
                            : PublisherException.refused(message);
        };
    }
}
