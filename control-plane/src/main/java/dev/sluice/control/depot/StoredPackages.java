package dev.sluice.control.depot;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packages that are whole in a depot: {@code SHA256/} with the package that was imported, or
 * with the content alone that another master had.
 */
final class StoredPackages implements ContentSource {

    static final String PACKAGE_FILE = "package.sluice";
    static final String CONTENT_FILE = "content";

    private static final Logger LOG = LoggerFactory.getLogger(StoredPackages.class);

    private final Path directory;

    StoredPackages(Path directory) {
        this.directory = directory;
    }

    /**
     * A content that is here.
     *
     * @param since when it came
     */
    record Stored(ContentId id, Instant since, long bytes) {}

    /** All that are here, oldest first. */
    List<Stored> all() {
        List<Stored> all = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(directory)) {
            for (Path one : directories) {
                String name = String.valueOf(one.getFileName());
                Optional<Path> file =
                        ContentId.isValid(name) ? file(new ContentId(name)) : Optional.empty();
                if (file.isPresent()) {
                    all.add(
                            new Stored(
                                    new ContentId(name),
                                    Files.getLastModifiedTime(file.get()).toInstant(),
                                    Files.size(file.get())));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.warn("depot {}: cannot be listed: {}", directory, e.getMessage());
        }
        all.sort(Comparator.comparing(Stored::since).thenComparing(s -> s.id().sha256()));
        return all;
    }

    /** Of all that are here together. */
    long bytes() {
        return all().stream().mapToLong(Stored::bytes).sum();
    }

    private Optional<Path> file(ContentId id) {
        Path one = directory.resolve(id.sha256());
        return Stream.of(PACKAGE_FILE, CONTENT_FILE)
                .map(one::resolve)
                .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                .findFirst();
    }

    private static boolean isPackage(Path file) {
        return file.endsWith(PACKAGE_FILE);
    }

    @Override
    public boolean has(ContentId id) {
        return file(id).isPresent();
    }

    @Override
    public Optional<Place> place(ContentId id) throws IOException {
        Optional<Path> file = file(id);
        if (file.isEmpty()) {
            return Optional.empty();
        }
        long start = isPackage(file.get()) ? PackageReader.open(file.get()).contentOffset() : 0;
        return Optional.of(new Place(file.get(), start));
    }

    @Override
    public Optional<Content> open(ContentId id) throws IOException {
        Optional<Path> file = file(id);
        if (file.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(isPackage(file.get()) ? inPackage(file.get(), id) : alone(file.get()));
    }

    private static Content alone(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        return new Content(channel, 0, channel.size());
    }

    private static Content inPackage(Path file, ContentId id) throws IOException {
        PackageHead head = PackageReader.open(file);
        Manifest manifest = Manifest.parse(head.manifestBytes());
        if (!manifest.content().sha256().hex().equals(id.sha256())
                || manifest.content().size() != head.contentSize()) {
            throw new InvalidPackageException(
                    "%s is not the package that was imported: remove its folder and import it again"
                            .formatted(file));
        }
        return new Content(
                FileChannel.open(file, StandardOpenOption.READ),
                head.contentOffset(),
                head.contentSize());
    }
}
