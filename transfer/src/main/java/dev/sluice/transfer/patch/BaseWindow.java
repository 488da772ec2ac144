package dev.sluice.transfer.patch;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The range of a base that is in memory: the file's own pages, locked there. Where the system does
 * not lock that many they are copied, which takes several times as long: fresh memory costs more
 * than what is read into it. Segments that follow each other refer to ranges that overlap by half,
 * or are the same for a base of up to 64 MiB: what is here is not read again.
 *
 * <p>A file's page that cannot be read when libzstd needs it would end the process. Locking reads
 * all of them, or says that it can't, and none leaves memory before the lock ends. A file that
 * became shorter meanwhile would end it too; nobody writes to a content that is whole, and one that
 * is removed keeps its bytes for as long as it is open.
 *
 * <p>For one thread.
 */
final class BaseWindow implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BaseWindow.class);

    private final PatchSource base;
    private final FileChannel from;
    private final PageLock lock;

    private final Arena copies = Arena.ofConfined();

    /** Once a lock was refused. */
    private @Nullable MemorySegment copy;

    private @Nullable Mapping mapping;

    // What of the base is at the beginning of the memory.
    private MemorySegment memory = MemorySegment.NULL;
    private long start;
    private long length;

    /** Keeps pages of a file in memory. */
    @FunctionalInterface
    interface PageLock {

        /** Reads all pages of a mapping; false: they are not there, or may leave again. */
        boolean lock(MemorySegment mapped);
    }

    BaseWindow(PatchSource base, FileChannel from, PageLock lock) {
        this.base = base;
        this.from = from;
        this.lock = lock;
    }

    /**
     * Has the system read what the first segments of a patch refer to, while that is still coming.
     * It is not waited for, and no harm if it is not done: {@link #range} reads what is not there.
     */
    static void readAhead(PatchSource base) {
        Thread.ofPlatform()
                .name("patch-read-ahead")
                .daemon()
                .start(() -> {
                    try (FileChannel from = FileChannel.open(base.file(), StandardOpenOption.READ);
                            Arena arena = Arena.ofConfined()) {
                        long most = Math.min(PatchFormat.BASE_BYTES, from.size() - base.start());
                        if (most > 0) {
                            NativeMemory.readAhead(
                                    from.map(MapMode.READ_ONLY, base.start(), most, arena));
                        }
                    } catch (IOException e) {
                        LOG.debug("{}: not read ahead: {}", base.file(), e.toString());
                    }
                });
    }

    /**
     * A range of the base, which is gone with the next one.
     *
     * @param count at most {@link PatchFormat#BASE_BYTES}, and within the base
     * @throws IOException when the file ends before
     */
    MemorySegment range(long offset, int count) throws IOException {
        boolean isHere = offset >= start && offset + count <= start + length;
        if (!isHere && (copy != null || !map(offset, count))) {
            copy(offset, count);
        }
        return memory.asSlice(offset - start, count);
    }

    private static final class Mapping implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();

        MemorySegment of(FileChannel file, long offset, int count) throws IOException {
            return file.map(MapMode.READ_ONLY, offset, count, arena);
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    private boolean map(long offset, int count) throws IOException {
        forget();
        if (from.size() < base.start() + offset + count) {
            return false;
        }
        Mapping mapped = new Mapping();
        mapping = mapped;
        MemorySegment pages = mapped.of(from, base.start() + offset, count);
        if (!lock.lock(pages)) {
            forget();
            return false;
        }
        memory = pages;
        start = offset;
        length = count;
        return true;
    }

    private void copy(long offset, int count) throws IOException {
        MemorySegment into = copy;
        if (into == null) {
            long most = Math.min(PatchFormat.BASE_BYTES, base.content().size());
            into = NativeMemory.allocate(copies, most);
            copy = into;
            memory = into;
        }
        boolean isOfUse = offset >= start && offset < start + length;
        long left = isOfUse ? start + length - offset : 0;
        MemorySegment.copy(into, isOfUse ? offset - start : 0, into, 0, left);
        start = offset;
        length = left;
        NativeReading.read(
                from,
                base.start() + start + length,
                into.asSlice(length),
                count - length,
                base.file().toString());
        length = count;
    }

    private void forget() {
        Mapping open = mapping;
        mapping = null;
        memory = MemorySegment.NULL;
        length = 0;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void close() {
        forget();
        copies.close();
    }
}
