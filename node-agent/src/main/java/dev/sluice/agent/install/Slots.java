package dev.sluice.agent.install;

import dev.sluice.agent.disk.Durable;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PayloadExtractor;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions of packages that lie on this node, and which of each is current.
 *
 * <p>{@code slots/PACKAGE/VERSION/} has {@code manifest.json} and {@code files/}; it appears by
 * rename, complete or not at all. {@code slots/PACKAGE/current} is a symbolic link to one of them.
 */
public final class Slots {

    private static final Logger LOG = LoggerFactory.getLogger(Slots.class);

    private static final String CURRENT = "current";
    private static final String PREVIOUS = "previous";
    private static final String MANIFEST = "manifest.json";
    private static final String FILES = "files";
    private static final String INCOMPLETE = ".incomplete-";
    private static final String REMOVED = ".removed-";

    private final Path root;
    private final Role role;

    /** What was read of slots: the service is looked at five times a second. */
    private final Map<Path, Known> known = new ConcurrentHashMap<>();

    /**
     * A slot, and its manifest's file as it was when it was read.
     *
     * @param key tells it from a file that was renamed to its place
     */
    private record Known(Slot slot, FileTime written, long size, @Nullable Object key) {
        boolean isOf(BasicFileAttributes manifest) {
            return written.equals(manifest.lastModifiedTime())
                    && size == manifest.size()
                    && Objects.equals(key, manifest.fileKey());
        }
    }

    public Slots(Path root, Role role) {
        this.root = root;
        this.role = role;
    }

    /** Removes what a crash left half unpacked or half removed. */
    public void clean() throws IOException {
        Files.createDirectories(root);
        for (Path packageDirectory : list(root)) {
            for (Path entry : list(packageDirectory)) {
                String name = entry.getFileName().toString();
                if (name.startsWith(INCOMPLETE)) {
                    Durable.removeTree(entry);
                } else if (name.startsWith(REMOVED)) {
                    removeRest(entry);
                }
            }
        }
    }

    /** It is in nobody's way. */
    private static void removeRest(Path entry) {
        try {
            Durable.removeTree(entry);
        } catch (IOException e) {
            LOG.warn("{}: what is left of a removed slot stays: {}", entry, e.toString());
        }
    }

    /**
     * Removes the versions of a package that are neither current nor previous. Whoever installs one
     * of them again has it unpacked again.
     *
     * @return the versions that were removed
     */
    public List<String> removeOld(String packageName) throws IOException {
        Path packageDirectory = root.resolve(packageName);
        Set<String> kept = new HashSet<>();
        Optional.ofNullable(installed().get(packageName)).ifPresent(kept::add);
        Optional.ofNullable(previous().get(packageName)).ifPresent(kept::add);
        List<String> removed = new ArrayList<>();
        for (Path entry : list(packageDirectory)) {
            String version = entry.getFileName().toString();
            boolean isSlot =
                    !version.startsWith(".") && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
            if (isSlot && !kept.contains(version)) {
                Path going = packageDirectory.resolve(REMOVED + version);
                Durable.removeTree(going);
                Durable.move(entry, going);
                known.remove(entry);
                Durable.removeTree(going);
                removed.add(version);
            }
        }
        return removed;
    }

    /** Package name to current version. */
    public SortedMap<String, String> installed() throws IOException {
        return linked(CURRENT);
    }

    /** Package name to the version that was current before; what never changed is not in it. */
    public SortedMap<String, String> previous() throws IOException {
        return linked(PREVIOUS);
    }

    private SortedMap<String, String> linked(String link) throws IOException {
        SortedMap<String, String> versions = new TreeMap<>();
        for (Path packageDirectory : list(root)) {
            Path slot = packageDirectory.resolve(link);
            if (Files.isSymbolicLink(slot)) {
                versions.put(
                        packageDirectory.getFileName().toString(),
                        Files.readSymbolicLink(slot).getFileName().toString());
            }
        }
        return versions;
    }

    /** The current package that has something to run on this node. */
    public Optional<Slot> service() throws IOException {
        for (Path packageDirectory : list(root)) {
            Path current = packageDirectory.resolve(CURRENT);
            if (Files.isSymbolicLink(current)) {
                Slot slot = read(packageDirectory.resolve(Files.readSymbolicLink(current)));
                if (slot.kind() == PackageKind.SITE && !slot.command().isEmpty()) {
                    return Optional.of(slot);
                }
            }
        }
        return Optional.empty();
    }

    /** Unpacks the part for this node's role, unless that version lies here already. */
    public Slot unpack(Manifest manifest, byte[] manifestBytes, Path content) throws IOException {
        Path packageDirectory = root.resolve(manifest.name().value());
        Path slot = packageDirectory.resolve(manifest.version().value());
        if (!Files.isDirectory(slot)) {
            Path incomplete = packageDirectory.resolve(INCOMPLETE + manifest.version().value());
            Durable.removeTree(incomplete);
            Files.createDirectories(incomplete);
            PayloadExtractor.extract(
                    content, payload(manifest).directory(), incomplete.resolve(FILES));
            Durable.write(incomplete.resolve(MANIFEST), manifestBytes);
            Durable.move(incomplete, slot);
        }
        return read(slot);
    }

    /**
     * Makes a version the current one, atomically. The one before is named first: after a crash in
     * between it is current and previous, and nothing is forgotten but the one before that.
     */
    public void activate(Slot slot) throws IOException {
        Path packageDirectory = root.resolve(slot.packageName());
        Path current = packageDirectory.resolve(CURRENT);
        if (Files.isSymbolicLink(current)) {
            Path before = Files.readSymbolicLink(current).getFileName();
            if (!before.toString().equals(slot.version())) {
                Durable.link(packageDirectory.resolve(PREVIOUS), before);
            }
        }
        Durable.link(packageDirectory.resolve(CURRENT), Path.of(slot.version()));
    }

    private Slot read(Path slot) throws IOException {
        Path file = slot.resolve(MANIFEST);
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        Known before = known.get(slot);
        if (before != null && before.isOf(now)) {
            return before.slot();
        }
        Slot read = parse(slot, Files.readAllBytes(file));
        known.put(slot, new Known(read, now.lastModifiedTime(), now.size(), now.fileKey()));
        return read;
    }

    private Slot parse(Path slot, byte[] manifestBytes) throws IOException {
        try {
            Manifest manifest = Manifest.parse(manifestBytes);
            return new Slot(
                    manifest.name().value(),
                    manifest.version().value(),
                    manifest.kind(),
                    slot.resolve(FILES).toRealPath(),
                    payload(manifest).command());
        } catch (InvalidPackageException e) {
            throw new IOException("slot " + slot + ": " + e.getMessage(), e);
        }
    }

    private RolePayload payload(Manifest manifest) throws InvalidPackageException {
        if (manifest.installation() instanceof Installation.Roles roles) {
            RolePayload payload = roles.payloads().get(role);
            if (payload != null) {
                return payload;
            }
        }
        throw new InvalidPackageException(
                "%s: expected a payload for role %s, found none; this node cannot install it"
                        .formatted(manifest.title(), role.label()));
    }

    private static List<Path> list(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        }
        entries.sort(null);
        return entries;
    }
}
