package dev.sluice.publisher;

import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelOutcome;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.channel.ChannelSigningKey;
import dev.sluice.trust.channel.DirectorySource;
import dev.sluice.trust.channel.Metadata;
import dev.sluice.trust.channel.Metadata.FileReference;
import dev.sluice.trust.channel.Metadata.Header;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A channel where it is made: {@code public/}, which a web server serves, and {@code keys/}, which
 * it must not. One publisher at a time.
 *
 * <p>What changes is written under new names first, and {@code timestamp.json}, which leads to it,
 * takes the place of the one before in one step. So a client sees the old state or the new one.
 */
final class ChannelDirectory implements Closeable {
    /** How long files are valid. */
    static final Map<ChannelRole, Duration> VALIDITY =
            Map.of(
                    ChannelRole.ROOT, Duration.ofDays(365),
                    ChannelRole.TARGETS, Duration.ofDays(90),
                    ChannelRole.SNAPSHOT, Duration.ofDays(90),
                    ChannelRole.TIMESTAMP, Duration.ofDays(7));

    /** How long a root is valid that another one follows at once. */
    private static final Duration PASSING = Duration.ofDays(1);

    private static final String FIRST_ROOT = "first-root";

    private final Path directory;
    private final Path served;
    private final FileChannel lockFile;
    private final FileLock lock;
    private final Instant now;
    private final Keyring keys;
    private final Writing writing;

    /** Gives a file its bytes in one step; replaced by tests that look between the steps. */
    @FunctionalInterface
    interface Writing {
        void write(Path to, byte[] bytes) throws IOException;
    }

    private ChannelDirectory(
            Path directory,
            FileChannel lockFile,
            FileLock lock,
            Instant now,
            Keyring keys,
            Writing writing) {
        this.directory = directory;
        this.served = served(directory);
        this.lockFile = lockFile;
        this.lock = lock;
        this.now = now;
        this.keys = keys;
        this.writing = writing;
    }

    /** The part that a web server serves. */
    static Path served(Path directory) {
        return directory.resolve("public");
    }

    /** The first root, which clients pin. */
    static Path firstRoot(Path directory) throws IOException {
        Path pointer = directory.resolve(FIRST_ROOT);
        if (!Files.exists(pointer)) {
            throw PublisherException.badInput(
                    directory
                            + " is no channel: expected a file "
                            + FIRST_ROOT
                            + " in it, as 'sluice channel init' makes it");
        }
        return served(directory).resolve(Files.readString(pointer).strip());
    }

    /** Opens a channel for changes, made by {@link #create} before. */
    static ChannelDirectory open(Path directory, InstantSource clock, Keyring keys)
            throws IOException {
        return open(directory, clock, keys, ChannelDirectory::write);
    }

