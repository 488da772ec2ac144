package dev.sluice.transfer.patch;

import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.GrowingSpan;
import dev.sluice.transfer.store.Span;
import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes a content of another one by a patch. The patch is one more source of the content: what it
 * gives goes the way of bytes from elsewhere, each leaf verified against the table, and the table
 * against the manifest's root. What was there already stays, and what a crash leaves is gone on
 * from. A patch that is wrong costs the time of one segment.
 *
 * <p>{@link #run} is called once, by a thread that may block.
 */
public final class PatchApply implements AutoCloseable {

    private static final int LEAF = PackageContent.LEAF_SIZE;

    /** The content's keeper judges a leaf in a millisecond; so long it never takes. */
    private static final long KEEPER_SECONDS = 60;

    private final Zstd zstd;
    private final Path patch;
    private final PatchSource base;
    private final GrowingContent content;
    private final Progress progress;
    private final Object changed = new Object();

    // Guarded by changed.
    private boolean table;
    private boolean complete;
    private @Nullable String wrong;
    private @Nullable IOException failure;

    /** Is told of bytes that are verified and on disk. */
    @FunctionalInterface
    public interface Progress {
        void verified(long bytes);
    }

    /** How it ended. */
    public sealed interface Result {

        /** The content is whole, verified and durable. */
        record Applied() implements Result {}

        /** The patch does not make the content; what was verified stays. */
        record Refused(String reason) implements Result {}
    }

    private PatchApply(
            Zstd zstd,
            Path patch,
            PatchSource base,
            Path directory,
            PackageContent target,
            DiskSpace disk,
            Progress progress)
            throws IOException {
        this.zstd = zstd;
        this.patch = patch;
        this.base = base;
        this.progress = progress;
        this.content =
                GrowingContent.open(directory, target, Span.halves(target), disk, new Keeping());
    }

    /**
     * Opens what is there of the target, with its space reserved; the base is read from now on,
     * while the patch may still be coming.
     *
     * @param patch the file of the patch
     * @param directory where the target's part file is, or will be
     * @throws dev.sluice.transfer.store.DiskFullException when the target does not fit
     */
    public static PatchApply open(
            Zstd zstd,
            Path patch,
            PatchSource base,
            Path directory,
            PackageContent target,
            DiskSpace disk,
            Progress progress)
            throws IOException {
        BaseWindow.readAhead(base);
        return new PatchApply(zstd, patch, base, directory, target, disk, progress);
    }

    /** The target as far as it is here, to be served to others. */
    public GrowingContent content() {
        return content;
    }

    /**
     * Applies the patch.
     *
     * @throws IOException when this node's disk fails
     */
    public Result run() throws IOException, InterruptedException {
        try (PatchReader reader = PatchReader.open(zstd, patch, base, content.content())) {
            byte[] encoded = reader.table();
            Target target = new Target();
            if (!content.hasTable()) {
                target.spans.getFirst().feed.table(encoded);
                await(() -> table);
            }
            give(reader, target);
            await(() -> complete);
        } catch (PatchException e) {
            return new Result.Refused(String.valueOf(e.getMessage()));
        }
        return new Result.Applied();
    }

    private void give(PatchReader reader, Target target) throws IOException, InterruptedException {
        while (reader.hasNext()) {
            long end =
                    Math.min(content.content().size(), target.position + PatchFormat.SEGMENT_BYTES);
            if (target.hasUpTo(end)) {
                reader.skip();
                target.position = end;
            } else {
                reader.read(target);
            }
        }
    }

    /** What is made of a span, but for what is there already. */
    private record Fed(GrowingSpan span, GrowingSpan.Feed feed) {

        static Fed begin(GrowingSpan span) {
            return new Fed(span, span.beginFeed());
        }

        /** Whether nothing of the span that lies between two offsets is to be made. */
        boolean has(long from, long to) {
            return Math.max(from, feed.offset()) >= Math.min(to, span.span().end());
        }
    }

    /** What is made of the content, on its way there. */
    private final class Target implements PatchReader.Sink {
        private final List<Fed> spans = content.spans().stream().map(Fed::begin).toList();
        private long position;

        /** Whether everything from the position on is there, up to an offset. */
        boolean hasUpTo(long end) {
            return spans.stream().allMatch(fed -> fed.has(position, end));
        }

        @Override
        public void take(ByteBuffer piece) throws IOException, InterruptedException {
            ByteBuf from = Unpooled.wrappedBuffer(piece);
            long begin = position;
            position += piece.remaining();
            for (Fed fed : spans) {
                long first = Math.max(begin, fed.feed().offset());
                long last = Math.min(position, fed.span().span().end());
                if (first < last) {
                    give(fed, from.slice((int) (first - begin), (int) (last - first)));
                }
            }
        }

        private void give(Fed fed, ByteBuf bytes) throws IOException, InterruptedException {
            while (bytes.isReadable()) {
                await(() -> !fed.span().isFull());
                fed.feed().data(bytes, Math.min(LEAF, bytes.readableBytes()));
                fed.span().share();
            }
        }
    }

    private interface Condition {
        boolean holds();
    }

    /** Waits for the keeper's word, which is also that something is wrong. */
    private void await(Condition condition) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(KEEPER_SECONDS);
        synchronized (changed) {
            while (true) {
                if (failure != null) {
                    throw new IOException(failure.getMessage(), failure);
                }
                if (wrong != null) {
                    throw new PatchException(wrong);
                }
                if (condition.holds()) {
                    return;
                }
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw new IOException(
                            "content %s: its disk took no leaf for %d s"
                                    .formatted(content.content().sha256(), KEEPER_SECONDS));
                }
                changed.wait(left);
            }
        }
    }

    private void tell(Runnable change) {
        synchronized (changed) {
            change.run();
            changed.notifyAll();
        }
    }

    private final class Keeping implements GrowingContent.Owner {

        @Override
        public void tableVerified() {
            tell(() -> table = true);
        }

        @Override
        public void wrongTable(GrowingSpan from, String reason) {
            tell(() -> wrong = reason);
        }

        @Override
        public void advanced(long bytes) {
            tell(() -> {});
            progress.verified(bytes);
        }

        @Override
        public void spanComplete(GrowingSpan span) {}

        @Override
        public void wrongLeaf(GrowingSpan span, long offset) {
            tell(() -> wrong = "the leaf at %d is not what the manifest says".formatted(offset));
        }

        @Override
        public void failed(IOException disk) {
            tell(() -> failure = disk);
        }

        @Override
        public void complete() {
            tell(() -> complete = true);
        }
    }

    /** Ends it; what is verified stays on disk, durable. Readers go on until they close. */
    @Override
    public void close() {
        content.close();
    }
}
