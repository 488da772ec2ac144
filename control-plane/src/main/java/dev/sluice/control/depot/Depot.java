package dev.sluice.control.depot;

import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.packages.Verification;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packages that were imported at this master, each under the digest of its content: {@code
 * packages/SHA256/package.sluice}. What stands there is whole and was verified; a package on its
 * way in is in {@code incoming/}, which every start empties.
 *
 * <p>Safe for use by many threads.
 */
public final class Depot implements ContentSource {

    /** Imports at once; each holds a package's worth of disk. */
    static final int MAX_IMPORTS = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Depot.class);
    private static final String PACKAGE_FILE = "package.sluice";
    private static final int BUFFER_BYTES = 1 << 18;

    private final Path incoming;
    private final Path packages;
    private final SignatureVerifier verifier;
    private final long maxPackageBytes;
    private final Disk disk;
    private final Semaphore imports = new Semaphore(MAX_IMPORTS);

    /** How a new file is made; replaced by tests that need a full disk. */
    interface Disk {
        FileChannel create(Path file) throws IOException;
    }

    private Depot(Path directory, SignatureVerifier verifier, long maxPackageBytes, Disk disk) {
        this.incoming = directory.resolve("incoming");
        this.packages = directory.resolve("packages");
        this.verifier = verifier;
        this.maxPackageBytes = maxPackageBytes;
        this.disk = disk;
    }

    /**
     * Opens a depot, made when it is missing, and removes what a crash left of imports. One process
     * at a time may use a directory.
     *
     * @param clock judges whether signers' certificates are in their time
     * @param maxPackageBytes a larger package is refused
     */
    public static Depot open(
            Path directory, TrustedSigners signers, InstantSource clock, long maxPackageBytes)
            throws IOException {
        return open(
                directory,
                signers,
                clock,
                maxPackageBytes,
                file ->
                        FileChannel.open(
                                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    }

    static Depot open(
            Path directory,
            TrustedSigners signers,
            InstantSource clock,
            long maxPackageBytes,
            Disk disk)
            throws IOException {
        Depot depot =
                new Depot(
                        directory.toAbsolutePath(),
                        new SignatureVerifier(signers, clock),
                        maxPackageBytes,
                        disk);
        Files.createDirectories(depot.incoming);
        Files.createDirectories(depot.packages);
        try (DirectoryStream<Path> left = Files.newDirectoryStream(depot.incoming)) {
            for (Path interrupted : left) {
                LOG.info("depot: removing the interrupted import {}", interrupted);
                discard(interrupted);
            }
        }
        return depot;
    }

    /**
     * Takes a package in: reads it to its end, verifies it, and makes it durable. A package that is
     * here already is accepted again. Whatever fails, nothing of it is kept.
     *
     * @throws IOException when {@code input} fails, or the depot's disk does: the message says
     *     which, and how much is free
     */
    public ImportResult importPackage(InputStream input) throws IOException {
        if (!imports.tryAcquire()) {
            return refused(
                    "package",
                    "%d imports are running, which is the most at once; try again when one is done"
                            .formatted(MAX_IMPORTS));
        }
        try {
            Path arriving = Files.createTempDirectory(incoming, "import-");
            try {
                return take(input, arriving);
            } finally {
                discard(arriving);
            }
        } finally {
            imports.release();
        }
    }

    private ImportResult take(InputStream input, Path arriving) throws IOException {
        Path file = arriving.resolve(PACKAGE_FILE);
        if (!receive(input, file)) {
            return refused(
                    "package", "expected at most %d bytes, found more".formatted(maxPackageBytes));
        }
        return switch (PackageReader.verify(file, verifier)) {
            case Verification.Refused(String reason) -> refused("package", reason);
            case Verification.Verified(String signer, Manifest manifest) -> {
                PackageDescriptor descriptor;
                try {
                    descriptor = ManifestReading.descriptor(manifest);
                } catch (IllegalArgumentException e) {
                    yield refused(manifest.title(), String.valueOf(e.getMessage()));
                }
                PackageHead head = PackageReader.open(file);
                ContentId id = new ContentId(manifest.content().sha256().hex());
                publish(arriving, id);
                LOG.info(
                        "depot: {} imported, signed by {}, content {}",
                        manifest.title(),
                        signer,
                        id);
                yield new ImportResult.Imported(
                        new PackageRecord(
                                descriptor,
                                Blob.of(head.manifestBytes()),
                                Blob.of(head.signatureBytes()),
                                id.sha256(),
                                signer));
            }
        };
    }

    private static ImportResult refused(String subject, String reason) {
        LOG.warn("depot: import refused: {}: {}", subject, reason);
        return new ImportResult.Refused(new Refusal(subject, reason));
    }

    /** Writes the input to a file; false: there is more of it than may be. */
    private boolean receive(InputStream input, Path file) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long received = 0;
        FileChannel out = stored(received, () -> disk.create(file));
        try (out) {
            for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
                if (count > maxPackageBytes - received) {
                    return false;
                }
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
                while (bytes.hasRemaining()) {
                    stored(received, () -> out.write(bytes));
                }
                received += count;
            }
            var _ =
                    stored(
                            received,
                            () -> {
                                out.force(true);
                                return out;
                            });
        }
        return true;
    }

    private interface Storing<T> {
        T store() throws IOException;
    }

    private <T> T stored(long received, Storing<T> action) throws IOException {
        try {
            return action.store();
        } catch (IOException e) {
            throw new IOException(
                    "depot %s: the package could not be stored after %d bytes: %s; %d bytes are free there"
                            .formatted(
                                    packages.getParent(),
                                    received,
                                    e.getMessage(),
                                    Files.getFileStore(incoming).getUsableSpace()),
                    e);
        }
    }

    /** Gives a verified package its name; the first one of a content stays. */
    private void publish(Path arriving, ContentId id) throws IOException {
        if (has(id)) {
            return;
        }
        sync(arriving);
        try {
            Files.move(arriving, packages.resolve(id.sha256()), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!has(id)) {
                throw e;
            }
        }
        sync(packages);
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Deletes the directory of an import, if it is there. */
    private static void discard(Path arriving) throws IOException {
        Files.deleteIfExists(arriving.resolve(PACKAGE_FILE));
        Files.deleteIfExists(arriving);
    }

    private Path file(ContentId id) {
        return packages.resolve(id.sha256()).resolve(PACKAGE_FILE);
    }

    @Override
    public boolean has(ContentId id) {
        return Files.isRegularFile(file(id), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public Optional<Place> place(ContentId id) throws IOException {
        return has(id)
                ? Optional.of(new Place(file(id), PackageReader.open(file(id)).contentOffset()))
                : Optional.empty();
    }

    @Override
    public Optional<Content> open(ContentId id) throws IOException {
        if (!has(id)) {
            return Optional.empty();
        }
        Path file = file(id);
        PackageHead head = PackageReader.open(file);
        Manifest manifest = Manifest.parse(head.manifestBytes());
        if (!manifest.content().sha256().hex().equals(id.sha256())
                || manifest.content().size() != head.contentSize()) {
            throw new InvalidPackageException(
                    "%s is not the package that was imported: remove its folder and import it again"
                            .formatted(file));
        }
        return Optional.of(
                new Content(
                        FileChannel.open(file, StandardOpenOption.READ),
                        head.contentOffset(),
                        head.contentSize()));
    }
}
