package dev.sluice.agent.stage;

import dev.sluice.agent.disk.Durable;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The patches on this node's disk, in {@code patches/SHA256/}: those by which a package comes, and
 * for a while after it those that others may pull. What a patch is, its order says; a directory
 * that no order has named since the start is removed after that while too.
 *
 * <p>Safe for use by many threads.
 */
final class PatchArea {

    /** A child of the chain has asked again by then, or has gone to another source. */
    static final Duration KEEP = Duration.ofMinutes(10);

    private static final Logger LOG = LoggerFactory.getLogger(PatchArea.class);

    /** Patches of a package whose failure is remembered; more are never made of it. */
    private static final int MAX_FAILED = 16;

    private final Path root;
    private final LongSupplier ticker;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private final Map<String, SortedMap<String, String>> failed = new ConcurrentHashMap<>();
    private final long openedNanos;

    /** A patch that an order has named. */
    private static final class Entry {
        private final PackageContent content;
        private final String target;
        private volatile long present;
        private volatile boolean ordered = true;
        private volatile long usedNanos;

        Entry(PackageContent content, String target) {
            this.content = content;
            this.target = target;
        }
    }

    /**
     * What is told of the patches of a package.
     *
     * @param patch the SHA-256 of the one that is here, or coming; empty: none
     * @param failed those that did not make the package, and why
     */
    record Telling(String patch, long present, SortedMap<String, String> failed) {}

    /**
     * @param ticker nanoseconds of a monotonic clock
     */
    PatchArea(Path root, LongSupplier ticker) {
        this.root = root;
        this.ticker = ticker;
        this.openedNanos = ticker.getAsLong();
    }

    private static String name(PackageContent patch) {
        return patch.sha256().hex();
    }

    private Path directory(String sha256) {
        return root.resolve(sha256);
    }

    Path directory(PackageContent patch) {
        return directory(name(patch));
    }

    /** The bytes of a patch that is complete. */
    Path file(PackageContent patch) {
        return directory(patch).resolve(GrowingContent.partName());
    }

    /** An order names a patch: it is kept until {@link #release}; what came of it before is. */
    void begin(PackageContent patch, String targetSha256) throws IOException {
        Files.createDirectories(directory(patch));
        Entry entry = new Entry(patch, targetSha256);
        entry.present = GrowingContent.presentIn(directory(patch), patch);
        entry.usedNanos = ticker.getAsLong();
        entries.put(name(patch), entry);
    }

    void progress(PackageContent patch, long present) {
        Entry entry = entries.get(name(patch));
        if (entry != null) {
            entry.present = present;
        }
    }

    /** The order is done with; others may pull it for a while. */
    void release(PackageContent patch) {
        Entry entry = entries.get(name(patch));
        if (entry != null) {
            entry.usedNanos = ticker.getAsLong();
            entry.ordered = false;
        }
    }

    /** It did not make the package, and is thrown away. */
    void failed(PackageContent patch, String targetSha256, String reason) throws IOException {
        failed.compute(
                targetSha256,
                (_, known) -> {
                    SortedMap<String, String> next =
                            known == null ? new TreeMap<>() : new TreeMap<>(known);
                    if (next.size() < MAX_FAILED) {
                        next.put(name(patch), reason);
                    }
                    return next;
                });
        entries.remove(name(patch));
        Durable.removeTree(directory(patch));
    }

    boolean hasFailed(String patchSha256, String targetSha256) {
        return failed.getOrDefault(targetSha256, new TreeMap<>()).containsKey(patchSha256);
    }

    /** Empty when nothing is known of patches of this package. */
    Optional<Telling> telling(String targetSha256) {
        Optional<Entry> entry =
                entries.values().stream()
                        .filter(e -> e.target.equals(targetSha256))
                        .max(Comparator.comparing(e -> e.ordered));
        SortedMap<String, String> failures = failed.getOrDefault(targetSha256, new TreeMap<>());
        return entry.isEmpty() && failures.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Telling(
                                entry.map(e -> name(e.content)).orElse(""),
                                entry.map(e -> e.present).orElse(0L),
                                failures));
    }

    /** What is served of a patch that is whole. */
    Optional<ReadableContent> readable(String sha256) {
        Entry entry = entries.get(sha256);
        if (entry == null || entry.present < entry.content.size()) {
            return Optional.empty();
        }
        entry.usedNanos = ticker.getAsLong();
        return Optional.of(
                new CompleteContent(
                        entry.content,
                        file(entry.content),
                        0,
                        directory(sha256).resolve(GrowingContent.leavesName())));
    }

    /** Removes what nobody has used for a while. */
    void sweep() throws IOException {
        long now = ticker.getAsLong();
        for (Path directory : directories()) {
            String name = directory.getFileName().toString();
            Entry entry = entries.get(name);
            boolean kept =
                    entry != null && (entry.ordered || now - entry.usedNanos < KEEP.toNanos());
            if (!kept && now - openedNanos >= KEEP.toNanos()) {
                entries.remove(name);
                Durable.removeTree(directory);
                LOG.info("patch {}: removed, nobody pulls it any more", name);
            }
        }
    }

    private List<Path> directories() throws IOException {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(root)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(root)) {
                stream.forEach(found::add);
            }
        }
        return found;
    }
}
