package dev.sluice.trust.channel;

import dev.sluice.trust.channel.ChannelPackage.Digest;
import dev.sluice.trust.channel.Metadata.FileReference;
import dev.sluice.trust.channel.Metadata.Header;
import dev.sluice.trust.channel.Metadata.RoleKeys;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.Requirement;
import dev.sluice.trust.packages.Requirements;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.packages.StrictJson;
import dev.sluice.trust.packages.StrictObject;
import dev.sluice.trust.x509.SignatureScheme;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The payloads of a channel's files in JSON, read strictly and written the same way every time. */
final class MetadataJson {
    private static final String SCHEMA = "sluice/channel/v1";

    private MetadataJson() {}

    private static StrictObject open(byte[] payload, String file, ChannelRole role)
            throws InvalidPackageException {
        StrictObject root = StrictJson.object(file, payload, role.maxBytes());
        root.expect("schema", SCHEMA);
        root.expect("type", role.label());
        return root;
    }

    private static Header header(StrictObject root) throws InvalidPackageException {
        ChannelName channel = root.read("channel", ChannelName::new);
        long version = root.wholeNumber("version");
        Instant issued = root.read("issued", MetadataJson::instant);
        Instant expires = root.read("expires", MetadataJson::instant);
        return root.check(() -> new Header(channel, version, issued, expires));
    }

    static Metadata.Root root(byte[] payload, String file) throws InvalidPackageException {
        StrictObject root = open(payload, file, ChannelRole.ROOT);
        Header header = header(root);
        List<ChannelKey> keys = new ArrayList<>();
        for (StrictObject entry : root.objects("keys")) {
            SignatureScheme scheme = entry.read("scheme", MetadataJson::scheme);
            Sha256 id = entry.read("keyid", Sha256::new);
            ChannelKey key =
                    entry.read(
                            "public",
                            text -> ChannelKey.decode(Base64.getDecoder().decode(text), scheme));
            entry.end();
            if (!key.id().equals(id)) {
                throw new InvalidPackageException(
                        file + ": keyid " + id + " belongs to the key " + key.id());
            }
            keys.add(key);
        }
        StrictObject roles = root.object("roles");
        Map<ChannelRole, RoleKeys> of = new EnumMap<>(ChannelRole.class);
        for (ChannelRole role : ChannelRole.values()) {
            of.put(role, roleKeys(roles.object(role.label())));
        }
        roles.end();
        root.end();
        return root.check(() -> new Metadata.Root(header, keys, of));
    }

    private static RoleKeys roleKeys(StrictObject role) throws InvalidPackageException {
        SortedSet<Sha256> ids = new TreeSet<>(Comparator.comparing(Sha256::hex));
        for (String id : role.strings("keyids")) {
            if (!ids.add(role.check(() -> new Sha256(id)))) {
                throw new InvalidPackageException("keyids: " + id + " is there twice");
            }
        }
        long threshold = role.wholeNumber("threshold");
        role.end();
        return role.check(() -> new RoleKeys(ids, Math.toIntExact(threshold)));
    }

    static Metadata.Timestamp timestamp(byte[] payload, String file)
            throws InvalidPackageException {
        StrictObject root = open(payload, file, ChannelRole.TIMESTAMP);
        Header header = header(root);
        FileReference snapshot = reference(root.object("snapshot"));
        root.end();
        return new Metadata.Timestamp(header, snapshot);
    }

    static Metadata.Snapshot snapshot(byte[] payload, String file) throws InvalidPackageException {
        StrictObject root = open(payload, file, ChannelRole.SNAPSHOT);
        Header header = header(root);
        FileReference targets = reference(root.object("targets"));
        root.end();
        return new Metadata.Snapshot(header, targets);
    }

    private static FileReference reference(StrictObject node) throws InvalidPackageException {
        long version = node.wholeNumber("version");
        long size = node.wholeNumber("size");
        Sha256 sha256 = node.read("sha256", Sha256::new);
        node.end();
        return node.check(() -> new FileReference(version, size, sha256));
    }

    static Metadata.Targets targets(byte[] payload, String file) throws InvalidPackageException {
        StrictObject root = open(payload, file, ChannelRole.TARGETS);
        Header header = header(root);
        List<ChannelPackage> packages = new ArrayList<>();
        for (StrictObject entry : root.objects("packages")) {
            packages.add(channelPackage(entry));
        }
        root.end();
        return root.check(() -> new Metadata.Targets(header, packages));
    }

