package dev.sluice.trust.channel;

import dev.sluice.trust.channel.Metadata.FileReference;
import dev.sluice.trust.channel.Metadata.Header;
import dev.sluice.trust.channel.Metadata.RoleKeys;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** A channel in memory: its keys, its web server's files, and a client that remembers. */
final class ChannelFixture implements ChannelSource, SeenStore {
    static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    static final ChannelName NAME = new ChannelName("stable");

    final Map<ChannelRole, List<ChannelSigningKey>> keys = new EnumMap<>(ChannelRole.class);
    final Map<ChannelRole, Integer> thresholds = new EnumMap<>(ChannelRole.class);
    final SortedMap<String, byte[]> files = new TreeMap<>();
    final Map<ChannelName, SeenVersions> seen = new HashMap<>();
    final List<String> log = new ArrayList<>();
    byte[] pinned;
    Instant now = NOW;
    long rootVersion = 1;

    private ChannelFixture() {
        for (ChannelRole role : ChannelRole.values()) {
            keys.put(role, new ArrayList<>(List.of(key())));
            thresholds.put(role, 1);
        }
        pinned = root(1).signed(keys(ChannelRole.ROOT));
        files.put("1.root.json", pinned);
    }

    static ChannelFixture create() {
        ChannelFixture fixture = new ChannelFixture();
        fixture.publish(1, pkg("site", "25.1.0", 1));
        return fixture;
    }

    static ChannelSigningKey key() {
        return ChannelSigningKey.create(SignatureScheme.ECDSA_P256);
    }

    static ChannelPackage pkg(String name, String version, long counter) {
        Sha256 hash = new Sha256("a".repeat(64));
        ChannelPackage.Digest digest = new ChannelPackage.Digest(100, hash);
        return new ChannelPackage(
                new PackageName(name),
                new PackageVersion(version),
                PackageKind.SITE,
                counter,
                List.of(),
                Optional.empty(),
                List.of(),
                digest,
                digest,
                digest,
                hash);
    }

    List<ChannelSigningKey> keys(ChannelRole role) {
        return Objects.requireNonNull(keys.get(role));
    }

    byte[] file(String name) {
        return Objects.requireNonNull(files.get(name), name);
    }

    Header header(long version, Duration validity) {
        return new Header(NAME, version, NOW, NOW.plus(validity));
    }

    Metadata.Root root(long version) {
        List<ChannelKey> all = new ArrayList<>();
        Map<ChannelRole, RoleKeys> roles = new EnumMap<>(ChannelRole.class);
        keys.forEach((role, of) -> {
            SortedSet<Sha256> ids = new TreeSet<>(Comparator.comparing(Sha256::hex));
            of.forEach(key -> ids.add(key.key().id()));
            roles.put(role, new RoleKeys(ids, Objects.requireNonNull(thresholds.get(role))));
            of.stream().map(ChannelSigningKey::key).filter(k -> !all.contains(k)).forEach(all::add);
        });
        return new Metadata.Root(header(version, Duration.ofDays(365)), all, roles);
    }

    /** Publishes the next root, with these keys in a role, signed by old and new root keys. */
    void rotate(ChannelRole role, int threshold, ChannelSigningKey... newKeys) {
        List<ChannelSigningKey> signers = new ArrayList<>(keys(ChannelRole.ROOT));
        keys.put(role, new ArrayList<>(List.of(newKeys)));
        thresholds.put(role, threshold);
        for (ChannelSigningKey key : keys(ChannelRole.ROOT)) {
            if (!signers.contains(key)) {
                signers.add(key);
            }
        }
        rootVersion++;
        files.put(rootVersion + ".root.json", root(rootVersion).signed(signers));
    }

    /** Publishes a state whose files all have this version. */
    void publish(long version, ChannelPackage... packages) {
        put(targets(version, packages), version);
    }

    byte[] targets(long version, ChannelPackage... packages) {
        return new Metadata.Targets(header(version, Duration.ofDays(90)), List.of(packages))
                .signed(keys(ChannelRole.TARGETS));
    }

    void put(byte[] targets, long version) {
        files.put(version + ".targets.json", targets);
        byte[] snapshot =
                new Metadata.Snapshot(
                                header(version, Duration.ofDays(30)),
                                FileReference.to(version, targets))
                        .signed(keys(ChannelRole.SNAPSHOT));
        files.put(version + ".snapshot.json", snapshot);
        timestamp(version, FileReference.to(version, snapshot), Duration.ofDays(2));
    }

    void timestamp(long version, FileReference snapshot, Duration validity) {
        files.put(
                "timestamp.json",
                new Metadata.Timestamp(header(version, validity), snapshot)
                        .signed(keys(ChannelRole.TIMESTAMP)));
    }

    ChannelOutcome read() {
        return new ChannelClient(pinned, this, InstantSource.fixed(now)).read(this);
    }

    Channel current() {
        return switch (read()) {
            case ChannelOutcome.Current(Channel channel) -> channel;
            case ChannelOutcome.Refused refused -> throw new AssertionError(refused.toString());
        };
    }

    ChannelOutcome.Refused refused() {
        return switch (read()) {
            case ChannelOutcome.Current(Channel channel) ->
                    throw new AssertionError("expected a refusal, found " + channel.versions());
            case ChannelOutcome.Refused refused -> refused;
        };
    }

    @Override
    public Optional<byte[]> fetch(String name, int maxBytes) throws IOException {
        log.add("fetch " + name);
        return Optional.ofNullable(files.get(name));
    }

    @Override
    public String description() {
        return "memory";
    }

    @Override
    public SeenVersions seen(ChannelName channel) {
        return seen.getOrDefault(channel, SeenVersions.none(channel));
    }

    @Override
    public void store(SeenVersions versions) throws IOException {
        log.add("store " + versions);
        seen.put(versions.channel(), versions);
    }
}
