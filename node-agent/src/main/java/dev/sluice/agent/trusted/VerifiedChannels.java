package dev.sluice.agent.trusted;

import dev.sluice.agent.disk.Durable;
import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelOutcome;
import dev.sluice.trust.channel.ChannelOutcome.Reason;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.InMemorySource;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.v1.ChannelFile;
import dev.sluice.v1.ChannelFiles;
import dev.sluice.v1.ChannelVersions;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channels whose roots are pinned on this node, as it verified them itself: masters hand on
 * what they read, and are believed nothing of it.
 *
 * <p>What is verified is kept in a file of each channel. That file may be lost: then the masters
 * are told that nothing is verified here, and send it again.
 */
public final class VerifiedChannels {

    private static final Logger LOG = LoggerFactory.getLogger(VerifiedChannels.class);

    /** Channels whose roots may be pinned. */
    public static final int MAX_PINNED = 16;

    /** Files, their names, and what a message has besides. */
    private static final int MAX_FILE_BYTES = InMemorySource.MAX_BYTES + (1 << 17);

    private final Path directory;
    private final TrustedVersions seen;
    private final InstantSource clock;
    private final SortedMap<String, byte[]> roots = new TreeMap<>();
    private final SortedMap<String, Channel> verified = new TreeMap<>();

    private VerifiedChannels(Path directory, TrustedVersions seen, InstantSource clock) {
        this.directory = directory;
        this.seen = seen;
        this.clock = clock;
    }

    /**
     * With what was verified before.
     *
     * @param directory where a channel's files are kept
     * @param pinned root files, of one channel each
     * @param seen the highest versions that were verified, in a file of their own
     * @throws InvalidPackageException when one is not a root that its own keys signed, or two are
     *     of one channel
     */
    public static VerifiedChannels open(
            Path directory, List<byte[]> pinned, TrustedVersions seen, InstantSource clock)
            throws InvalidPackageException {
        VerifiedChannels channels = new VerifiedChannels(directory, seen, clock);
        for (byte[] root : pinned) {
            channels.pin(root);
        }
        return channels;
    }

    private void pin(byte[] root) throws InvalidPackageException {
        String name = ChannelClient.pinned(root).header().channel().value();
        if (roots.putIfAbsent(name, root) != null) {
            throw new InvalidPackageException(
                    "channel %s: two roots are pinned, one expected".formatted(name));
        }
        if (roots.size() > MAX_PINNED) {
            throw new InvalidPackageException(
                    "more than %d roots are pinned".formatted(MAX_PINNED));
        }
        Path file = directory.resolve(name);
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new IOException("has %d bytes".formatted(Files.size(file)));
            }
            ChannelFiles kept = ChannelFiles.parseFrom(Files.readAllBytes(file));
            switch (ChannelClient.timeless(root).read(source(kept, file.toString()))) {
                case ChannelOutcome.Current(Channel channel) -> verified.put(name, channel);
                case ChannelOutcome.Refused(var _, String message) ->
                        throw new IOException(message);
            }
        } catch (NoSuchFileException _) {
            // Nothing was verified yet.
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn(
                    "channel {}: what was verified is not known any more, the masters send it again: {}",
                    name,
                    e.getMessage());
        }
    }

    /**
     * Why an order must not be followed; empty: as far as channels go, it may. What it has of
     * pinned channels is verified first.
     *
     * @throws IOException when what was verified can't be kept; then the order must not be followed
     */
    public synchronized Optional<String> refusal(String nodeId, StagePackage order)
            throws IOException {
        Optional<String> refusal = take(nodeId, order.getChannelFilesList());
        if (refusal.isEmpty()) {
            refusal = seen.order(nodeId, order.getChannelsList(), roots.keySet());
        }
        if (refusal.isPresent()) {
            return refusal;
        }
        Manifest manifest;
        try {
            manifest = Manifest.parse(order.getManifest().toByteArray());
        } catch (InvalidPackageException _) {
            // Its signature is looked at next, and refused with a better reason.
            return Optional.empty();
        }
        return refusal(nodeId, manifest);
    }

    /**
     * Why a package must not be installed: a channel offers another one by its name and version.
     */
    public synchronized Optional<String> refusal(String nodeId, Manifest manifest) {
        for (Channel channel : verified.values()) {
            Optional<ChannelPackage> offered = channel.find(manifest.name(), manifest.version());
            if (offered.isPresent()) {
                try {
                    offered.get().check(manifest);
                } catch (InvalidPackageException e) {
                    return Optional.of(
                            "node %s: channel %s: %s"
                                    .formatted(nodeId, channel.name(), e.reason()));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<String> take(String nodeId, List<ChannelFiles> sent) throws IOException {
        if (sent.size() > MAX_PINNED) {
            return Optional.of(
                    "node %s: the order has files of %d channels, at most %d expected"
                            .formatted(nodeId, sent.size(), MAX_PINNED));
        }
        for (ChannelFiles files : sent) {
            byte[] root = roots.get(files.getChannel());
            if (root == null) {
                continue;
            }
            Optional<String> refusal = take(root, files);
            if (refusal.isPresent()) {
                return Optional.of("node %s: %s".formatted(nodeId, refusal.get()));
            }
        }
        return Optional.empty();
    }

    private Optional<String> take(byte[] root, ChannelFiles files) throws IOException {
        String name = files.getChannel();
        ChannelOutcome outcome;
        try {
            outcome =
                    new ChannelClient(root, seen, clock)
                            .read(
                                    source(
                                            files,
                                            "channel %s, as the master sent it".formatted(name)));
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
        return switch (outcome) {
            case ChannelOutcome.Current(Channel channel) -> {
                keep(name, channel, files);
                yield Optional.empty();
            }
            case ChannelOutcome.Refused(Reason reason, String message) -> {
                if (reason == Reason.UNAVAILABLE) {
                    throw new IOException(message);
                }
                yield Optional.of(
                        message
                                + "; have the master read the channel with 'sluice packages check', or import a new bundle");
            }
        };
    }

    private void keep(String name, Channel channel, ChannelFiles files) throws IOException {
        Channel before = verified.get(name);
        if (before == null || !before.versions().equals(channel.versions())) {
            Files.createDirectories(directory);
            Durable.write(directory.resolve(name), files.toByteArray());
            verified.put(name, channel);
            LOG.info("channel {}: verified: {}", name, channel.versions());
        }
    }

    private static InMemorySource source(ChannelFiles files, String description) {
        SortedMap<String, byte[]> byName = new TreeMap<>();
        for (ChannelFile file : files.getFilesList()) {
            byName.put(file.getName(), file.getContent().toByteArray());
        }
        return new InMemorySource(byName, description);
    }

    /** Of each pinned channel, what is verified; 0: nothing. */
    public synchronized List<ChannelVersions> versions() {
        return roots.keySet().stream()
                .map(name -> {
                    ChannelVersions.Builder versions = ChannelVersions.newBuilder().setName(name);
                    Channel channel = verified.get(name);
                    if (channel != null) {
                        versions.setRoot(channel.versions().root())
                                .setTargets(channel.versions().targets());
                    }
                    return versions.build();
                })
                .toList();
    }
}