    private static ChannelPackage channelPackage(StrictObject entry)
            throws InvalidPackageException {
        PackageName name = entry.read("name", PackageName::new);
        PackageVersion version = entry.read("version", PackageVersion::new);
        PackageKind kind = entry.read("kind", PackageKind::valueOf);
        long counter = entry.wholeNumber("releaseCounter");
        List<Requirement> requires = Requirements.read(entry);
        Optional<PackageVersion> oldest =
                entry.readOptional("minDirectUpgradeFrom", PackageVersion::new);
        List<String> compatible = entry.strings("compatible");
        Digest file = digest(entry.object("file"));
        Digest manifest = digest(entry.object("manifest"));
        Digest signature = digest(entry.object("signature"));
        Sha256 content = entry.read("content", Sha256::new);
        entry.end();
        return entry.check(() ->
                new ChannelPackage(
                        name,
                        version,
                        kind,
                        counter,
                        requires,
                        oldest,
                        compatible,
                        file,
                        manifest,
                        signature,
                        content));
    }

    private static Digest digest(StrictObject node) throws InvalidPackageException {
        long size = node.wholeNumber("size");
        Sha256 sha256 = node.read("sha256", Sha256::new);
        node.end();
        return node.check(() -> new Digest(size, sha256));
    }

    private static SignatureScheme scheme(String text) {
        for (SignatureScheme scheme : SignatureScheme.values()) {
            if (scheme.algorithm().equals(text)) {
                return scheme;
            }
        }
        throw new IllegalArgumentException("not SHA256withECDSA or ML-DSA-65");
    }

    private static Instant instant(String text) {
        try {
            Instant instant = Instant.parse(text);
            if (instant.toString().equals(text)) {
                return instant;
            }
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("not a time such as 2026-01-01T00:00:00Z", e);
        }
        throw new IllegalArgumentException("not a time such as 2026-01-01T00:00:00Z");
    }

    static byte[] encode(Metadata metadata) {
        Header header = metadata.header();
        ObjectNode root = StrictJson.newObject();
        root.put("schema", SCHEMA);
        root.put("type", metadata.role().label());
        root.put("channel", header.channel().value());
        root.put("version", header.version());
        root.put("issued", header.issued().toString());
        root.put("expires", header.expires().toString());
        switch (metadata) {
            case Metadata.Root keys -> putRoot(root, keys);
            case Metadata.Timestamp timestamp ->
                    put(root.putObject("snapshot"), timestamp.snapshot());
            case Metadata.Snapshot snapshot -> put(root.putObject("targets"), snapshot.targets());
            case Metadata.Targets targets -> {
                ArrayNode packages = root.putArray("packages");
                targets.packages().forEach(pkg -> put(packages.addObject(), pkg));
            }
        }
        return StrictJson.encode(root);
    }

    private static void putRoot(ObjectNode root, Metadata.Root metadata) {
        ArrayNode keys = root.putArray("keys");
        for (ChannelKey key : metadata.keys()) {
            keys.addObject()
                    .put("keyid", key.id().hex())
                    .put("scheme", key.scheme().algorithm())
                    .put("public", Base64.getEncoder().encodeToString(key.key().getEncoded()));
        }
        ObjectNode roles = root.putObject("roles");
        for (ChannelRole role : ChannelRole.values()) {
            ObjectNode node = roles.putObject(role.label());
            ArrayNode ids = node.putArray("keyids");
            metadata.of(role).keys().forEach(id -> ids.add(id.hex()));
            node.put("threshold", metadata.of(role).threshold());
        }
    }

    private static void put(ObjectNode node, FileReference reference) {
        node.put("version", reference.version());
        node.put("size", reference.size());
        node.put("sha256", reference.sha256().hex());
    }

    private static void put(ObjectNode node, ChannelPackage pkg) {
        node.put("name", pkg.name().value());
        node.put("version", pkg.version().value());
        node.put("kind", pkg.kind().name());
        node.put("releaseCounter", pkg.releaseCounter());
        Requirements.write(pkg.requires(), node);
        pkg.minDirectUpgradeFrom()
                .ifPresent(oldest -> node.put("minDirectUpgradeFrom", oldest.value()));
        ArrayNode compatible = node.putArray("compatible");
        pkg.compatible().forEach(compatible::add);
        put(node.putObject("file"), pkg.file());
        put(node.putObject("manifest"), pkg.manifest());
        put(node.putObject("signature"), pkg.signature());
        node.put("content", pkg.content().hex());
    }

    private static void put(ObjectNode node, Digest digest) {
        node.put("size", digest.size());
        node.put("sha256", digest.sha256().hex());
    }
}
