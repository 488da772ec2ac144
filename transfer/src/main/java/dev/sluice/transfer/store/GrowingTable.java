package dev.sluice.transfer.store;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.LeafTableBuilder;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The leaf table of a content as far as it came. Readers get it as it comes, or each node of a
 * chain would begin to receive only when the one before it has the whole table.
 *
 * <p>Its last hash is held back from readers until all are verified. So whoever sends a whole table
 * vouches for it. Safe for use by many threads.
 */
final class GrowingTable {

    private final PackageContent content;
    private final int size;

    // Guarded by this.
    private @Nullable LeafTableBuilder coming;

    private volatile @Nullable LeafTable verified;
    private volatile int available;
    private final AtomicInteger version = new AtomicInteger();

    GrowingTable(PackageContent content) {
        this.content = content;
        this.size = content.leafCount() * Sha256.BYTES;
    }

    /** The table, once it is verified. */
    Optional<LeafTable> verified() {
        return Optional.ofNullable(verified);
    }

    /** Takes a table that was verified elsewhere. */
    synchronized void set(LeafTable table) {
        verified = table;
        available = size;
        coming = null;
    }

    /**
     * Takes the next part of what one source sends, in whole hashes, which are read. Where it
     * differs from what another one sent, it is this one that counts from there on: one of both is
     * wrong, and whoever was given the other's is to forget it.
     *
     * @param at where in the table the part begins
     * @return whether the table is verified by it
     * @throws InvalidPackageException when the source has sent all, and it is not the content's
     */
    synchronized boolean put(int at, ByteBuffer part) throws InvalidPackageException {
        int end = at + part.remaining();
        if (verified != null) {
            part.position(part.limit());
            return false;
        }
        LeafTableBuilder builder = coming == null ? new LeafTableBuilder(content) : coming;
        coming = builder;
        for (int index = at / Sha256.BYTES; part.hasRemaining(); index++) {
            put(builder, index, part);
        }
        available = Math.min(builder.count(), content.leafCount() - 1) * Sha256.BYTES;
        if (builder.isFull()) {
            try {
                set(builder.build());
                return true;
            } catch (InvalidPackageException e) {
                truncate(builder, 0);
                throw e;
            }
        }
        if (end == size) {
            throw new InvalidPackageException("leaf table: parts of two sources differ");
        }
        return false;
    }

    private void put(LeafTableBuilder builder, int index, ByteBuffer part) {
        if (index < builder.count()) {
            ByteBuffer again = part.duplicate();
            if (builder.matches(index, part)) {
                return;
            }
            truncate(builder, index);
            builder.add(again);
        } else if (index == builder.count()) {
            builder.add(part);
        } else {
            // Another source differed before here, and what came of this one was forgotten.
            part.position(part.limit());
        }
    }

    private void truncate(LeafTableBuilder builder, int count) {
        builder.truncate(count);
        available = Math.min(available, count * Sha256.BYTES);
        version.incrementAndGet();
    }

    /** Where the bytes end that readers may have. */
    int available() {
        return available;
    }

    /** Grows when something was wrong that readers may have. */
    int version() {
        return version.get();
    }

    /** Fills a buffer with whole hashes of those that are available, from an offset on. */
    synchronized void read(int offset, ByteBuffer into) throws IOException {
        LeafTable whole = verified;
        LeafTableBuilder builder = coming;
        boolean isHere = offset + into.remaining() <= available;
        if (isHere && whole != null) {
            whole.copy(offset / Sha256.BYTES, into);
        } else if (isHere && builder != null) {
            builder.copy(offset / Sha256.BYTES, into);
        } else {
            throw new IOException(
                    "the leaf table from %d on is not here any more".formatted(offset));
        }
    }
}
