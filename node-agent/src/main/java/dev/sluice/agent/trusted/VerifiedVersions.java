package dev.sluice.agent.trusted;

import dev.sluice.agent.disk.Durable;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.SeenStore;
import dev.sluice.trust.channel.SeenVersions;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.StrictJson;
import dev.sluice.trust.packages.StrictObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The highest versions of channels' files that this node has verified itself, forced before it acts
 * because of them. Nothing that a master only says gets here. For one thread at a time.
 */
final class VerifiedVersions implements SeenStore {

    private static final String FILE = "verified-channels.json";
    private static final String SCHEMA = "sluice/verified-channels/v1";

    private final Path file;
    private final SortedMap<String, SeenVersions> channels = new TreeMap<>();

    private VerifiedVersions(Path file) {
        this.file = file;
    }

    /**
     * What the file in this directory says; nothing when there is none.
     *
     * @throws IOException when it cannot be read or is damaged: without it the node would forget
     *     what it must refuse, so it does not start
     */
    static VerifiedVersions open(Path directory) throws IOException {
        VerifiedVersions versions = new VerifiedVersions(directory.resolve(FILE));
        TrustFile.read(versions.file, SCHEMA, versions::read);
        return versions;
    }

    private void read(StrictObject root) throws InvalidPackageException {
        for (StrictObject entry : root.objects("channels")) {
            ChannelName name = entry.read("name", ChannelName::new);
            long rootVersion = entry.wholeNumber("root");
            long timestamp = entry.wholeNumber("timestamp");
            long snapshot = entry.wholeNumber("snapshot");
            long targets = entry.wholeNumber("targets");
            entry.end();
            channels.put(
                    name.value(),
                    root.check(() ->
                            new SeenVersions(name, rootVersion, timestamp, snapshot, targets)));
        }
    }

    @Override
    public SeenVersions seen(ChannelName channel) {
        return channels.getOrDefault(channel.value(), SeenVersions.none(channel));
    }

    @Override
    public void store(SeenVersions seen) throws IOException {
        SortedMap<String, SeenVersions> next = new TreeMap<>(channels);
        next.put(seen.channel().value(), seen);
        Durable.write(file, encoded(next));
        channels.putAll(next);
    }

    private static byte[] encoded(SortedMap<String, SeenVersions> channels) {
        ObjectNode root = StrictJson.newObject();
        root.put("schema", SCHEMA);
        ArrayNode entries = root.putArray("channels");
        channels.values()
                .forEach(seen ->
                        entries.addObject()
                                .put("name", seen.channel().value())
                                .put("root", seen.root())
                                .put("timestamp", seen.timestamp())
                                .put("snapshot", seen.snapshot())
                                .put("targets", seen.targets()));
        return StrictJson.encode(root);
    }
}
