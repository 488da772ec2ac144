package dev.sluice.trust.channel;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.StrictJson;
import dev.sluice.trust.packages.StrictObject;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarFile;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A channel's files and some of its packages in one file, for a cluster without a network. A tar of
 * {@code bundle.json}, the metadata under their names, and {@code packages/}. Nothing in it is
 * trusted for being in it.
 */
public final class Bundle implements ChannelSource, Closeable {
    private static final String SCHEMA = "sluice/bundle/v1";
    private static final String INDEX = "bundle.json";
    private static final int MAX_INDEX_BYTES = 1 << 20;

    /** Files in a bundle: the roots that a client follows, three more, and packages. */
    private static final int MAX_ENTRIES = ChannelClient.MAX_ROOTS + 256;

    private static final Pattern NAME =
            Pattern.compile(
                    "bundle\\.json|timestamp\\.json|[1-9][0-9]{0,15}\\.(root|snapshot|targets)\\.json"
                            + "|packages/[0-9a-f]{64}\\.sluice");

    private final Path file;
    private final TarFile tar;
    private final Map<String, TarArchiveEntry> entries;
    private final Index index;

    /**
     * What the bundle says of itself.
     *
     * @param created the time of the machine that made it
     * @param packages paths in the order in which they are to be imported
     */
    public record Index(ChannelName channel, Instant created, List<String> packages) {
        public Index {
            created = created.truncatedTo(ChronoUnit.SECONDS);
            packages = List.copyOf(packages);
        }
    }

    private Bundle(Path file, TarFile tar, Map<String, TarArchiveEntry> entries, Index index) {
        this.file = file;
        this.tar = tar;
        this.entries = entries;
        this.index = index;
    }

    /** What every bundle begins with, and no package. */
    public static byte[] beginning() {
        return (INDEX + "\0").getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes a bundle; {@code out} should be a file that gets its name afterwards. */
    public static void write(
            Path out,
            Index index,
            SortedMap<String, byte[]> metadata,
            SortedMap<String, Path> files)
            throws IOException {
        try (TarArchiveOutputStream tar =
                new TarArchiveOutputStream(
                        new BufferedOutputStream(Files.newOutputStream(out)), 512, "UTF-8")) {
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            put(tar, INDEX, encoded(index));
            for (Map.Entry<String, byte[]> entry : metadata.entrySet()) {
                put(tar, entry.getKey(), entry.getValue());
            }
            for (Map.Entry<String, Path> entry : files.entrySet()) {
                begin(tar, entry.getKey(), Files.size(entry.getValue()));
                Files.copy(entry.getValue(), tar);
                tar.closeArchiveEntry();
            }
        }
    }

    private static void put(TarArchiveOutputStream tar, String name, byte[] bytes)
            throws IOException {
        begin(tar, name, bytes.length);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    private static void begin(TarArchiveOutputStream tar, String name, long size)
            throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(size);
        entry.setModTime(315_532_800_000L);
        tar.putArchiveEntry(entry);
    }

    private static byte[] encoded(Index index) {
        ObjectNode root = StrictJson.newObject();
        root.put("schema", SCHEMA);
        root.put("channel", index.channel().value());
        root.put("created", index.created().toString());
        ArrayNode packages = root.putArray("packages");
        index.packages().forEach(packages::add);
        return StrictJson.encode(root);
    }

    /**
     * Opens a bundle.
     *
     * @throws InvalidPackageException when it is none
     */
    public static Bundle open(Path file) throws IOException {
        TarFile tar;
        try {
            tar = new TarFile(file.toFile());
        } catch (IOException | RuntimeException e) {
            throw new InvalidPackageException(
                    "the bundle is damaged or truncated: " + e.getMessage(), e);
        }
        try {
            Map<String, TarArchiveEntry> entries = new HashMap<>();
            for (TarArchiveEntry entry : tar.getEntries()) {
                check(entry, entries);
            }
            TarArchiveEntry index = entries.get(INDEX);
            if (index == null) {
                throw new InvalidPackageException("the bundle has no " + INDEX);
            }
            return new Bundle(file, tar, entries, parse(bytes(tar, index, INDEX, MAX_INDEX_BYTES)));
        } catch (IOException | RuntimeException e) {
            tar.close();
            throw e;
        }
    }

    private static void check(TarArchiveEntry entry, Map<String, TarArchiveEntry> entries)
            throws InvalidPackageException {
        String name = entry.getName();
        if (!entry.isFile() || !NAME.matcher(name).matches()) {
            throw new InvalidPackageException(
                    "the bundle holds something that no bundle has: '"
                            + name.replaceAll("[^\\x20-\\x7e]", "?")
                            + "'");
        }
        if (entries.size() == MAX_ENTRIES) {
            throw new InvalidPackageException(
                    "the bundle has more than " + MAX_ENTRIES + " entries");
        }
        if (entries.put(name, entry) != null) {
            throw new InvalidPackageException("the bundle has " + name + " twice");
        }
    }

    private static Index parse(byte[] json) throws InvalidPackageException {
        StrictObject root = StrictJson.object(INDEX, json, MAX_INDEX_BYTES);
        root.expect("schema", SCHEMA);
        ChannelName channel = root.read("channel", ChannelName::new);
        Instant created = root.read("created", Bundle::instant);
        List<String> packages = root.strings("packages");
        root.end();
        return new Index(channel, created, packages);
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("not a time such as 2026-01-01T00:00:00Z", e);
        }
    }

    private static byte[] bytes(TarFile tar, TarArchiveEntry entry, String name, int maxBytes)
            throws IOException {
        if (entry.getSize() > maxBytes) {
            throw new InvalidPackageException(
                    String.format(
                            "%s: %d bytes, at most %d expected", name, entry.getSize(), maxBytes));
        }
        try (InputStream in = tar.getInputStream(entry)) {
            byte[] bytes = in.readNBytes(maxBytes);
            if (bytes.length != entry.getSize()) {
                throw new InvalidPackageException("the bundle is truncated inside " + name);
            }
            return bytes;
        }
    }

    /** What it says of itself. */
    public Index index() {
        return index;
    }

    @Override
    public Optional<byte[]> fetch(String name, int maxBytes) throws IOException {
        TarArchiveEntry entry = entries.get(name);
        return entry == null ? Optional.empty() : Optional.of(bytes(tar, entry, name, maxBytes));
    }

    /** A package's file as a stream; empty when the bundle does not have it. */
    public Optional<InputStream> open(ChannelPackage pkg) throws IOException {
        TarArchiveEntry entry = entries.get(pkg.path());
        return entry == null ? Optional.empty() : Optional.of(tar.getInputStream(entry));
    }

    @Override
    public String description() {
        return "bundle " + file.getFileName();
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }
}
