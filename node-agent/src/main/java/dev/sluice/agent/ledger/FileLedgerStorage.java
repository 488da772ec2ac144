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
    private boolean broken;

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
        long before = open.position();
        try {
            write(open, bytes);
        } catch (IOException e) {
            open.truncate(before);
            throw e;
        }
        force(open);
    }

    @Override
    public void replace(byte[] bytes) throws IOException {
        Durable.write(file, bytes);
        close();
        broken = false;
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }

    private FileChannel channel() throws IOException {
        if (broken) {
            throw new IOException(
                    "an earlier sync failed; restart the agent after the disk is well");
        }
        if (channel == null) {
            channel = FileChannel.open(file, StandardOpenOption.WRITE);
            channel.position(channel.size());
        }
        return channel;
    }

    /** After a failed sync nobody knows what reached the disk, and a second one would hide it. */
    private void force(FileChannel open) throws IOException {
        try {
            open.force(false);
        } catch (IOException e) {
            broken = true;
            throw e;
        }
    }

    private static void write(FileChannel open, byte[] bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
            open.write(rest);
        }
    }
}
