package dev.sluice.agent.ledger;

import dev.sluice.agent.disk.Durable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A ledger in a file; appended with fdatasync, replaced by rename. */
public final class FileLedgerStorage implements LedgerStorage, AutoCloseable {

    /** Far above what 10,000 results take; a larger file is not a ledger. */
    private static final long MAX_BYTES = 256L << 20;

    private final Path file;
    private @Nullable FileChannel channel;
    private @Nullable LedgerBrokenException broken;

    public FileLedgerStorage(Path file) {
        this.file = file;
    }

    @Override
    public String name() {
        return file.toString();
    }

    @Override
    public byte[] read() throws IOException {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new IOException(
                        "ledger %s: expected at most %d bytes, found %d"
                                .formatted(file, MAX_BYTES, size));
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return new byte[0];
        }
    }

    @Override
    public void append(byte[] bytes) throws IOException {
        FileChannel open = channel();
        long before = end(open);
        try {
            write(open, bytes);
        } catch (IOException e) {
            cut(open, before, e);
            throw e;
        }
        force(open);
    }

    @Override
    public void replace(byte[] bytes) throws IOException {
        Durable.write(file, bytes);
        close();
        broken = null;
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }

    private FileChannel channel() throws IOException {
        if (broken != null) {
            throw broken;
        }
        FileChannel open = channel;
        if (open == null) {
            open = FileChannel.open(file, StandardOpenOption.WRITE);
            channel = open;
            open.position(open.size());
        }
        return open;
    }

    /** After a failed sync nobody knows what reached the disk, and a second one would hide it. */
    private void force(FileChannel open) throws IOException {
        try {
            open.force(false);
        } catch (IOException e) {
            throw broken("its sync failed", e);
        }
    }

    private long end(FileChannel open) throws LedgerBrokenException {
        try {
            return open.position();
        } catch (IOException e) {
            throw broken("its end is not known", e);
        }
    }

    private void cut(FileChannel open, long at, IOException why) throws LedgerBrokenException {
        try {
            open.truncate(at);
        } catch (IOException e) {
            why.addSuppressed(e);
            throw broken("half a record could not be cut off", why);
        }
    }

    private LedgerBrokenException broken(String what, IOException cause) {
        LedgerBrokenException failure =
                new LedgerBrokenException(
                        "%s: %s; see that the disk is well".formatted(what, cause), cause);
        broken = failure;
        return failure;
    }

    private static void write(FileChannel open, byte[] bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
            open.write(rest);
        }
    }
}
