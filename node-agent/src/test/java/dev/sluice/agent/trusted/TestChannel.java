package dev.sluice.agent.trusted;

import com.google.protobuf.ByteString;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.channel.ChannelSigningKey;
import dev.sluice.trust.channel.Metadata;
import dev.sluice.trust.channel.Metadata.FileReference;
import dev.sluice.trust.channel.Metadata.Header;
import dev.sluice.trust.channel.Metadata.RoleKeys;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.x509.SignatureScheme;
import dev.sluice.v1.ChannelFile;
import dev.sluice.v1.ChannelFiles;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A channel's files as a master hands them on; one key signs all of them. */
public final class TestChannel {

    private static final Duration VALIDITY = Duration.ofDays(7);

    private final ChannelName name;
    private final ChannelSigningKey key = ChannelSigningKey.create(SignatureScheme.ECDSA_P256);
    private final Instant issued;
    private final byte[] root;

    /** By name, without the root. */
    final SortedMap<String, byte[]> files = new TreeMap<>();

    public TestChannel(String name, Instant issued) {
        this.name = new ChannelName(name);
        this.issued = issued;
        TreeSet<Sha256> ids = new TreeSet<>(Comparator.comparing(Sha256::hex));
        ids.add(key.key().id());
        Map<ChannelRole, RoleKeys> roles = new EnumMap<>(ChannelRole.class);
        for (ChannelRole role : ChannelRole.values()) {
            roles.put(role, new RoleKeys(ids, 1));
        }
        this.root = signed(new Metadata.Root(header(1), List.of(key.key()), roles));
    }

    /** A package's manifest; its content's SHA-256 is this digit, repeated. */
    static Manifest site(String version, long release, String digit) {
        return new Manifest(
                ManifestDraft.of(
                        new PackageName("site"),
                        PackageKind.SITE,
                        new PackageVersion(version),
                        release,
                        Installation.Roles.of(
                                Map.of(
                                        Role.TRAFFIC,
                                        new RolePayload(new PayloadPath("traffic"), List.of())))),
                new PackageContent(
                        1536,
                        new Sha256(digit.repeat(64)),
                        PackageContent.LEAF_SIZE,
                        new Sha256("b".repeat(64))));
    }

    private Header header(long version) {
        return new Header(name, version, issued, issued.plus(VALIDITY));
    }

    private byte[] signed(Metadata metadata) {
        return metadata.signed(List.of(key));
    }

    /** What is pinned. */
    public byte[] root() {
        return root.clone();
    }

    /** Publishes these packages; all files get this version. */
    public TestChannel publish(long version, Manifest... packages) {
        files.clear();
        byte[] targets =
                signed(
                        new Metadata.Targets(
                                header(version),
                                Stream.of(packages).map(TestChannel::offer).toList()));
        byte[] snapshot =
                signed(new Metadata.Snapshot(header(version), FileReference.to(version, targets)));
        files.put(version + ".targets.json", targets);
        files.put(version + ".snapshot.json", snapshot);
        files.put(
                "timestamp.json",
                signed(
                        new Metadata.Timestamp(
                                header(version), FileReference.to(version, snapshot))));
        return this;
    }

    private static ChannelPackage offer(Manifest manifest) {
        ChannelPackage.Digest digest =
                ChannelPackage.Digest.of(manifest.title().getBytes(StandardCharsets.UTF_8));
        return ChannelPackage.of(manifest, digest, digest, digest);
    }

    byte[] file(String file) {
        return Objects.requireNonNull(files.get(file), file);
    }

    /** As an order has them. */
    public ChannelFiles sent() {
        ChannelFiles.Builder sent = ChannelFiles.newBuilder().setChannel(name.value());
        files.forEach((file, bytes) ->
                sent.addFiles(
                        ChannelFile.newBuilder()
                                .setName(file)
                                .setContent(ByteString.copyFrom(bytes))));
        return sent.build();
    }
}
