package dev.sluice.transfer.store;

import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A content that is being received, and read by others meanwhile: its {@link GrowingSpan}s, each
 * with a feeder of its own, and one thread (the keeper) that writes what is verified to disk.
 * Readers get bytes before their leaf is whole.
 */
public final class GrowingContent implements ReadableContent, AutoCloseable {

    /** Whole leaves that may wait for the keeper; the spans have equal parts of them. */
    static final int PAUSE_LEAVES = 64;

    /** How long the keeper waits at most for more leaves before it writes what it has. */
    private static final long WRITE_WAIT_MILLIS = 40;

    private static final Logger LOG = LoggerFactory.getLogger(GrowingContent.class);

    private final PackageContent content;
    private final PartFile part;
    private final Owner owner;
    private final BlockingQueue<KeeperJob> jobs;
    private final List<GrowingSpan> spans;
    private final List<GrowingReader> readers = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    private final Object lock = new Object();

    // Guarded by the lock.
    private int openReaders;
    private boolean keeperGone;

    // Written under the lock.
    private volatile boolean ended;

    /** Is told what becomes of a content, one at a time and by its keeper where nothing is said. */
    public interface Owner {
        /** The table is verified and written. */
        void tableVerified();

        /**
         * The table was not the content's: nothing of this span's feed counts. Told by who feeds.
         */
        void wrongTable(GrowingSpan from, String reason);

        /** So many bytes are verified and in the file. */
        void advanced(long bytes);

        /** All of a span is verified and in the file, and of another one not. */
        void spanComplete(GrowingSpan span);

        /** The leaf that begins here was wrong; it and all after it in the span are forgotten. */
        void wrongLeaf(GrowingSpan span, long offset);

        /** The disk failed: nothing more is taken. */
        void failed(IOException failure);

        /** Everything is verified and durable. */
        void complete();
    }

    private GrowingContent(PackageContent content, List<Span> parts, PartFile part, Owner owner) {
        this.content = content;
        this.part = part;
        this.owner = owner;
        this.jobs = new ArrayBlockingQueue<>(4 * Window.MAX_LEAVES * parts.size());
        this.spans =
                IntStream.range(0, parts.size())
                        .mapToObj(place ->
                                new GrowingSpan(
                                        content,
                                        place,
                                        parts.get(place),
                                        part,
                                        new All(),
                                        jobs,
                                        PAUSE_LEAVES / parts.size()))
                        .toList();
    }

    /**
     * Opens what a directory has of a content, or begins anew. May read the disk for a while.
     *
     * @param spans {@link Span#whole} or {@link Span#halves}. What is here of the second half is of
     *     no use to one who begins with the whole
     * @throws DiskFullException when the content does not fit
     */
    public static GrowingContent open(
            Path directory, PackageContent content, List<Span> spans, DiskSpace space, Owner owner)
            throws IOException {
        PartFile part = PartFile.open(directory, content, spans, space);
        GrowingContent growing = new GrowingContent(content, spans, part, owner);
        Thread.ofPlatform()
                .name("transfer-keep-" + content.sha256().hex().substring(0, 8))
                .daemon()
                .start(growing::keep);
        return growing;
    }

    /** The name of the file in the directory that is the content once it is complete. */
    public static String partName() {
        return PartFile.PART;
    }

    /** The name of the file in the directory that tells what of the part file is verified. */
    public static String progressName() {
        return PartFile.PROGRESS;
    }

    /** The name of the table's file in the directory. */
    public static String leavesName() {
        return PartFile.LEAVES;
    }

    /** The bytes of a content that a directory is known to have, without looking at them. */
    public static long presentIn(Path directory, PackageContent content) throws IOException {
        return PartFile.presentIn(directory, content);
    }

    @Override
    public PackageContent content() {
        return content;
    }

    /** Its parts, in order. */
    public List<GrowingSpan> spans() {
        return spans;
    }

    /** Bytes that are verified and in the file. */
    public long verified() {
        long bytes = 0;
        for (GrowingSpan span : spans) {
            bytes += span.verified() - span.span().begin();
        }
        return bytes;
    }

    public boolean hasTable() {
        return part.table().verified().isPresent();
    }

    // The keeper.

    private void keep() {
        boolean stopped = false;
        if (isWhole()) {
            guarded(this::finish);
        }
        while (!stopped) {
            try {
                KeeperJob job =
                        hasToWrite()
                                ? jobs.poll(WRITE_WAIT_MILLIS, TimeUnit.MILLISECONDS)
                                : jobs.take();
                stopped = job instanceof KeeperJob.Stop;
                guarded(job == null ? this::writeAll : () -> execute(job));
            } catch (InterruptedException _) {
                // Nobody interrupts it: it ends by its Stop, as an interrupt would close the file.
            }
        }
        leave();
    }

    private interface Step {
        void run() throws IOException;
    }

