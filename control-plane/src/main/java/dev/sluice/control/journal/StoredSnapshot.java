package dev.sluice.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * A verified snapshot as the bytes that it is on disk, to be copied to another master. It stays
 * readable until it is closed, whatever happens to its name.
 */
public final class StoredSnapshot implements Closeable {

    private static final int BUFFER_BYTES = 256 << 10;

    private final DiskFile file;
    private final JournalPosition position;
    private final long size;
    private final byte[] sha256;

    private StoredSnapshot(DiskFile file, JournalPosition position, long size, byte[] sha256) {
        this.file = file;
        this.position = position;
        this.size = size;
        this.sha256 = sha256;
    }

    /** Opens and verifies a file; empty if there is none, or it is damaged. */
    static Optional<StoredSnapshot> open(Disk disk, String name, long index, long maxPayloadBytes)
            throws IOException {
        DiskFile file;
        try {
            file = disk.openForReading(name);
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
        boolean sound = false;
        try {
            var source = new SnapshotFormat.Source(file, maxPayloadBytes);
            JournalPosition position = source.begin(index);
            source.verifyRest();
            sound = true;
            return Optional.of(
                    new StoredSnapshot(file, position, file.size(), sha256(file, file.size())));
        } catch (SnapshotFormat.DamagedException _) {
            return Optional.empty();
        } finally {
            if (!sound) {
                file.close();
            }
        }
    }

    /** Returns the position up to which entries are included. */
    public JournalPosition position() {
        return position;
    }

    /** Returns the size of the file in bytes. */
    public long size() {
        return size;
    }

    /** Returns the SHA-256 of the whole file. */
    public byte[] sha256() {
        return sha256.clone();
    }

    /** Reads up to so many bytes at an offset; none at the end. */
    public byte[] read(long offset, int maxBytes) throws IOException {
        int length = Math.clamp(size - offset, 0, maxBytes);
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, offset + bytes.position()) < 0) {
                throw new IOException(
                        "snapshot at entry %d: expected %d bytes, found an end before %d"
                                .formatted(position.index(), size, offset + length));
            }
        }
        return bytes.array();
    }

    /** Returns the SHA-256 of a file's first bytes. */
    static byte[] sha256(DiskFile file, long size) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        for (long at = 0; at < size; ) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), size - at));
            int count = file.read(buffer, at);
            if (count < 0) {
                throw new IOException("expected %d bytes, found an end at %d".formatted(size, at));
            }
            digest.update(buffer.flip());
            at += count;
        }
        return digest.digest();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
