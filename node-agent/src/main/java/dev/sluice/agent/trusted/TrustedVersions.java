package dev.sluice.agent.trusted;

import dev.sluice.agent.disk.Durable;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.Metadata;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.StrictJson;
import dev.sluice.trust.packages.StrictObject;
import dev.sluice.v1.ChannelVersions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The highest release of each package that this node began to install, and the highest versions of
 * channels that a master named and that this node does not verify: in a file outside everything
 * that an upgrade replaces, forced before the node acts. Whoever asks for less is refused,
 * whichever master it is.
 */
public final class TrustedVersions {

    private static final String FILE = "trusted-versions.json";
    private static final String SCHEMA = "sluice/trusted-versions/v1";

    /** Channels that one order may name, and that are remembered. */
    private static final int MAX_CHANNELS = 16;

    /** Packages that are remembered; a node has a few. */
    private static final int MAX_PACKAGES = 1000;

    private record Seen(long root, long targets) {}

    private final Path file;
    private final SortedMap<String, Long> releases = new TreeMap<>();
    private final SortedMap<String, Seen> channels = new TreeMap<>();

    private TrustedVersions(Path file) {
        this.file = file;
    }

    /**
     * What the file in this directory says; nothing when there is none.
     *
     * @throws IOException when it cannot be read or is damaged: without it the node would forget
     *     what it must refuse, so it does not start
     */
    public static TrustedVersions open(Path directory) throws IOException {
        TrustedVersions versions = new TrustedVersions(directory.resolve(FILE));
        TrustFile.read(versions.file, SCHEMA, versions::read);
        return versions;
    }

    private void read(StrictObject root) throws InvalidPackageException {
        for (StrictObject entry : root.objects("releases")) {
            releases.put(entry.read("name", text -> text), entry.wholeNumber("highest"));
            entry.end();
        }
        for (StrictObject entry : root.objects("channels")) {
            channels.put(
                    entry.read("name", text -> text),
                    new Seen(entry.wholeNumber("root"), entry.wholeNumber("targets")));
            entry.end();
        }
    }

    /** Why a package must not be installed: a later release of it was; empty: it may. */
    public synchronized Optional<String> refusal(String nodeId, Manifest manifest) {
        long highest = releases.getOrDefault(manifest.name().value(), 0L);
        long asked = manifest.description().releaseCounter();
        return asked >= highest
                ? Optional.empty()
                : Optional.of(
                        "node %s: %s is release %d of its name, and release %d was installed here already; a release with a higher counter is needed"
                                .formatted(nodeId, manifest.title(), asked, highest));
    }

    /**
     * Remembers that the installation of a package begins.
     *
     * @throws IOException when that is not durable; then it must not begin
     */
    public synchronized void installing(Manifest manifest) throws IOException {
        String name = manifest.name().value();
        long asked = manifest.description().releaseCounter();
        if (asked <= releases.getOrDefault(name, 0L)) {
            return;
        }
        if (releases.size() == MAX_PACKAGES && !releases.containsKey(name)) {
            throw new IOException("more than %d packages were installed".formatted(MAX_PACKAGES));
        }
        SortedMap<String, Long> next = new TreeMap<>(releases);
        next.put(name, asked);
        Durable.write(file, encoded(next, channels));
        releases.put(name, asked);
    }

    /**
     * Why an order must not be followed: the master that gives it knows an older state of a channel
     * than this node was told of. What it knows more of is remembered, durably, before this
     * answers.
     *
     * @param verified channels that this node verifies itself: what is named of them counts for
     *     nothing here
     * @throws IOException when it can't be remembered; then the order must not be followed
     */
    synchronized Optional<String> order(
            String nodeId, List<ChannelVersions> named, Set<String> verified) throws IOException {
        if (named.size() > MAX_CHANNELS) {
            return Optional.of(
                    "node %s: the order names %d channels, at most %d expected"
                            .formatted(nodeId, named.size(), MAX_CHANNELS));
        }
        SortedMap<String, Seen> next = new TreeMap<>(channels);
        for (ChannelVersions channel : named) {
            if (verified.contains(channel.getName())) {
                continue;
            }
            Optional<String> wrong = wrong(channel);
            if (wrong.isPresent()) {
                return Optional.of("node %s: the order names %s".formatted(nodeId, wrong.get()));
            }
            Seen seen = next.getOrDefault(channel.getName(), new Seen(0, 0));
            Optional<String> older =
                    older(nodeId, channel, "was told of", seen.root(), seen.targets());
            if (older.isPresent()) {
                return older;
            }
            next.put(channel.getName(), new Seen(channel.getRoot(), channel.getTargets()));
        }
        if (next.size() > MAX_CHANNELS) {
            return Optional.of(
                    "node %s: %d channels are known, which is the most"
                            .formatted(nodeId, MAX_CHANNELS));
        }
        if (!next.equals(channels)) {
            Durable.write(file, encoded(releases, next));
            channels.putAll(next);
        }
        return Optional.empty();
    }

    /**
     * What is wrong with a master that knows less of a channel than this node does.
     *
     * @param how this node came to know it, as in "was told of"
     */
    static Optional<String> older(
            String nodeId, ChannelVersions asked, String how, long root, long targets) {
        int roots = Long.compareUnsigned(asked.getRoot(), root);
        // A new root may have exchanged keys whose versions a thief had run up.
        return roots > 0 || (roots == 0 && Long.compareUnsigned(asked.getTargets(), targets) >= 0)
                ? Optional.empty()
                : Optional.of(
                        "node %s: the master knows channel %s with root %d and targets %d, and this node %s root %d and targets %d; have the master read the channel with 'sluice packages check'"
                                .formatted(
                                        nodeId,
                                        asked.getName(),
                                        asked.getRoot(),
                                        asked.getTargets(),
                                        how,
                                        root,
                                        targets));
    }

    /** What no honest master says of a channel: it would be kept, and could never be undone. */
    private static Optional<String> wrong(ChannelVersions channel) {
        try {
            var _ = new ChannelName(channel.getName());
        } catch (IllegalArgumentException e) {
            return Optional.of(
                    "a channel by a name of %d characters: %s"
                            .formatted(channel.getName().length(), e.getMessage()));
        }
        long highest = Math.max(channel.getRoot(), channel.getTargets());
        long lowest = Math.min(channel.getRoot(), channel.getTargets());
        return lowest < 0 || highest > Metadata.MAX_VERSION
                ? Optional.of(
                        "channel %s with root %s and targets %s, expected 0 to %d"
                                .formatted(
                                        channel.getName(),
                                        Long.toUnsignedString(channel.getRoot()),
                                        Long.toUnsignedString(channel.getTargets()),
                                        Metadata.MAX_VERSION))
                : Optional.empty();
    }

    private static byte[] encoded(
            SortedMap<String, Long> releases, SortedMap<String, Seen> channels) {
        ObjectNode root = StrictJson.newObject();
        root.put("schema", SCHEMA);
        ArrayNode names = root.putArray("releases");
        releases.forEach(
                (name, highest) -> names.addObject().put("name", name).put("highest", highest));
        ArrayNode seen = root.putArray("channels");
        channels.forEach((name, versions) ->
                seen.addObject()
                        .put("name", name)
                        .put("root", versions.root())
                        .put("targets", versions.targets()));
        return StrictJson.encode(root);
    }
}
