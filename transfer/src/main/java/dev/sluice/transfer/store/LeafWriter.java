package dev.sluice.transfer.store;

import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes leaves to a file, around the page cache where the file system allows that. A package that
 * passes through the cache takes a page of memory for each of its own, and pushes out what the node
 * serves its clients from.
 *
 * <p>What can't go around it goes through it: a leaf that is not whole, and everything from the
 * first write on that the file system refused.
 */
final class LeafWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeafWriter.class);

    private static final @Nullable OpenOption DIRECT = direct();

    private final Path file;
    private final FileChannel cached;
    private @Nullable FileChannel direct;

    private LeafWriter(Path file, FileChannel cached, @Nullable FileChannel direct) {
        this.file = file;
        this.cached = cached;
        this.direct = direct;
    }

    /**
     * A writer of a file.
     *
     * @param cached the file, open for writing through the page cache; not closed by this
     */
    static LeafWriter of(Path file, FileChannel cached) {
        return new LeafWriter(file, cached, openDirect(file));
    }

    private static @Nullable FileChannel openDirect(Path file) {
        try {
            return DIRECT == null ? null : FileChannel.open(file, StandardOpenOption.WRITE, DIRECT);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("{}: is written through the page cache: {}", file, e.toString());
            return null;
        }
    }

    /**
     * {@code DIRECT} of the JDK's own open options, looked up by name: the module that has it is
     * not of the standard, and a JDK may come without.
     */
    private static @Nullable OpenOption direct() {
        try {
            Object[] options =
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants();
            for (Object option : options) {
                if (option instanceof OpenOption found && found.toString().equals("DIRECT")) {
                    return found;
                }
            }
        } catch (ClassNotFoundException e) {
            LOG.debug("direct writes: {}", e.toString());
        }
        return null;
    }

    /** Whether whole leaves go around the page cache. */
    boolean isDirect() {
        return direct != null;
    }

    /**
     * Writes consecutive leaves.
     *
     * @return how many bytes those were
     */
    long write(List<ByteBuffer> leaves, long offset) throws IOException {
        int whole = 0;
        while (whole < leaves.size() && leaves.get(whole).remaining() == PackageContent.LEAF_SIZE) {
            whole++;
        }
        long at = offset + writeWhole(leaves.subList(0, whole), offset);
        for (ByteBuffer leaf : leaves.subList(whole, leaves.size())) {
            at += writeCached(leaf, at);
        }
        return at - offset;
    }

    private long writeWhole(List<ByteBuffer> leaves, long offset) throws IOException {
        FileChannel channel = direct;
        if (channel != null) {
            try {
                return writeDirect(channel, leaves, offset);
            } catch (IOException e) {
                LOG.info(
                        "{}: is written through the page cache from now on: {}",
                        file,
                        e.toString());
                direct = null;
                FileRanges.close(channel, file);
            }
        }
        long at = offset;
        for (ByteBuffer leaf : leaves) {
            at += writeCached(leaf, at);
        }
        return at - offset;
    }

    private static long writeDirect(FileChannel channel, List<ByteBuffer> leaves, long offset)
            throws IOException {
        ByteBuffer[] all = new ByteBuffer[leaves.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = leaves.get(i).duplicate();
        }
        long wanted = (long) all.length * PackageContent.LEAF_SIZE;
        var _ = channel.position(offset);
        for (long left = wanted; left > 0; ) {
            left -= channel.write(all);
        }
        return wanted;
    }

    private long writeCached(ByteBuffer bytes, long offset) throws IOException {
        int count = bytes.remaining();
        for (long at = offset; bytes.hasRemaining(); ) {
            at += cached.write(bytes, at);
        }
        return count;
    }

    @Override
    public void close() {
        FileChannel channel = direct;
        if (channel != null) {
            FileRanges.close(channel, file);
        }
    }
}
