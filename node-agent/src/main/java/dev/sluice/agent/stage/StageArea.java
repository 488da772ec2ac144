package dev.sluice.agent.stage;

import dev.sluice.agent.disk.Durable;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packages on this node's disk. {@code staged/SHA256/} has {@code manifest.json}, {@code
 * manifest.p7s} and {@code content}; it appears by rename when every byte is there, verified and
 * synced. {@code staged/.partial-SHA256/} is one that is still coming, and {@code
 * staged/.removed-*} one that is going: the next start removes what is left of it.
 */
public final class StageArea {

    private static final Logger LOG = LoggerFactory.getLogger(StageArea.class);
    private static final String PARTIAL = ".partial-";
    private static final String REMOVED = ".removed-";
    private static final String MANIFEST = "manifest.json";
    private static final String SIGNATURE = "manifest.p7s";
    private static final String CONTENT = "content";
    private static final String PART = GrowingContent.partName();

    private final Path root;
    private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();
    private final Holds holds = new Holds();

    /**
     * A package here.
     *
     * @param present bytes on disk; verified only when it is complete
     * @param since when it was ordered first; for the order among them only
     */
    public record Entry(
            String name,
            String version,
            String contentSha256,
            String merkleRoot,
            long present,
            long total,
            boolean complete,
            Instant since) {}

