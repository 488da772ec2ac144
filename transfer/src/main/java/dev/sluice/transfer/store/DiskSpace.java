package dev.sluice.transfer.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Gives a file its disk space before its first byte: a disk that is full says so at the start and
 * not in the middle. By {@code posix_fallocate}; where that is not to be had, by writing zeros.
 */
public final class DiskSpace {

    /** Errors of the C library on Linux that tell about space; others mean: not possible here. */
    private static final int EINTR = 4;

    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;

    /** A signal may interrupt the call; this often in a row it does not. */
    private static final int MAX_INTERRUPTIONS = 100;

    private static final int ZEROS_BYTES = 1 << 20;

    private final Allocator allocator;
    private final FreeSpace freeSpace;

    /** Reserves a file's first bytes: 0, or the C library's error number. */
    @FunctionalInterface
    interface Allocator {

        /** The file could not be reserved at all here. */
        int IMPOSSIBLE = -1;

        int allocate(Path file, long bytes);
    }

    /** Bytes that may still be written to the disk that a file is on. */
    @FunctionalInterface
    public interface FreeSpace {
        long bytes(Path file) throws IOException;
    }

    DiskSpace(Allocator allocator, FreeSpace freeSpace) {
        this.allocator = allocator;
        this.freeSpace = freeSpace;
    }

    /** The operating system's way. */
    public static DiskSpace system() {
        return system(DiskSpace::usable);
    }

    /**
     * Bytes that may still be written to the disk that a file is on. A call of the system; Java's
     * {@code FileStore} reads the table of all mounts each time.
     */
    public static long usable(Path file) throws IOException {
        long bytes = file.toFile().getUsableSpace();
        if (bytes == 0 && Files.notExists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        return bytes;
    }

    /** The operating system's way, with less free than the disk says. */
    public static DiskSpace system(FreeSpace freeSpace) {
        return new DiskSpace(PosixAllocator::allocate, freeSpace);
    }

    /**
     * Makes a file of a size, all of its space reserved; what it holds already stays. If that fails
     * it is as it was before.
     *
     * @throws DiskFullException naming what is needed and what is free
     */
    void reserve(Path file, long bytes) throws IOException {
        boolean isNew = !Files.exists(file);
        if (isNew) {
            Files.createFile(file);
        }
        long had = Files.size(file);
        boolean done = false;
        try {
            long free = freeSpace.bytes(file);
            if (free < bytes - had) {
                throw new DiskFullException(file, bytes - had, free);
            }
            allocate(file, had, bytes);
            done = true;
        } finally {
            if (!done && isNew) {
                Files.deleteIfExists(file);
            } else if (!done) {
                truncate(file, had);
            }
        }
    }

    private void allocate(Path file, long had, long bytes) throws IOException {
        int error = EINTR;
        for (int i = 0; error == EINTR && i < MAX_INTERRUPTIONS; i++) {
            error = allocator.allocate(file, bytes);
        }
        if (error == ENOSPC || error == EDQUOT) {
            throw new DiskFullException(file, bytes - had, freeSpace.bytes(file));
        }
        if (error != 0) {
            writeZeros(file, had, bytes);
        }
    }

    private void writeZeros(Path file, long had, long bytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS_BYTES);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long at = had; at < bytes; ) {
                zeros.clear().limit((int) Math.min(ZEROS_BYTES, bytes - at));
                at += channel.write(zeros, at);
            }
        } catch (IOException e) {
            long free = freeSpace.bytes(file);
            throw new IOException(
                    "%s: %d bytes could not be reserved: %s; %d are free"
                            .formatted(file, bytes - had, e.getMessage(), free),
                    e);
        }
    }

    private static void truncate(Path file, long size) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size);
        }
    }
}
