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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packages on this node's disk. {@code staged/SHA256/} has {@code manifest.json}, {@code
 * manifest.p7s} and {@code content}; it appears by rename when every byte is there, verified and
 * synced. {@code staged/.partial-SHA256/} is one that is still coming.
 */
public final class StageArea {

    private static final Logger LOG = LoggerFactory.getLogger(StageArea.class);
    private static final String PARTIAL = ".partial-";
    private static final String MANIFEST = "manifest.json";
    private static final String SIGNATURE = "manifest.p7s";
    private static final String CONTENT = "content";
    private static final String PART = GrowingContent.partName();

    private final Path root;
    private final Map<String, Entry> entries = new ConcurrentSkipListMap<>();

    /**
     * A package here.
     *
     * @param present bytes on disk; verified only when it is complete
     */
    public record Entry(
            String name,
            String version,
            String contentSha256,
            long present,
            long total,
            boolean complete) {}

    /** Looks at what is there; a directory that cannot be understood is reported and left alone. */
    public StageArea(Path root) throws IOException {
        this.root = root;
        Files.createDirectories(root);
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(root)) {
            stream.forEach(found::add);
        }
        for (Path directory : found) {
            try {
                Entry entry = read(directory);
                entries.put(entry.contentSha256(), entry);
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

    /** Makes room for a package that is to come; what came of it before stays. */
    Path begin(Manifest manifest, byte[] manifestBytes, byte[] signature) throws IOException {
        Path directory = partial(manifest);
        Files.createDirectories(directory);
        Durable.write(directory.resolve(MANIFEST), manifestBytes);
        Durable.write(directory.resolve(SIGNATURE), signature);
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
                CompleteContent.withTable(
                        manifest.content(),
                        content.get(),
                        0,
                        content.get().resolveSibling(GrowingContent.leavesName())));
    }

    void progress(Manifest manifest, long present) {
        Entry entry = entry(manifest, present, false);
        entries.put(entry.contentSha256(), entry);
    }

    /** The part is whole and verified: it becomes the content. */
    void complete(Manifest manifest) throws IOException {
        String sha256 = manifest.content().sha256().hex();
        Path directory = partial(manifest);
        Durable.syncFile(directory.resolve(PART));
        Durable.move(directory.resolve(PART), directory.resolve(CONTENT));
        Files.deleteIfExists(directory.resolve(GrowingContent.progressName()));
        Durable.removeTree(root.resolve(sha256));
        Durable.move(directory, root.resolve(sha256));
        entries.put(sha256, entry(manifest, manifest.content().size(), true));
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
        Durable.removeTree(root.resolve(PARTIAL + contentSha256));
        Durable.removeTree(root.resolve(contentSha256));
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
        return entry(manifest, present, complete);
    }

    private static Entry entry(Manifest manifest, long present, boolean complete) {
        return new Entry(
                manifest.name().value(),
                manifest.version().value(),
                manifest.content().sha256().hex(),
                present,
                manifest.content().size(),
                complete);
    }
}