    static ChannelDirectory open(Path directory, InstantSource clock, Keyring keys, Writing writing)
            throws IOException {
        var _ = firstRoot(directory);
        FileChannel file =
                FileChannel.open(
                        directory.resolve("lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            file.close();
            throw PublisherException.refused(
                    directory
                            + " is being changed by another publisher; try again when it is done");
        }
        return new ChannelDirectory(
                directory,
                file,
                lock,
                clock.instant().truncatedTo(ChronoUnit.SECONDS),
                keys,
                writing);
    }

    /** Makes a channel of this root without packages. */
    static void create(
            Path directory, ChannelName name, long version, Keyring.Drawn drawn, Instant time)
            throws IOException {
        Instant now = time.truncatedTo(ChronoUnit.SECONDS);
        Files.createDirectories(served(directory).resolve("packages"));
        Metadata.Root root = drawn.root(header(name, ChannelRole.ROOT, version, now));
        String file = ChannelRole.ROOT.file(version);
        write(served(directory).resolve(file), root.signed(drawn.of(ChannelRole.ROOT)));
        byte[] targets =
                new Metadata.Targets(header(name, ChannelRole.TARGETS, version, now), List.of())
                        .signed(drawn.of(ChannelRole.TARGETS));
        writeState(
                ChannelDirectory::write,
                served(directory),
                name,
                now,
                new Versions(version, version, version),
                targets,
                drawn.of(ChannelRole.SNAPSHOT),
                drawn.of(ChannelRole.TIMESTAMP));
        write(directory.resolve(FIRST_ROOT), (file + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    private record Versions(long targets, long snapshot, long timestamp) {}

    /** The channel as it is. */
    Channel current() throws IOException {
        Path first = firstRoot(directory);
        return switch (ChannelClient.timeless(Files.readAllBytes(first))
                .read(new DirectorySource(served))) {
            case ChannelOutcome.Current(Channel channel) -> channel;
            case ChannelOutcome.Refused(var _, String message) ->
                    throw PublisherException.refused(message);
        };
    }

    /** Adds packages, whose files are copied first. */
    Channel publish(List<Incoming> packages) throws IOException {
        Channel before = current();
        List<ChannelPackage> all = new ArrayList<>(before.packages());
        for (Incoming incoming : packages) {
            requireNew(incoming.pkg(), all);
            all.add(incoming.pkg());
        }
        for (Incoming incoming : packages) {
            copy(incoming.file(), served.resolve(incoming.pkg().path()));
            writing.write(served.resolve(incoming.pkg().manifestPath()), incoming.manifest());
            writing.write(served.resolve(incoming.pkg().signaturePath()), incoming.signature());
        }
        renew(before, before.root(), all);
        return current();
    }

    /** A package with the files that lie beside it. */
    @SuppressWarnings("ArrayRecordComponent") // Written, never compared.
    record Incoming(Path file, ChannelPackage pkg, byte[] manifest, byte[] signature) {}

    private static void requireNew(ChannelPackage pkg, List<ChannelPackage> all) {
        for (ChannelPackage known : all) {
            if (known.name().equals(pkg.name())
                    && (known.version().equals(pkg.version())
                            || known.releaseCounter() >= pkg.releaseCounter())) {
                throw PublisherException.refused(
                        String.format(
                                "%s has release counter %d, and the channel has %s with %d: a new"
                                        + " package needs a new version and a higher counter, or nodes"
                                        + " refuse it",
                                pkg.title(),
                                pkg.releaseCounter(),
                                known.title(),
                                known.releaseCounter()));
            }
        }
    }

    /** A new timestamp, so that the channel does not expire. */
    Channel refresh() throws IOException {
        Channel before = current();
        long snapshot = before.versions().snapshot();
        byte[] file = Files.readAllBytes(served.resolve(ChannelRole.SNAPSHOT.file(snapshot)));
        writeTimestamp(before, before.root(), FileReference.to(snapshot, file));
        return current();
    }

    /** New targets, snapshot and timestamp with the packages there are. */
    Channel renewAll() throws IOException {
        Channel before = current();
        renew(before, before.root(), before.packages());
        return current();
    }

    /**
     * New keys for a role, and everything signed anew.
     *
     * <p>Clients read one file after the other, and {@code timestamp.json} has no version in its
     * name. So that they see a whole channel after each write: first a root for which the keys
     * before and the new ones are right, then what the new ones sign, the timestamp last, and then
     * the root without the keys before. The first of these roots is valid for a day only: who holds
     * back the second one has nothing of the old keys after that.
     */
    Channel rotate(Keyring.Drawn drawn) throws IOException {
        Channel before = current();
        long version = before.versions().root() + 1;
        boolean isRootAlone = drawn.keys().keySet().equals(Set.of(ChannelRole.ROOT));
        Metadata.Root from = before.root();
        if (!isRootAlone) {
            from = drawn.beside(from, new Header(before.name(), version, now, now.plus(PASSING)));
            writeRoot(from, keys.of(before.root(), ChannelRole.ROOT), keys.with(drawn));
            version++;
        }
        Metadata.Root next =
                drawn.over(before.root(), header(before.name(), ChannelRole.ROOT, version, now));
        if (isRootAlone) {
            writeRoot(next, keys.of(from, ChannelRole.ROOT), keys.with(drawn));
        }
        try (ChannelDirectory under =
                new ChannelDirectory(directory, lockFile, lock, now, keys.with(drawn), writing)) {
            under.renew(before, next, before.packages());
            if (!isRootAlone) {
                under.writeRoot(next, keys.of(from, ChannelRole.ROOT), keys.with(drawn));
            }
            return under.current();
        }
    }

    /** A root signed by the keys of the one before and by its own. */
    private void writeRoot(Metadata.Root root, List<ChannelSigningKey> before, Keyring own)
            throws IOException {
        List<ChannelSigningKey> signers = new ArrayList<>(before);
        for (ChannelSigningKey key : own.of(root, ChannelRole.ROOT)) {
            if (signers.stream().noneMatch(known -> known.key().id().equals(key.key().id()))) {
                signers.add(key);
            }
        }
        writing.write(
                served.resolve(ChannelRole.ROOT.file(root.header().version())),
                root.signed(signers));
    }

    private void renew(Channel before, Metadata.Root root, List<ChannelPackage> packages)
            throws IOException {
        Versions next =
                new Versions(
                        before.versions().targets() + 1,
                        before.versions().snapshot() + 1,
                        before.versions().timestamp() + 1);
        byte[] targets =
                new Metadata.Targets(
                                header(before.name(), ChannelRole.TARGETS, next.targets(), now),
                                packages)
                        .signed(keys.of(root, ChannelRole.TARGETS));
        writeState(
                writing,
                served,
                before.name(),
                now,
                next,
                targets,
                keys.of(root, ChannelRole.SNAPSHOT),
                keys.of(root, ChannelRole.TIMESTAMP));
    }

    private void writeTimestamp(Channel before, Metadata.Root root, FileReference snapshot)
            throws IOException {
        writing.write(
                served.resolve(ChannelRole.TIMESTAMP.file(0)),
                new Metadata.Timestamp(
                                header(
                                        before.name(),
                                        ChannelRole.TIMESTAMP,
                                        before.versions().timestamp() + 1,
                                        now),
                                snapshot)
                        .signed(keys.of(root, ChannelRole.TIMESTAMP)));
    }

    private static void writeState(
            Writing writing,
            Path served,
            ChannelName name,
            Instant now,
            Versions versions,
            byte[] targets,
            List<ChannelSigningKey> snapshotKeys,
            List<ChannelSigningKey> timestampKeys)
            throws IOException {
        byte[] snapshot =
                new Metadata.Snapshot(
                                header(name, ChannelRole.SNAPSHOT, versions.snapshot(), now),
                                FileReference.to(versions.targets(), targets))
                        .signed(snapshotKeys);
        byte[] timestamp =
                new Metadata.Timestamp(
                                header(name, ChannelRole.TIMESTAMP, versions.timestamp(), now),
                                FileReference.to(versions.snapshot(), snapshot))
                        .signed(timestampKeys);
        writing.write(served.resolve(ChannelRole.TARGETS.file(versions.targets())), targets);
        writing.write(served.resolve(ChannelRole.SNAPSHOT.file(versions.snapshot())), snapshot);
        writing.write(served.resolve(ChannelRole.TIMESTAMP.file(0)), timestamp);
    }

    private static Header header(ChannelName name, ChannelRole role, long version, Instant now) {
        return new Header(name, version, now, now.plus(VALIDITY.getOrDefault(role, Duration.ZERO)));
    }

    private static void copy(Path from, Path to) throws IOException {
        Path temporary = to.resolveSibling("." + to.getFileName() + ".tmp");
        Files.copy(from, temporary, StandardCopyOption.REPLACE_EXISTING);
        publish(temporary, to);
    }

    /** Writes a file durably, and gives it its name in one step. */
    static void write(Path to, byte[] bytes) throws IOException {
        Path temporary = to.resolveSibling("." + to.getFileName() + ".tmp");
        Files.write(temporary, bytes);
        publish(temporary, to);
    }

    private static void publish(Path temporary, Path to) throws IOException {
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(temporary, to, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory =
                FileChannel.open(to.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        if (lock.isValid()) {
            lock.release();
        }
        lockFile.close();
    }
}
