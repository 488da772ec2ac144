package dev.sluice.control.depot;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The room of a depot, on its disk and below its bound, less what packages on their way in will
 * need. Safe for use by many threads.
 */
final class DepotRoom {

    private static final Logger LOG = LoggerFactory.getLogger(DepotRoom.class);

    private final Path directory;
    private final Depot.Disk disk;
    private final long maxBytes;
    private final LongSupplier used;

    /** Of packages on their way in: their sizes, and what of them is not written yet. */
    private final AtomicLong underWay = new AtomicLong();

    private final AtomicLong notWritten = new AtomicLong();

    /**
     * @param used bytes of the packages that are here
     */
    DepotRoom(Path directory, Depot.Disk disk, long maxBytes, LongSupplier used) {
        this.directory = directory;
        this.disk = disk;
        this.maxBytes = maxBytes;
        this.used = used;
    }

    /**
     * Room for a package.
     *
     * @param unwritten what of it is not on the disk yet
     */
    Claim claim(long bytes, long unwritten) {
        return new Claim(bytes, unwritten);
    }

    /**
     * Room on the disk for what is no package and goes again. It does not count in what packages
     * may take together: no package has to go for it.
     */
    Claim claimAside(long bytes) {
        return new Claim(0, bytes);
    }

    /** Whether the disk has room for all that is claimed, and so many bytes more. */
    boolean sufficesWith(long more) throws IOException {
        return notWritten.get() + Depot.SPARE_BYTES + more <= disk.usable(directory);
    }

    /** Whether there is room for all that is claimed. */
    boolean suffices() {
        try {
            return sufficesWith(0)
                    && (maxBytes == Depot.UNBOUNDED
                            || used.getAsLong() + underWay.get() <= maxBytes);
        } catch (IOException e) {
            LOG.warn("depot: its disk cannot be asked: {}", e.getMessage());
            return true;
        }
    }

    /** Of one package; to be closed when it is here, or does not come. For one thread. */
    final class Claim implements AutoCloseable {
        private final long bytes;
        private long unwritten;

        private Claim(long bytes, long unwritten) {
            this.bytes = bytes;
            this.unwritten = unwritten;
            underWay.addAndGet(bytes);
            notWritten.addAndGet(unwritten);
        }

        /** So many bytes of it are on the disk now. */
        void written(long count) {
            long less = Math.min(unwritten, count);
            unwritten -= less;
            notWritten.addAndGet(-less);
        }

        /** All of it has its place on the disk. */
        void reserved() {
            written(unwritten);
        }

        /** Why there is no room for it. */
        String lack(String staying) throws IOException {
            String bound =
                    maxBytes == Depot.UNBOUNDED
                            ? ""
                            : ", and depot.maxBytes is %d of which %d are used"
                                    .formatted(maxBytes, used.getAsLong());
            return "needs %d bytes; %d are free, %d of them are not for packages%s%s"
                    .formatted(
                            bytes,
                            disk.usable(directory) + bytes - unwritten,
                            Depot.SPARE_BYTES,
                            bound,
                            staying.isEmpty() ? "" : "; what is here stays: " + staying);
        }

        @Override
        public void close() {
            underWay.addAndGet(-bytes);
            notWritten.addAndGet(-unwritten);
        }
    }
}