    private void guarded(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            LOG.warn("content {}: {}", content.sha256(), e.getMessage());
            spans.forEach(GrowingSpan::endFeed);
            owner.failed(e);
        } catch (RuntimeException e) {
            LOG.error("content {}: its keeper failed", content.sha256(), e);
            spans.forEach(GrowingSpan::endFeed);
            owner.failed(new IOException("the keeper failed: " + e, e));
        }
    }

    private void execute(KeeperJob job) throws IOException {
        switch (job) {
            case KeeperJob.Table _ -> {
                part.keepTable();
                owner.tableVerified();
            }
            case KeeperJob.WholeLeaves(var span, var leaves) -> {
                for (KeeperJob.WholeLeaf leaf : leaves) {
                    guarded(() -> judgeLeaf(span, leaf));
                    leaf.bytes().release();
                }
            }
            case KeeperJob.Marker(var span, var then) -> {
                try {
                    write(span);
                } finally {
                    then.run();
                }
            }
            case KeeperJob.Stop _ -> {
                writeAll();
                if (!isWhole()) {
                    part.checkpoint();
                }
            }
        }
    }

    private void judgeLeaf(GrowingSpan span, KeeperJob.WholeLeaf leaf) throws IOException {
        if (span.take(leaf, offset -> owner.wrongLeaf(span, offset))) {
            write(span);
        }
    }

    private void writeAll() throws IOException {
        for (GrowingSpan span : spans) {
            write(span);
        }
    }

    private void write(GrowingSpan span) throws IOException {
        if (!span.hasToWrite()) {
            return;
        }
        span.write();
        owner.advanced(verified());
        if (isWhole()) {
            finish();
        } else if (span.isComplete()) {
            owner.spanComplete(span);
        }
    }

    private boolean isWhole() {
        return verified() == content.size();
    }

    private boolean hasToWrite() {
        for (GrowingSpan span : spans) {
            if (span.hasToWrite()) {
                return true;
            }
        }
        return false;
    }

    private void finish() throws IOException {
        part.checkpoint();
        owner.complete();
    }

    // Readers.

    /** All who read, told by the spans. */
    private final class All implements GrowingSpan.Readers {
        @Override
        public void wake(Span span) {
            for (GrowingReader reader : readers) {
                if (span.contains(reader.position())) {
                    reader.wake();
                }
            }
        }

        @Override
        public void takeBack(Span span, long offset) {
            readers.forEach(reader -> reader.takeBack(span, offset));
        }

        @Override
        public void wakeForTable() {
            wakeReaders();
        }

        @Override
        public void wrongTable(GrowingSpan from, String reason) {
            wakeReaders();
            owner.wrongTable(from, reason);
        }
    }

    private void wakeReaders() {
        readers.forEach(GrowingReader::wake);
    }

    /** The span that a position belongs to; the end of the content belongs to the last. */
    GrowingSpan spanAt(long position) {
        int i = 0;
        while (i < spans.size() - 1 && position >= spans.get(i).span().end()) {
            i++;
        }
        return spans.get(i);
    }

    /** Where the bytes end that may be read from a position on without a gap. */
    long available(long position) {
        GrowingSpan span = spanAt(position);
        long end = Math.max(position, span.available());
        return end == span.span().end() && end > position ? available(end) : end;
    }

    boolean isEnded() {
        return ended;
    }

    @Override
    public Reader open(long offset, Runnable wake, Runnable then) throws IOException {
        synchronized (lock) {
            if (ended) {
                throw new IOException("content %s: is closed".formatted(content.sha256()));
            }
            openReaders++;
        }
        GrowingReader reader = new GrowingReader(this, part, offset, wake, then);
        readers.add(reader);
        return reader;
    }

    void readerClosed(GrowingReader reader) {
        synchronized (lock) {
            openReaders--;
        }
        readers.remove(reader);
        closeFileAfterLast();
    }

    // The end.

    /**
     * Takes nothing more; what was verified stays on disk. Readers go on until they close.
     *
     * @see #closed
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (ended) {
                return;
            }
            ended = true;
        }
        for (GrowingSpan span : spans) {
            span.endFeed();
            span.settle();
        }
        jobs.add(new KeeperJob.Stop());
    }

    /** Done when the file is closed, after the keeper and the last reader. */
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    /**
     * Waits for that.
     *
     * @return whether it is; readers may have it open for longer
     */
    public boolean awaitClosed(Duration limit) throws InterruptedException {
        try {
            closed.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("content %s".formatted(content.sha256()), e);
        }
    }

    private void leave() {
        synchronized (lock) {
            keeperGone = true;
        }
        spans.forEach(GrowingSpan::leave);
        wakeReaders();
        closeFileAfterLast();
    }

    private void closeFileAfterLast() {
        synchronized (lock) {
            if (!keeperGone || openReaders > 0 || closed.isDone()) {
                return;
            }
        }
        try {
            part.close();
        } catch (IOException e) {
            LOG.warn("content {}: cannot be closed: {}", content.sha256(), e.getMessage());
        }
        closed.complete(null);
    }
}
