package dev.sluice.control.depot;

import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageContent;
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
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packages of this master, each under the digest of its content: {@code packages/SHA256/}, with
 * the {@code package.sluice} that was imported, or the {@code content} that was fetched from
 * another master. What stands there is whole and was verified. A package on its way in is in {@code
 * incoming/}: an import that a crash ended is removed at the next start, a fetch goes on.
 *
 * <p>Safe for use by many threads.
 */
public final class Depot implements ContentSource {

    /** Imports at once; each holds a package's worth of disk. */
    static final int MAX_IMPORTS = 4;

    /** No bound but the disk. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    /** Left free by imports, for the journal, which shares the disk. */
    static final long SPARE_BYTES = 64L << 20;

    /** Manifest and signature of a package are within its first so many bytes. */
    private static final long MAX_HEAD_BYTES = 2L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Depot.class);
    private static final String LEAVES = "leaves";
    private static final String REMOVED = "removed-";
    private static final String FETCH = "fetch-";
    private static final String PATCH = "patch-";
    private static final int BUFFER_BYTES = 1 << 18;

    private final Path root;
    private final Path incoming;
    private final Path packages;
    private final SignatureVerifier verifier;
    private final long maxPackageBytes;
    private final Disk disk;
    private final StoredPackages stored;
    private final DepotRoom room;
    private final Semaphore imports = new Semaphore(MAX_IMPORTS);
    private final Set<ContentId> arrived = ConcurrentHashMap.newKeySet();
    private final Object removal = new Object();

    /** The disk; replaced by tests that need a full one. */
    interface Disk {
        FileChannel create(Path file) throws IOException;

        /** Bytes that may still be written. */
        default long usable(Path directory) throws IOException {
            return DiskSpace.usable(directory);
        }
    }

    /** Makes room by removing what is not needed. */
    @FunctionalInterface
    public interface Cleaner {

        /** Removes nothing. */
        Cleaner NONE = (_, _) -> "nothing is removed for it";

        /**
         * Removes one package after the other until there is room, or nothing may go any more.
         *
         * @param wanted the package that the room is for
         * @return what stays and why, in words
         */
        String clean(String wanted, BooleanSupplier hasRoom);
    }

    private Depot(
            Path directory,
            SignatureVerifier verifier,
            long maxPackageBytes,
            long maxBytes,
            Disk disk) {
        this.root = directory;
        this.incoming = directory.resolve("incoming");
        this.packages = directory.resolve("packages");
        this.verifier = verifier;
        this.maxPackageBytes = maxPackageBytes;
        this.disk = disk;
        this.stored = new StoredPackages(packages);
        this.room = new DepotRoom(incoming, disk, maxBytes, stored::bytes);
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
        return open(directory, signers, clock, maxPackageBytes, UNBOUNDED);
    }

    /**
     * The same with a bound.
     *
     * @param maxBytes of all packages together; what is not needed is removed for new ones
     */
    public static Depot open(
            Path directory,
            TrustedSigners signers,
            InstantSource clock,
            long maxPackageBytes,
            long maxBytes)
            throws IOException {
        return open(
                directory,
                signers,
                clock,
                maxPackageBytes,
                maxBytes,
                file ->
                        FileChannel.open(
                                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    }

    static Depot open(
            Path directory,
            TrustedSigners signers,
            InstantSource clock,
            long maxPackageBytes,
            long maxBytes,
            Disk disk)
            throws IOException {
        Depot depot =
                new Depot(
                        directory.toAbsolutePath(),
                        new SignatureVerifier(signers, clock),
                        maxPackageBytes,
                        maxBytes,
                        disk);
        Files.createDirectories(depot.incoming);
        Files.createDirectories(depot.packages);
        try (DirectoryStream<Path> left = Files.newDirectoryStream(depot.incoming)) {
            for (Path interrupted : left) {
                if (!isFetch(interrupted)) {
                    LOG.info("depot: removing what a crash left: {}", interrupted);
                    DepotFiles.remove(interrupted);
                }
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
        return importPackage(input, Cleaner.NONE);
    }

    /** The same; where there is no room for it, {@code cleaner} is to make it. */
    public ImportResult importPackage(InputStream input, Cleaner cleaner) throws IOException {
        if (!imports.tryAcquire()) {
            return refused(
                    "package",
                    "%d imports are running, which is the most at once; try again when one is done"
                            .formatted(MAX_IMPORTS));
        }
        try {
            Path arriving = Files.createTempDirectory(incoming, "import-");
            try {
                return take(input, arriving, cleaner);
            } finally {
                DepotFiles.remove(arriving);
            }
        } finally {
            imports.release();
        }
    }

    private ImportResult take(InputStream input, Path arriving, Cleaner cleaner)
            throws IOException {
        Path file = arriving.resolve(StoredPackages.PACKAGE_FILE);
        Arrival arrival = new Arrival(file, cleaner);
        Optional<ImportResult> refused;
        try {
            refused = arrival.receive(input);
        } finally {
            arrival.release();
        }
        if (refused.isPresent()) {
            return refused.get();
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

    /** A package while its bytes come in. */
    private final class Arrival {
        private final Path file;
        private final Cleaner cleaner;
        private long received;

        /** Absent while its signed manifest has not come. */
        private DepotRoom.@Nullable Claim claim;

        Arrival(Path file, Cleaner cleaner) {
            this.file = file;
            this.cleaner = cleaner;
        }

        /** Writes the input to the file; says why not. */
        Optional<ImportResult> receive(InputStream input) throws IOException {
            byte[] buffer = new byte[BUFFER_BYTES];
            FileChannel out = stored(received, () -> disk.create(file));
            try (out) {
                for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
                    if (count > maxPackageBytes - received) {
                        return Optional.of(
                                refused(
                                        "package",
                                        "expected at most %d bytes, found more"
                                                .formatted(maxPackageBytes)));
                    }
                    ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
                    while (bytes.hasRemaining()) {
                        stored(received, () -> out.write(bytes));
                    }
                    received += count;
                    if (claim != null) {
                        claim.written(count);
                    }
                    Optional<ImportResult> lack =
                            claim == null && received <= MAX_HEAD_BYTES
                                    ? lackOfRoom()
                                    : Optional.empty();
                    if (lack.isPresent()) {
                        return lack;
                    }
                }
                var _ =
                        stored(
                                received,
                                () -> {
                                    out.force(true);
                                    return out;
                                });
            }
            return Optional.empty();
        }

        /** As soon as the signed manifest is here, room is made for all of it. */
        private Optional<ImportResult> lackOfRoom() throws IOException {
            Optional<Manifest> manifest = manifest();
            if (manifest.isEmpty()) {
                return Optional.empty();
            }
            PackageHead head = PackageReader.open(file);
            long expected = head.contentOffset() + manifest.get().content().size();
            DepotRoom.Claim claimed = room.claim(expected, Math.max(0, expected - received));
            claim = claimed;
            return makeRoom(manifest.get(), claimed, cleaner)
                    .map(refusal -> refused(refusal.subject(), refusal.reason()));
        }

        /** Only what a trusted signer signed may have others removed. */
        private Optional<Manifest> manifest() throws IOException {
            try {
                PackageHead head = PackageReader.open(file);
                return verifier.verify(head.manifestBytes(), head.signatureBytes())
                                instanceof Verification.Verified(_, Manifest manifest)
                        ? Optional.of(manifest)
                        : Optional.empty();
            } catch (InvalidPackageException _) {
                return Optional.empty();
            }
        }

        void release() {
            if (claim != null) {
                claim.close();
            }
        }
    }

    /** Has others removed when there is no room for a package that is not here; says why not. */
    private Optional<Refusal> makeRoom(Manifest manifest, DepotRoom.Claim claim, Cleaner cleaner)
            throws IOException {
        if (has(new ContentId(manifest.content().sha256().hex())) || room.suffices()) {
            return Optional.empty();
        }
        String staying = cleaner.clean(manifest.title(), room::suffices);
        return room.suffices()
                ? Optional.empty()
                : Optional.of(new Refusal("package " + manifest.title(), claim.lack(staying)));
    }

    /**
     * Begins to fetch a package that another master has, or goes on. One fetch of a package at a
     * time.
     */
    FetchStart fetch(PackageRecord record, Cleaner cleaner) throws IOException {
        return switch (verifier.verify(record.manifest().toArray(), record.signature().toArray())) {
            case Verification.Refused(String reason) ->
                    new FetchStart.Refused(new Refusal("package " + record.ref(), reason));
            case Verification.Verified(var _, Manifest manifest) ->
                    manifest.content().sha256().hex().equals(record.contentSha256())
                            ? fetch(manifest, cleaner)
                            : new FetchStart.Refused(
                                    new Refusal(
                                            "package " + record.ref(),
                                            "expected the content of its manifest, %s, found %s in the cluster's state"
                                                    .formatted(
                                                            manifest.content().sha256(),
                                                            record.contentSha256())));
        };
    }

    private FetchStart fetch(Manifest manifest, Cleaner cleaner) throws IOException {
        PackageContent content = manifest.content();
        if (content.size() > maxPackageBytes) {
            return new FetchStart.Refused(
                    new Refusal(
                            "package " + manifest.title(),
                            "expected at most %d bytes, found %d"
                                    .formatted(maxPackageBytes, content.size())));
        }
        ContentId id = new ContentId(content.sha256().hex());
        Path directory = fetchDirectory(id.sha256());
        Path part = directory.resolve(GrowingContent.partName());
        long reserved = Files.exists(part) ? Math.min(content.size(), Files.size(part)) : 0;
        DepotRoom.Claim claim = room.claim(content.size(), content.size() - reserved);
        boolean isBegun = false;
        try {
            Optional<Refusal> refusal = makeRoom(manifest, claim, cleaner);
            if (refusal.isPresent()) {
                return new FetchStart.Refused(refusal.get());
            }
            Files.createDirectories(directory);
            Path unnamed = directory.resolve(StoredPackages.CONTENT_FILE);
            if (Files.exists(unnamed)) {
                rename(unnamed, part);
            }
            isBegun = true;
            return new FetchStart.Begun(
                    new DepotFetch(directory, content, claim, () -> publishFetched(directory, id)));
        } finally {
            if (!isBegun) {
                claim.close();
            }
        }
    }

    /**
     * A whole content of which all is durable but its name. A crash in the middle leaves what the
     * next fetch finds whole.
     */
    private void publishFetched(Path directory, ContentId id) throws IOException {
        Path leaves = directory.resolve(GrowingContent.leavesName());
        if (Files.exists(leaves)) {
            Path tables = Files.createDirectories(root.resolve(LEAVES));
            rename(leaves, tables.resolve(id.sha256()));
        }
        rename(
                directory.resolve(GrowingContent.partName()),
                directory.resolve(StoredPackages.CONTENT_FILE));
        publish(directory, id);
        Files.deleteIfExists(packages.resolve(id.sha256()).resolve(GrowingContent.progressName()));
    }

    /** For a patch by which a package is fetched; what a crash leaves of it goes at the start. */
    Path patchDirectory(ContentId target, PackageContent patch) {
        return incoming.resolve(PATCH + target.sha256() + "-" + patch.sha256());
    }

    /**
     * Room for a content that is no package and goes again. No package is removed for it, and as
     * much again has to stay free for one that comes in the meantime.
     *
     * @return to be closed when the content has gone
     * @throws IOException saying what is lacking
     */
    DepotRoom.Claim roomAside(long bytes) throws IOException {
        if (bytes > maxPackageBytes) {
            throw new IOException(
                    "needs %d bytes: expected at most %d".formatted(bytes, maxPackageBytes));
        }
        DepotRoom.Claim claim = room.claimAside(bytes);
        if (!room.sufficesWith(bytes)) {
            claim.close();
            throw new IOException(
                    "needs %d bytes, and as many for a package that comes meanwhile; %d are free, %d of them are not for packages"
                            .formatted(bytes, disk.usable(incoming), SPARE_BYTES));
        }
        return claim;
    }

    /** What came of a package by an earlier fetch. */
    long fetched(PackageContent content) throws IOException {
        return GrowingContent.presentIn(fetchDirectory(content.sha256().hex()), content);
    }

    private Path fetchDirectory(String sha256) {
        return incoming.resolve(FETCH + sha256);
    }

    private static void rename(Path file, Path name) throws IOException {
        Files.move(file, name, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Removes what came of packages that are fetched no more. Not while one of them is. */
    void sweepFetches(Set<ContentId> wanted) throws IOException {
        for (String prefix : List.of(FETCH, PATCH)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(incoming, prefix + "*")) {
                for (Path fetched : all) {
                    String target =
                            String.valueOf(fetched.getFileName())
                                    .substring(prefix.length())
                                    .split("-", -1)[0];
                    if (!ContentId.isValid(target) || !wanted.contains(new ContentId(target))) {
                        DepotFiles.remove(fetched);
                    }
                }
            }
        }
    }

    private static boolean isFetch(Path directory) {
        return String.valueOf(directory.getFileName()).startsWith(FETCH);
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
                                    DiskSpace.usable(incoming)),
                    e);
        }
    }

    /** What is here, oldest first. */
    List<StoredPackages.Stored> stored() {
        return stored.all();
    }

    /** Whether a content came in this process. */
    boolean arrivedHere(ContentId id) {
        return arrived.contains(id);
    }

    /**
     * Whether a content is here and was not taken for removal meanwhile: asked after the state has
     * named it.
     */
    public boolean holds(ContentId id) {
        synchronized (removal) {
            return has(id);
        }
    }

    /**
     * Removes a content. Whoever reads it goes on; the disk has its room when they are done. A
     * crash leaves all of it, or what the next start removes.
     *
     * @param mayGo asked at the last moment, with {@link #holds} waiting
     * @return whether it was here and went
     */
    boolean remove(ContentId id, BooleanSupplier mayGo) throws IOException {
        Path going = incoming.resolve(REMOVED + id.sha256());
        synchronized (removal) {
            if (!has(id) || !mayGo.getAsBoolean()) {
                return false;
            }
            Files.move(packages.resolve(id.sha256()), going, StandardCopyOption.ATOMIC_MOVE);
            arrived.remove(id);
        }
        DepotFiles.sync(packages);
        Files.deleteIfExists(root.resolve(LEAVES).resolve(id.sha256()));
        DepotFiles.remove(going);
        return true;
    }

    /** Gives a verified package its name; the first one of a content stays. */
    private void publish(Path arriving, ContentId id) throws IOException {
        arrived.add(id);
        if (has(id)) {
            return;
        }
        DepotFiles.sync(arriving);
        try {
            Files.move(arriving, packages.resolve(id.sha256()), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!has(id)) {
                throw e;
            }
        }
        DepotFiles.sync(packages);
    }

    @Override
    public boolean has(ContentId id) {
        return stored.has(id);
    }

    @Override
    public Optional<Place> place(ContentId id) throws IOException {
        return stored.place(id);
    }

    @Override
    public Optional<Content> open(ContentId id) throws IOException {
        return stored.open(id);
    }
}
