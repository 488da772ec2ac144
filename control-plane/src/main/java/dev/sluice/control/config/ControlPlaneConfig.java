package dev.sluice.control.config;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.recordstore.Retention;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a control plane is started with.
 *
 * @param dataDir owned by this process alone: journal, packages, backups
 * @param listen where agents, operators and other masters connect
 * @param transferListen where agents pull contents by the transfer protocol; port 0: a free one
 * @param trustedSigners PEM files; a package has to be signed by one of them
 * @param inventory founds the cluster while the journal is empty
 * @param masters addresses of the other masters
 * @param sharedAddress host:port that the primary's node holds; absent: none
 * @param stagedPackages where the agent on this node keeps its staged packages; absent: not on this
 *     machine
 * @param channel where packages come from; absent: single files only
 * @param interApplianceKeyFile the secret that all masters share; absent: this is the only one
 * @param sessionRecords how much of them is kept
 * @param depotMaxBytes of all packages in the depot together; absent: as much as the disk has
 */
public record ControlPlaneConfig(
        NodeId masterId,
        Path dataDir,
        InetSocketAddress listen,
        InetSocketAddress transferListen,
        Tls tls,
        List<Path> trustedSigners,
        Path inventory,
        SortedMap<NodeId, InetSocketAddress> masters,
        Optional<String> sharedAddress,
        Optional<Path> stagedPackages,
        Optional<Path> interApplianceKeyFile,
        Optional<ChannelConfig> channel,
        Retention sessionRecords,
        Optional<Long> depotMaxBytes) {

    private static final Duration LEAST_RECORD_AGE = Duration.ofHours(1);
    private static final Duration MOST_RECORD_AGE = Duration.ofDays(3_650);

    /** All of it is read at the start: more would make that take minutes. */
    private static final long MOST_RECORD_BYTES = 4L << 30;

    /** Less has no room for a package and the one before it. */
    private static final long LEAST_DEPOT_BYTES = 16L << 20;

    private static final long MOST_DEPOT_BYTES = 1L << 50;

    public ControlPlaneConfig {
        trustedSigners = List.copyOf(trustedSigners);
        masters = Collections.unmodifiableSortedMap(new TreeMap<>(masters));
    }

    /**
     * Where packages come from.
     *
     * @param root the root file of the channel that is pinned
     * @param url of the channel; absent: it comes in bundles only
     * @param ca PEM file of the authorities of the web server; absent: Java's
     * @param proxy an HTTP proxy; absent: the system's settings
     */
    public record ChannelConfig(
            Path root, Optional<URI> url, Optional<Path> ca, Optional<InetSocketAddress> proxy) {}

    /** The three PEM files of the master's identity. */
    public record Tls(Path ca, Path certificate, Path key) {}

    /**
     * Reads a configuration; relative paths in it are relative to the file.
     *
     * @throws ConfigException naming file, line, key, what was expected and found
     */
    public static ControlPlaneConfig read(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        Path base = folder == null ? file.toAbsolutePath() : folder;
        StrictMap map = StrictYaml.read(file).map();
        NodeId self = map.require("masterId").value("an id", NodeId::new);
        StrictMap tls = map.require("tls").map();
        Tls identity =
                new Tls(
                        path(tls, "ca", base),
                        path(tls, "certificate", base),
                        path(tls, "key", base));
        tls.finish();
        List<Path> signers = new ArrayList<>();
        for (StrictNode signer : map.require("trustedSigners").list()) {
            signers.add(base.resolve(signer.string()));
        }
        InetSocketAddress listen =
                map.require("listen").value("host:port", ControlPlaneConfig::address);
        ControlPlaneConfig config =
                new ControlPlaneConfig(
                        self,
                        path(map, "dataDir", base),
                        listen,
                        map.find("transferListen")
                                .map(n -> n.value("host:port", ControlPlaneConfig::address))
                                .orElse(new InetSocketAddress(listen.getHostString(), 0)),
                        identity,
                        signers,
                        path(map, "inventory", base),
                        masters(map, self),
                        map.find("sharedAddress").map(ControlPlaneConfig::addressText),
                        map.find("stagedPackages").map(n -> base.resolve(n.string())),
                        map.find("interApplianceKeyFile").map(n -> base.resolve(n.string())),
                        map.find("channel").map(n -> channel(n, base)),
                        map.find("sessionRecords")
                                .map(ControlPlaneConfig::retention)
                                .orElse(Retention.DEFAULT),
                        map.find("depot").flatMap(ControlPlaneConfig::depotMaxBytes));
        map.finish();
        if (!config.masters().isEmpty() && config.interApplianceKeyFile().isEmpty()) {
            var _ = map.require("interApplianceKeyFile");
        }
        return config;
    }

    private static ChannelConfig channel(StrictNode node, Path base) {
        StrictMap map = node.map();
        ChannelConfig channel =
                new ChannelConfig(
                        path(map, "root", base),
                        map.find("url").map(n -> n.value("an https URL", ControlPlaneConfig::url)),
                        map.find("ca").map(n -> base.resolve(n.string())),
                        map.find("proxy")
                                .map(n -> n.value("host:port", ControlPlaneConfig::address)));
        map.finish();
        return channel;
    }

    private static URI url(String text) {
        URI url = URI.create(text);
        if (!"https".equals(url.getScheme())
                || url.getHost() == null
                || url.getUserInfo() != null
                || url.getQuery() != null
                || url.getFragment() != null) {
            throw new IllegalArgumentException(
                    "expected https://HOST/PATH without user and query, found \"%s\""
                            .formatted(text.contains("@") ? "one with a user" : text));
        }
        return url;
    }

    private static Retention retention(StrictNode node) {
        StrictMap map = node.map();
        Optional<StrictNode> maxAge = map.find("maxAge");
        Duration age = maxAge.map(StrictNode::duration).orElse(Retention.DEFAULT_MAX_AGE);
        if (age.compareTo(LEAST_RECORD_AGE) < 0 || age.compareTo(MOST_RECORD_AGE) > 0) {
            throw maxAge.orElse(node)
                    .expected(
                            "a duration from %s to %s"
                                    .formatted(LEAST_RECORD_AGE, MOST_RECORD_AGE));
        }
        long bytes =
                map.find("maxBytes")
                        .map(n -> n.whole(Retention.LEAST_BYTES, MOST_RECORD_BYTES))
                        .orElse(Retention.DEFAULT_MAX_BYTES);
        map.finish();
        return new Retention(age, bytes);
    }

    private static Optional<Long> depotMaxBytes(StrictNode node) {
        StrictMap map = node.map();
        Optional<Long> bytes =
                map.find("maxBytes").map(n -> n.whole(LEAST_DEPOT_BYTES, MOST_DEPOT_BYTES));
        map.finish();
        return bytes;
    }

    private static SortedMap<NodeId, InetSocketAddress> masters(StrictMap map, NodeId self) {
        SortedMap<NodeId, InetSocketAddress> masters = new TreeMap<>();
        Set<NodeId> seen = new HashSet<>(Set.of(self));
        Optional<StrictNode> list = map.find("masters");
        if (list.isEmpty()) {
            return masters;
        }
        for (StrictNode entry : list.get().list()) {
            StrictMap master = entry.map();
            NodeId id = master.require("id").value("an id", NodeId::new);
            if (!seen.add(id)) {
                throw entry.error("master id %s is used twice".formatted(id));
            }
            masters.put(
                    id, master.require("address").value("host:port", ControlPlaneConfig::address));
            master.finish();
        }
        return masters;
    }

    private static Path path(StrictMap map, String key, Path base) {
        return base.resolve(map.requireString(key));
    }

    private static String addressText(StrictNode node) {
        var _ = node.value("host:port", ControlPlaneConfig::address);
        return node.string();
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (colon > 0 && port > 0 && port <= 65_535) {
                return new InetSocketAddress(text.substring(0, colon), port);
            }
        } catch (NumberFormatException e) {
            throw noAddress(text, e);
        }
        throw noAddress(text, null);
    }

    private static IllegalArgumentException noAddress(String text, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                "expected host:port with a port from 1 to 65535, found \"%s\"".formatted(text),
                cause);
    }
}
