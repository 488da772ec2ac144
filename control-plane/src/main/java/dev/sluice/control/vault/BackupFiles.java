package dev.sluice.control.vault;

import dev.sluice.control.executor.Backups;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ClusterState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Backups as files in one directory. A file is one line of header, {@code sluice-backup 1 SIZE
 * SHA256}, and the payload that the line describes, so that it can be checked wherever it was
 * copied to.
 *
 * <p>Files are readable by their owner alone. Safe for use by many threads.
 */
public final class BackupFiles implements Backups {

    /** The ending of a backup's file name. */
    public static final String SUFFIX = ".sluice-backup";

    /** The largest payload; a state of 10,000 nodes has a few megabytes. */
    static final int MAX_PAYLOAD_BYTES = 1 << 28;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern HEADER =
            Pattern.compile("sluice-backup 1 (\\d{1,9}) ([0-9a-f]{64})\n");
    private static final int MAX_HEADER_BYTES = 96;

    private final Path directory;
    private final Function<ClusterState, byte[]> encoder;
    private final Disk disk;

    /** How bytes get into a new file; replaced by tests that need a full disk. */
    interface Disk {
        FileChannel create(Path file) throws IOException;
    }

    /**
     * Backups in a directory, which is made when it is missing.
     *
     * @param encoder the payload of a state
     */
    public BackupFiles(Path directory, Function<ClusterState, byte[]> encoder) {
        this(directory, encoder, BackupFiles::createPrivate);
    }

    BackupFiles(Path directory, Function<ClusterState, byte[]> encoder, Disk disk) {
        this.directory = directory.toAbsolutePath();
        this.encoder = encoder;
        this.disk = disk;
    }

    private static FileChannel createPrivate(Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException when the name could not be that of a file
     */
    @Override
    public String write(String name, ClusterState state) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "backup name \"%s\": expected up to 128 letters, digits, '.', '_' and '-'"
                            .formatted(name));
        }
        byte[] payload = encoder.apply(state);
        String sha256 = sha256(payload);
        Path target = directory.resolve(name + SUFFIX);
        try {
            Files.createDirectories(
                    directory,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
            replace(target, header(payload.length, sha256), payload);
        } catch (IOException e) {
            throw new IOException(
                    "backup %s could not be written: %s; make room there or mend it, then try again"
                            .formatted(target, reason(e)),
                    e);
        }
        return "%s, %d bytes, sha256 %s".formatted(target, payload.length, sha256);
    }

    /** One at a time, so that what a crash leaves has one name and the next write removes it. */
    private synchronized void replace(Path target, byte[] header, byte[] payload)
            throws IOException {
        if (payload.length > MAX_PAYLOAD_BYTES) {
            throw new IOException(
                    "%d bytes, at most %d expected".formatted(payload.length, MAX_PAYLOAD_BYTES));
        }
        Path temporary = directory.resolve(".new" + SUFFIX);
        try {
            Files.deleteIfExists(temporary);
            try (FileChannel channel = disk.create(temporary)) {
                writeAll(channel, ByteBuffer.wrap(header));
                writeAll(channel, ByteBuffer.wrap(payload));
                channel.force(true);
            }
            Files.move(
                    temporary,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * Checks a backup file.
     *
     * @throws IOException naming the file, when it cannot be read
     */
    public static BackupCheck verify(Path file) throws IOException {
        byte[] all;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size > MAX_PAYLOAD_BYTES + MAX_HEADER_BYTES) {
                return new BackupCheck.Damaged(
                        "%s: %d bytes are more than any backup has".formatted(file, size));
            }
            ByteBuffer buffer = ByteBuffer.allocate((int) size);
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
            all = Arrays.copyOf(buffer.array(), buffer.position());
        } catch (IOException e) {
            throw new IOException("backup %s cannot be read: %s".formatted(file, reason(e)), e);
        }
        return verify(file, all);
    }

    private static BackupCheck verify(Path file, byte[] all) {
        String start =
                new String(
                        all, 0, Math.min(all.length, MAX_HEADER_BYTES), StandardCharsets.US_ASCII);
        Matcher header = HEADER.matcher(start);
        if (!header.lookingAt()) {
            return new BackupCheck.Damaged(
                    "%s is no backup: it does not begin with \"sluice-backup 1\"".formatted(file));
        }
        byte[] payload = Arrays.copyOfRange(all, header.end(), all.length);
        int expected = Integer.parseInt(header.group(1));
        if (payload.length != expected) {
            return new BackupCheck.Damaged(
                    "%s: expected %d bytes of payload, found %d"
                            .formatted(file, expected, payload.length));
        }
        String found = sha256(payload);
        if (!found.equals(header.group(2))) {
            return new BackupCheck.Damaged(
                    "%s was changed: expected sha256 %s, found %s"
                            .formatted(file, header.group(2), found));
        }
        return new BackupCheck.Intact(Blob.of(payload), found);
    }

    private static byte[] header(int size, String sha256) {
        return "sluice-backup 1 %d %s\n"
                .formatted(size, sha256)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** What the system said; some exceptions of the file system say only the name of the file. */
    private static String reason(IOException e) {
        return "%s (%s)".formatted(e.getMessage(), e.getClass().getSimpleName());
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