    /** Looks at what is there; a directory that cannot be understood is reported and left alone. */
    public StageArea(Path root) throws IOException {
        this.root = root;
        Files.createDirectories(root);
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(root)) {
            stream.forEach(found::add);
        }
        for (Path directory : found) {
            if (directory.getFileName().toString().startsWith(REMOVED)) {
                LOG.info("staged package {}: what is left of its removal is removed", directory);
                Durable.removeTree(directory);
                continue;
            }
            try {
                Entry entry = read(finished(directory));
                entries.merge(
                        entry.contentSha256(), entry, (one, two) -> one.complete() ? one : two);
            } catch (IOException e) {
                LOG.warn("staged package {}: ignored: {}", directory, e.getMessage());
            }
        }
    }

    /** All packages here, complete or coming. */
    public List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    /** The content of a package that is complete here. */
    public Optional<Path> content(String contentSha256) {
        Entry entry = entries.get(contentSha256);
        return entry != null && entry.complete()
                ? Optional.of(root.resolve(contentSha256).resolve(CONTENT))
                : Optional.empty();
    }

    byte[] manifestOf(String contentSha256) throws IOException {
        return Files.readAllBytes(root.resolve(contentSha256).resolve(MANIFEST));
    }

    byte[] signatureOf(String contentSha256) throws IOException {
        return Files.readAllBytes(root.resolve(contentSha256).resolve(SIGNATURE));
    }

    /**
     * Makes room for a package that is to come; what came of it before stays. Nothing of it is
     * durable before {@link #complete}: what a power loss takes is ordered again.
     */
    Path begin(Manifest manifest, byte[] manifestBytes, byte[] signature) throws IOException {
        Path directory = partial(manifest);
        Files.createDirectories(directory);
        if (!Files.exists(directory.resolve(MANIFEST))
                || !Arrays.equals(Files.readAllBytes(directory.resolve(MANIFEST)), manifestBytes)) {
            Durable.replace(directory.resolve(MANIFEST), manifestBytes);
        }
        Durable.replace(directory.resolve(SIGNATURE), signature);
        progress(manifest, GrowingContent.presentIn(directory, manifest.content()));
        return directory.resolve(PART);
    }

    /** The part as a file that ends with its last byte, for those that append to it. */
    Path beginAppending(Manifest manifest, byte[] manifestBytes, byte[] signature)
            throws IOException {
        Path part = begin(manifest, manifestBytes, signature);
        long present = GrowingContent.presentIn(partial(manifest), manifest.content());
        if (Files.deleteIfExists(partial(manifest).resolve(GrowingContent.progressName()))) {
            try (FileChannel file = FileChannel.open(part, StandardOpenOption.WRITE)) {
                file.truncate(present);
            }
        }
        return part;
    }

    /** Where the files of a package that is coming are. */
    Path partialOf(Manifest manifest) {
        return partial(manifest);
    }

    /** What is served of a package that is complete here; reads all of it when it has no table. */
    Optional<ReadableContent> readable(String contentSha256) throws IOException {
        Optional<Path> content = content(contentSha256);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        Manifest manifest = Manifest.parse(manifestOf(contentSha256));
        return Optional.of(
                counting(
                        CompleteContent.withTable(
                                manifest.content(),
                                content.get(),
                                0,
                                content.get().resolveSibling(GrowingContent.leavesName()))));
    }

    /** The same content; while it is read it is not removed. */
    ReadableContent counting(ReadableContent content) {
        return holds.counting(content);
    }

    /** Begins a use of a content, which is not removed meanwhile; empty: it is being removed. */
    Optional<Holds.Hold> hold(String contentSha256) {
        return holds.take(contentSha256);
    }

    /** The contents in use. */
    Set<String> held() {
        return holds.held();
    }

    /** Bytes of disk that a package on its way has already; they may be reserved and empty. */
    long reserved(Manifest manifest) throws IOException {
        Path part = partial(manifest).resolve(PART);
        return Files.isRegularFile(part) ? Files.size(part) : 0;
    }

    void progress(Manifest manifest, long present) {
        String sha256 = manifest.content().sha256().hex();
        entries.compute(
                sha256,
                (_, before) ->
                        entry(
                                manifest,
                                present,
                                false,
                                before == null ? since(partial(manifest)) : before.since()));
    }

    /** The part is whole and verified: it becomes the content. */
    void complete(Manifest manifest) throws IOException {
        String sha256 = manifest.content().sha256().hex();
        Path directory = partial(manifest);
        Durable.syncFile(directory.resolve(MANIFEST));
        Durable.syncFile(directory.resolve(SIGNATURE));
        Durable.syncFile(directory.resolve(PART));
        Durable.move(directory.resolve(PART), directory.resolve(CONTENT));
        Files.deleteIfExists(directory.resolve(GrowingContent.progressName()));
        discard(root.resolve(sha256));
        Durable.move(directory, root.resolve(sha256));
        entries.put(
                sha256,
                entry(manifest, manifest.content().size(), true, since(root.resolve(sha256))));
    }

    /** Takes the content out of a package file that was verified. */
    public void adopt(Manifest manifest, PackageHead head, Path packageFile) throws IOException {
        if (content(manifest.content().sha256().hex()).isPresent()) {
            return;
        }
        Path part = beginAppending(manifest, head.manifestBytes(), head.signatureBytes());
        try (FileChannel from = FileChannel.open(packageFile, StandardOpenOption.READ);
                FileChannel to =
                        FileChannel.open(
                                part,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.TRUNCATE_EXISTING)) {
            long copied = 0;
            while (copied < head.contentSize()) {
                copied +=
                        from.transferTo(
                                head.contentOffset() + copied, head.contentSize() - copied, to);
            }
        }
        complete(manifest);
    }

    /** Removes a package, complete or not. */
    public void remove(String contentSha256) throws IOException {
        entries.remove(contentSha256);
        discard(root.resolve(PARTIAL + contentSha256));
        discard(root.resolve(contentSha256));
    }

    /**
     * Removes a package unless somebody uses it.
     *
     * @return whether it is gone
     */
    boolean removeUnlessHeld(String contentSha256) throws IOException {
        if (!holds.beginRemoval(contentSha256)) {
            return false;
        }
        try {
            remove(contentSha256);
            return true;
        } finally {
            holds.endRemoval(contentSha256);
        }
    }

    /** At once under another name: a crash leaves all of it, or what the next start removes. */
    private void discard(Path directory) throws IOException {
        if (Files.exists(directory)) {
            Path going = root.resolve(REMOVED + directory.getFileName());
            Durable.removeTree(going);
            Durable.move(directory, going);
            Durable.removeTree(going);
        }
    }

    /** One that a crash kept from its name though it was whole and verified gets it now. */
    private Path finished(Path directory) throws IOException {
        String name = directory.getFileName().toString();
        Path content = directory.resolve(CONTENT);
        if (!name.startsWith(PARTIAL) || !Files.isRegularFile(content)) {
            return directory;
        }
        Path whole = root.resolve(name.substring(PARTIAL.length()));
        if (Files.exists(directory.resolve(PART)) || Files.exists(whole)) {
            Files.delete(content);
            return directory;
        }
        Files.deleteIfExists(directory.resolve(GrowingContent.progressName()));
        Durable.move(directory, whole);
        return whole;
    }

    private static Instant since(Path directory) {
        try {
            return Files.getLastModifiedTime(directory.resolve(MANIFEST)).toInstant();
        } catch (IOException _) {
            return Instant.EPOCH;
        }
    }

    private Path partial(Manifest manifest) {
        return root.resolve(PARTIAL + manifest.content().sha256().hex());
    }

    private static Entry read(Path directory) throws IOException {
        String name = directory.getFileName().toString();
        boolean complete = !name.startsWith(PARTIAL);
        Manifest manifest = Manifest.parse(Files.readAllBytes(directory.resolve(MANIFEST)));
        String sha256 = complete ? name : name.substring(PARTIAL.length());
        if (!manifest.content().sha256().equals(new Sha256(sha256))) {
            throw new InvalidPackageException("its manifest is that of " + manifest.title());
        }
        Path content = directory.resolve(CONTENT);
        long present =
                !complete
                        ? GrowingContent.presentIn(directory, manifest.content())
                        : Files.exists(content) ? Files.size(content) : 0;
        if (complete && present != manifest.content().size()) {
            throw new InvalidPackageException(
                    "expected %d bytes of content, found %d"
                            .formatted(manifest.content().size(), present));
        }
        return entry(manifest, present, complete, since(directory));
    }

    private static Entry entry(Manifest manifest, long present, boolean complete, Instant since) {
        return new Entry(
                manifest.name().value(),
                manifest.version().value(),
                manifest.content().sha256().hex(),
                manifest.content().merkleRoot().hex(),
                present,
                manifest.content().size(),
                complete,
                since);
    }
}
