package dev.sluice.trust.packages;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The manifest's JSON form, read strictly and written the same way every time. */
final class ManifestJson {
    private static final String FILE = "manifest.json";

    private ManifestJson() {}

    static Manifest parse(byte[] json) throws InvalidPackageException {
        StrictObject root = root(json);
        root.expect("schema", Manifest.SCHEMA);
        ManifestDraft description = description(root);
        PackageContent content = content(root.object("content"));
        root.end();
        return new Manifest(description, content);
    }

    static ManifestDraft parseDraft(byte[] json) throws InvalidPackageException {
        StrictObject root = root(json);
        root.expect("schema", Manifest.SCHEMA);
        ManifestDraft description = description(root);
        root.end();
        return description;
    }

    private static StrictObject root(byte[] json) throws InvalidPackageException {
        return StrictJson.object(FILE, json, Manifest.MAX_BYTES);
    }

    private static ManifestDraft description(StrictObject root) throws InvalidPackageException {
        PackageName name = root.read("name", PackageName::new);
        PackageKind kind = root.read("kind", ManifestJson::kind);
        PackageVersion version = root.read("version", PackageVersion::new);
        long releaseCounter = root.wholeNumber("releaseCounter");
        List<Requirement> requires = Requirements.read(root);
        Optional<PackageVersion> oldest =
                root.readOptional("minDirectUpgradeFrom", PackageVersion::new);
        List<String> compatible = root.strings("compatible");
        boolean rebootRequired = root.bool("rebootRequired");
        boolean invalidatesClients = root.bool("invalidatesClients");
        Optional<Duration> soak = root.readOptional("soak", ManifestJson::duration);
        Optional<String> eula = root.readOptional("eula", text -> text);
        Installation installation = installation(root);
        return root.check(() ->
                new ManifestDraft(
                        name,
                        kind,
                        version,
                        releaseCounter,
                        requires,
                        oldest.orElse(null),
                        compatible,
                        rebootRequired,
                        invalidatesClients,
                        soak.orElse(null),
                        eula.orElse(null),
                        installation));
    }

    private static Installation installation(StrictObject root) throws InvalidPackageException {
        Optional<PayloadPath> image = root.readOptional("image", PayloadPath::new);
        Optional<StrictObject> roles = root.optionalObject("roles");
        if (image.isPresent() == roles.isPresent()) {
            throw new InvalidPackageException(
                    FILE
                            + ": expected either image (a BASE package) or roles (any other), found "
                            + (image.isPresent() ? "both" : "neither"));
        }
        if (image.isPresent()) {
            return new Installation.Image(image.get());
        }
        SortedMap<Role, RolePayload> payloads = new TreeMap<>();
        for (Role role : Role.values()) {
            Optional<StrictObject> payload = roles.orElseThrow().optionalObject(role.label());
            if (payload.isPresent()) {
                payloads.put(role, rolePayload(payload.get()));
            }
        }
        roles.orElseThrow().end();
        return new Installation.Roles(payloads);
    }

    private static RolePayload rolePayload(StrictObject payload) throws InvalidPackageException {
        PayloadPath directory = payload.read("directory", PayloadPath::new);
        List<String> command = payload.strings("command");
        payload.end();
        return payload.check(() -> new RolePayload(directory, command));
    }

    private static PackageContent content(StrictObject content) throws InvalidPackageException {
        long size = content.wholeNumber("size");
        Sha256 sha256 = content.read("sha256", Sha256::new);
        long leafSize = content.wholeNumber("leafSize");
        Sha256 merkleRoot = content.read("merkleRoot", Sha256::new);
        content.end();
        return content.check(
                () -> new PackageContent(size, sha256, Math.toIntExact(leafSize), merkleRoot));
    }

    private static PackageKind kind(String text) {
        for (PackageKind kind : PackageKind.values()) {
            if (kind.name().equals(text)) {
                return kind;
            }
        }
        throw new IllegalArgumentException(Printable.quoted(text) + " is not BASE, SITE or ADDON");
    }

    private static Duration duration(String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    Printable.quoted(text) + " is not an ISO-8601 duration such as PT24H", e);
        }
    }

    static byte[] encode(Manifest manifest) {
        ObjectNode root = StrictJson.newObject();
        ManifestDraft description = manifest.description();
        root.put("schema", Manifest.SCHEMA);
        root.put("name", description.name().value());
        root.put("kind", description.kind().name());
        root.put("version", description.version().value());
        root.put("releaseCounter", description.releaseCounter());
        Requirements.write(description.requires(), root);
        putOptional(root, "minDirectUpgradeFrom", description.minDirectUpgradeFrom());
        ArrayNode compatible = root.putArray("compatible");
        description.compatible().forEach(compatible::add);
        root.putObject("content")
                .put("size", manifest.content().size())
                .put("sha256", manifest.content().sha256().hex())
                .put("leafSize", manifest.content().leafSize())
                .put("merkleRoot", manifest.content().merkleRoot().hex());
        root.put("rebootRequired", description.rebootRequired());
        root.put("invalidatesClients", description.invalidatesClients());
        putOptional(root, "soak", description.soak());
        putOptional(root, "eula", description.eula());
        switch (description.installation()) {
            case Installation.Image image -> root.put("image", image.file().value());
            case Installation.Roles roles -> {
                ObjectNode payloads = root.putObject("roles");
                roles.payloads().forEach((role, payload) -> putRole(payloads, role, payload));
            }
        }
        return StrictJson.encode(root);
    }

    private static void putRole(ObjectNode roles, Role role, RolePayload payload) {
        ObjectNode node = roles.putObject(role.label());
        node.put("directory", payload.directory().value());
        if (!payload.command().isEmpty()) {
            ArrayNode command = node.putArray("command");
            payload.command().forEach(command::add);
        }
    }

    private static void putOptional(ObjectNode node, String key, @Nullable Object value) {
        if (value != null) {
            node.put(key, value.toString());
        }
    }
}
