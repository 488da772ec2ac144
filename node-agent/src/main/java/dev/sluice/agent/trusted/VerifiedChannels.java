package dev.sluice.agent.trusted;

import com.google.protobuf.ByteString;
import dev.sluice.agent.disk.Durable;
import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelOutcome;
import dev.sluice.trust.channel.ChannelOutcome.Reason;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.InMemorySource;
import dev.sluice.trust.channel.RememberingSource;
import dev.sluice.trust.channel.SeenVersions;
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
    private final TrustedVersions named;
    private final VerifiedVersions seen;
    private final InstantSource clock;
    private final SortedMap<String, byte[]> roots = new TreeMap<>();
    private final SortedMap<String, Channel> verified = new TreeMap<>();

    /** What reports say, without waiting for a disk. */
    private volatile List<ChannelVersions> told = List.of();

    private VerifiedChannels(
            Path dataDir, TrustedVersions named, VerifiedVersions seen, InstantSource clock) {
        this.directory = dataDir.resolve("channels");
        this.named = named;
        this.seen = seen;
        this.clock = clock;
    }

    /**
     * With what was verified before.
     *
     * @param dataDir the agent's; {@code channels} in it has the files, and {@code
     *     verified-channels.json} the highest versions
     * @param pinned files of roots, of one channel each
     * @param named what counts for channels that are not pinned
     * @throws IOException when one is not a root that its own keys signed, two are of one channel,
     *     or the highest versions are damaged: the node does not start then
     */
    public static VerifiedChannels open(
            Path dataDir, List<Path> pinned, TrustedVersions named, InstantSource clock)
            throws IOException {
        VerifiedChannels channels =
                new VerifiedChannels(dataDir, named, VerifiedVersions.open(dataDir), clock);
        for (Path root : pinned) {
            channels.pin(root);
        }
        channels.tell();
        return channels;
    }

    private void pin(Path rootFile) throws IOException {
        byte[] root;
        String name;
        try {
            root = Files.readAllBytes(rootFile);
            name = ChannelClient.pinned(root).header().channel().value();
        } catch (InvalidPackageException e) {
            throw new IOException("channelRoots: %s: %s".formatted(rootFile, e.reason()), e);
        } catch (IOException e) {
            throw new IOException("channelRoots: %s: cannot be read: %s".formatted(rootFile, e), e);
        }
        if (roots.putIfAbsent(name, root) != null) {
            throw new IOException(
                    "channelRoots: channel %s: two roots are pinned, one expected".formatted(name));
        }
        if (roots.size() > MAX_PINNED) {
            throw new IOException(
                    "channelRoots: more than %d roots are pinned".formatted(MAX_PINNED));
        }
        readKept(name, root);
    }

    private void readKept(String name, byte[] root) {
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
            refusal = named.order(nodeId, order.getChannelsList(), roots.keySet());
        }
        if (refusal.isEmpty()) {
            refusal = older(nodeId, order.getChannelsList());
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

    /** A master that knows less than was verified here reads an old state, or wants one. */
    private Optional<String> older(String nodeId, List<ChannelVersions> asked) {
        for (ChannelVersions channel : asked) {
            if (!roots.containsKey(channel.getName())) {
                continue;
            }
            SeenVersions known = seen.seen(new ChannelName(channel.getName()));
            Optional<String> refusal =
                    TrustedVersions.older(
                            nodeId, channel, "has verified", known.root(), known.targets());
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return Optional.empty();
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
        RememberingSource source;
        try {
            source =
                    new RememberingSource(
                            source(files, "channel %s, as the master sent it".formatted(name)));
            outcome = new ChannelClient(root, seen, clock).read(source);
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
        return switch (outcome) {
            case ChannelOutcome.Current(Channel channel) -> {
                keep(name, channel, source.given());
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

    /** Keeps what was read, and nothing that came with it. */
    private void keep(String name, Channel channel, SortedMap<String, byte[]> read)
            throws IOException {
        Channel before = verified.get(name);
        if (before == null || !before.versions().equals(channel.versions())) {
            ChannelFiles.Builder files = ChannelFiles.newBuilder().setChannel(name);
            read.forEach((file, bytes) ->
                    files.addFilesBuilder().setName(file).setContent(ByteString.copyFrom(bytes)));
            Files.createDirectories(directory);
            Durable.write(directory.resolve(name), files.build().toByteArray());
            verified.put(name, channel);
            tell();
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

    private void tell() {
        told =
                roots.keySet().stream()
                        .map(name -> {
                            ChannelVersions.Builder versions =
                                    ChannelVersions.newBuilder().setName(name);
                            Channel channel = verified.get(name);
                            if (channel != null) {
                                versions.setRoot(channel.versions().root())
                                        .setTargets(channel.versions().targets());
                            }
                            return versions.build();
                        })
                        .toList();
    }

    /** Of each pinned channel, what is verified; 0: nothing. Never waits. */
    public List<ChannelVersions> versions() {
        return told;
    }
}
