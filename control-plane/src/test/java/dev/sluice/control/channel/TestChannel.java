package dev.sluice.control.channel;

import dev.sluice.trust.channel.ChannelKey;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.channel.ChannelSigningKey;
import dev.sluice.trust.channel.Metadata;
import dev.sluice.trust.channel.Metadata.FileReference;
import dev.sluice.trust.channel.Metadata.Header;
import dev.sluice.trust.channel.Metadata.RoleKeys;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** A channel of real packages, as the files that its web server would have; one key for all. */
public final class TestChannel {
    private static final ChannelName NAME = new ChannelName("stable");

    private final ChannelSigningKey key = ChannelSigningKey.create(SignatureScheme.ECDSA_P256);
    private final List<ChannelPackage> packages = new ArrayList<>();
    private final Instant now;

    /** Metadata by name, as {@code timestamp.json}. */
    public final SortedMap<String, byte[]> metadata = new TreeMap<>();

    /** Packages by path, as {@code packages/HASH.sluice}. */
    public final SortedMap<String, Path> files = new TreeMap<>();

    public TestChannel(Instant now) {
        this.now = now;
        TreeSet<Sha256> ids = new TreeSet<>(Comparator.comparing(Sha256::hex));
        ids.add(key.key().id());
        Map<ChannelRole, RoleKeys> roles = new EnumMap<>(ChannelRole.class);
        for (ChannelRole role : ChannelRole.values()) {
            roles.put(role, new RoleKeys(ids, 1));
        }
        List<ChannelKey> keys = List.of(key.key());
        put("1.root.json", new Metadata.Root(header(1), keys, roles));
    }

    private Header header(long version) {
        return new Header(NAME, version, now, now.plus(Duration.ofDays(7)));
    }

    private byte[] put(String name, Metadata file) {
        byte[] bytes = file.signed(List.of(key));
        metadata.put(name, bytes);
        return bytes;
    }

    public byte[] root() {
        return metadata.getOrDefault("1.root.json", new byte[0]);
    }

    /** Adds a package and publishes everything under this version. */
    public ChannelPackage publish(long version, Path file) throws IOException {
        PackageHead head = PackageReader.open(file);
        ChannelPackage pkg =
                ChannelPackage.of(
                        Manifest.parse(head.manifestBytes()),
                        ChannelPackage.Digest.of(Files.readAllBytes(file)),
                        ChannelPackage.Digest.of(head.manifestBytes()),
                        ChannelPackage.Digest.of(head.signatureBytes()));
        packages.add(pkg);
        files.put(pkg.path(), file);
        byte[] targets =
                put(version + ".targets.json", new Metadata.Targets(header(version), packages));
        byte[] snapshot =
                put(
                        version + ".snapshot.json",
                        new Metadata.Snapshot(header(version), FileReference.to(version, targets)));
        put(
                "timestamp.json",
                new Metadata.Timestamp(header(version), FileReference.to(version, snapshot)));
        return pkg;
    }

    /** Has a web server serve it. */
    public void serve(WebServer server) throws IOException {
        for (Map.Entry<String, byte[]> file : metadata.entrySet()) {
            server.file("/channel/" + file.getKey(), file.getValue());
        }
        for (Map.Entry<String, Path> file : files.entrySet()) {
            server.file("/channel/" + file.getKey(), Files.readAllBytes(file.getValue()));
        }
    }
}
