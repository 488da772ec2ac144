package dev.sluice.transfer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the feeder's thread does of a content, while the keeper is held up. */
final class GrowingContentTest {

    private static final int LEAF = PackageContent.LEAF_SIZE;

    private final byte[] bytes = new byte[6 * LEAF + 1024];
    private final Told told = new Told();

    @TempDir private Path directory;
    private GrowingContent growing;
    private GrowingSpan span;
    private byte[] table;
    private GrowingSpan.Feed feed;

    /** Holds the keeper up from when the table is written until it is let go. */
    private static final class Told implements GrowingContent.Owner {
        final CountDownLatch held = new CountDownLatch(1);
        final CountDownLatch letGo = new CountDownLatch(1);
        final CompletableFuture<Long> wrong = new CompletableFuture<>();
        final CompletableFuture<String> wrongTable = new CompletableFuture<>();
        final CompletableFuture<Void> complete = new CompletableFuture<>();

        @Override
        public void tableVerified() {
            held.countDown();
            try {
                boolean _ = letGo.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void wrongTable(GrowingSpan from, String reason) {
            wrongTable.complete(reason);
        }

        @Override
        public void advanced(long count) {}

        @Override
        public void spanComplete(GrowingSpan complete) {}

        @Override
        public void wrongLeaf(GrowingSpan of, long offset) {
            wrong.complete(offset);
        }

        @Override
        public void failed(IOException failure) {
            complete.completeExceptionally(failure);
        }

        @Override
        public void complete() {
            complete.complete(null);
        }
    }

    @BeforeEach
    void open() throws Exception {
        new Random(11).nextBytes(bytes);
        Path whole = Files.write(directory.resolve("whole"), bytes);
        PackageContent content = LeafHashing.describe(ByteBuffer.wrap(bytes));
        try (FileChannel file = FileChannel.open(whole, StandardOpenOption.READ)) {
            LeafTable leaves = LeafHashing.of(file, 0, content);
            table = leaves.encoded();
        }
        Path growingIn = Files.createDirectory(directory.resolve("growing"));
        growing =
                GrowingContent.open(
                        growingIn, content, Span.whole(content), DiskSpace.system(), told);
        span = growing.spans().getFirst();
        feed = span.beginFeed();
    }

    @AfterEach
    void close() {
        told.letGo.countDown();
        growing.close();
        growing.closed().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private void feed(byte[] from, int offset, int count) {
        ByteBuf piece = Unpooled.wrappedBuffer(from, offset, count);
        feed.data(piece, count);
        span.share();
        piece.release();
    }

    private void holdTheKeeper() throws InterruptedException {
        feed.table(table);
        assertThat(told.held.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    @Tag("PKG-4")
    void aRightLeafIsVouchedForAsItEndsWhateverTheDiskDoes() throws Exception {
        holdTheKeeper();
        try (ReadableContent.Reader reader = growing.open(0, () -> {})) {
            feed(bytes, 0, LEAF - 5);
            assertThat(reader.available()).isEqualTo(LEAF - 5);
            feed(bytes, LEAF - 5, 5);
            assertThat(reader.available()).isEqualTo(LEAF);
            assertThat(growing.verified()).as("nothing is in the file yet").isZero();
        }
        told.letGo.countDown();
        feed(bytes, LEAF, bytes.length - LEAF);

        told.complete.get(10, TimeUnit.SECONDS);
        assertThat(Files.readAllBytes(directory.resolve("growing").resolve("content.part")))
                .isEqualTo(bytes);
    }

    @Test
    @Tag("PKG-3")
    void aWrongLeafIsNotVouchedForAndIsTheKeepersToReport() throws Exception {
        holdTheKeeper();
        byte[] changed = bytes.clone();
        changed[LEAF + 3] ^= 1;
        try (ReadableContent.Reader reader = growing.open(0, () -> {})) {
            feed(changed, 0, 3 * LEAF);
            assertThat(reader.available()).as("all but its last byte").isEqualTo(2L * LEAF - 1);
        }
        told.letGo.countDown();

        assertThat(told.wrong.get(10, TimeUnit.SECONDS)).isEqualTo(LEAF);
        span.whenSettled(() -> {});
        feed = span.beginFeed();
        assertThat(feed.offset()).isEqualTo(LEAF);
        feed(bytes, LEAF, bytes.length - LEAF);
        told.complete.get(10, TimeUnit.SECONDS);
    }

    @Test
    @Tag("PKG-4")
    void theTableIsForReadersAsItComesButForItsLastHash() throws Exception {
        told.letGo.countDown();
        int hash = Sha256.BYTES;
        AtomicInteger wakes = new AtomicInteger();
        try (ReadableContent.Reader reader = growing.open(0, wakes::incrementAndGet)) {
            assertThat(reader.availableTable()).isZero();
            feed.table(0, ByteBuffer.wrap(table, 0, 3 * hash));
            assertThat(reader.availableTable()).isEqualTo(3 * hash);
            assertThat(wakes).hasValue(1);
            feed.table(3 * hash, ByteBuffer.wrap(table, 3 * hash, 3 * hash));
            assertThat(reader.availableTable()).as("6 of 7").isEqualTo(6 * hash);
            assertThat(growing.hasTable()).isFalse();
            feed.table(6 * hash, ByteBuffer.wrap(table, 6 * hash, hash));
            assertThat(reader.availableTable()).isEqualTo(7 * hash);
            assertThat(growing.hasTable()).isTrue();

            ByteBuffer read = ByteBuffer.allocate(table.length);
            reader.readTable(0, read);
            assertThat(read.array()).isEqualTo(table);
        }
        feed(bytes, 0, bytes.length);
        told.complete.get(10, TimeUnit.SECONDS);
        assertThat(Files.readAllBytes(directory.resolve("growing").resolve("leaves")))
                .isEqualTo(table);
    }

    @Test
    @Tag("PKG-3")
    void whoHasReadAPartOfAWrongTableReadsNoMoreOfIt() throws Exception {
        told.letGo.countDown();
        byte[] wrong = table.clone();
        wrong[70] ^= 1;
        int hash = Sha256.BYTES;
        try (ReadableContent.Reader reader = growing.open(0, () -> {})) {
            feed.table(0, ByteBuffer.wrap(wrong, 0, 4 * hash));
            reader.readTable(0, ByteBuffer.allocate(4 * hash));
            span.endFeed();
            settle();
            feed = span.beginFeed();
            feed.table(table);

            assertThat(growing.hasTable()).as("the second source was right").isTrue();
            assertThatThrownBy(() -> reader.readTable(4 * hash, ByteBuffer.allocate(hash)))
                    .isInstanceOf(IOException.class);
        }
        feed(bytes, 0, bytes.length);
        told.complete.get(10, TimeUnit.SECONDS);
    }

    @Test
    @Tag("PKG-3")
    void aWholeTableThatIsNotTheContentsIsToldAndNothingOfItsFeedCounts() throws Exception {
        byte[] wrong = table.clone();
        wrong[wrong.length - 1] ^= 1;
        told.letGo.countDown();

        feed.table(wrong);

        assertThat(told.wrongTable.get(10, TimeUnit.SECONDS))
                .startsWith("leaf table: expected root");
        feed(bytes, 0, LEAF);
        feed = span.beginFeed();
        assertThat(feed.offset()).isZero();
        feed.table(table);
        feed(bytes, 0, bytes.length);
        told.complete.get(10, TimeUnit.SECONDS);
    }

    @Test
    @Tag("PKG-4")
    void fewWholeLeavesAreWrittenWhenTheFeedSettles() throws Exception {
        told.letGo.countDown();
        feed.table(table);
        settle();
        feed(bytes, 0, 2 * LEAF);
        settle();
        assertThat(growing.verified()).as("a marker brings them to the file").isEqualTo(2L * LEAF);

        feed(bytes, 2 * LEAF, LEAF);
        span.settle();
        feed(bytes, 3 * LEAF, bytes.length - 3 * LEAF);
        told.complete.get(10, TimeUnit.SECONDS);
    }

    private void settle() throws Exception {
        CompletableFuture<Void> settled = new CompletableFuture<>();
        span.whenSettled(() -> settled.complete(null));
        settled.get(10, TimeUnit.SECONDS);
    }

    @Test
    @Tag("PKG-3")
    void aReaderLearnsOfWhatWasTakenBackBeforeItReadsOn() throws Exception {
        holdTheKeeper();
        byte[] changed = bytes.clone();
        changed[0] ^= 1;
        try (ReadableContent.Reader reader = growing.open(0, () -> {})) {
            feed(changed, 0, LEAF);
            ByteBuf read = Unpooled.buffer(2 * LEAF);
            assertThat(reader.readMemory(read, 2 * LEAF)).isEqualTo(LEAF - 1);
            told.letGo.countDown();
            assertThat(told.wrong.get(10, TimeUnit.SECONDS)).isZero();
            settle();
            feed = span.beginFeed();
            feed(bytes, 0, bytes.length);
            told.complete.get(10, TimeUnit.SECONDS);

            assertThat(reader.onDisk()).as("nothing may be read on").isZero();
            assertThat(reader.readMemory(read, LEAF)).isZero();
            assertThat(reader.takeRetraction()).hasValue(0);
            assertThat(reader.onDisk()).isEqualTo(bytes.length);
            assertThat(reader.position()).isZero();
        }
    }

    @Test
    @Tag("PKG-3")
    void whatASourceStillGivesAfterItWasLeftIsDropped() throws Exception {
        told.letGo.countDown();
        feed.table(table);
        settle();
        feed(bytes, 0, LEAF / 2);
        GrowingSpan.Feed left = feed;
        span.endFeed();
        settle();
        feed = span.beginFeed();

        ByteBuf late = Unpooled.wrappedBuffer(new byte[LEAF]);
        left.data(late, LEAF);
        assertThat(late.isReadable()).as("it is read all the same").isFalse();
        left.table(new byte[table.length]);
        left.retract(0);
        left.awaitRoom();

        feed(bytes, 0, bytes.length);
        told.complete.get(10, TimeUnit.SECONDS);
        assertThat(told.wrong).isNotDone();
    }

    @Test
    @Tag("PKG-4")
    void whatWasOnlyInMemoryIsNotToBeHadAnyMoreWhenTheContentIsClosed() throws Exception {
        told.letGo.countDown();
        feed.table(table);
        settle();
        feed(bytes, 0, LEAF + 700);
        CountDownLatch gone = new CountDownLatch(1);
        Runnable wake =
                () -> {
                    if (growing.isEnded()) {
                        gone.countDown();
                    }
                };
        try (ReadableContent.Reader reader = growing.open(0, wake)) {
            ByteBuf read = Unpooled.buffer(LEAF + 100);
            assertThat(reader.readMemory(read, LEAF + 100)).isEqualTo(LEAF + 100);
            assertThat(reader.available()).isEqualTo(LEAF + 700);

            growing.close();
            assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();

            assertThat(reader.ended()).isTrue();
            assertThat(reader.available())
                    .as("else whoever serves it tries to read for ever")
                    .isLessThanOrEqualTo(reader.position());
            assertThat(reader.onDisk()).isEqualTo(LEAF);
        }
    }

    @Test
    @Tag("PKG-4")
    void readingPausesWhenAContentsLeavesWaitForTheDiskHoweverItIsParted() throws Exception {
        byte[] large = new byte[128 * LEAF];
        PackageContent content = LeafHashing.describe(ByteBuffer.wrap(large));

        assertPausesAfter(64, large, content, Span.whole(content));
        assertPausesAfter(32, large, content, Span.halves(content));
    }

    private void assertPausesAfter(
            int leaves, byte[] large, PackageContent content, List<Span> parts) throws Exception {
        Told owner = new Told();
        Path whole = Files.write(directory.resolve("large"), large);
        Path in = Files.createDirectory(directory.resolve("parts-" + parts.size()));
        GrowingContent begun = GrowingContent.open(in, content, parts, DiskSpace.system(), owner);
        try (FileChannel file = FileChannel.open(whole, StandardOpenOption.READ)) {
            GrowingSpan first = begun.spans().getFirst();
            GrowingSpan.Feed source = first.beginFeed();
            source.table(LeafHashing.of(file, 0, content).encoded());
            assertThat(owner.held.await(10, TimeUnit.SECONDS)).isTrue();

            for (int i = 0; i < leaves; i++) {
                assertThat(first.isFull()).as("with %d leaves", i).isFalse();
                source.data(Unpooled.wrappedBuffer(large, 0, LEAF), LEAF);
                first.share();
            }
            assertThat(first.isFull()).isTrue();
            owner.letGo.countDown();
            source.awaitRoom();
            assertThat(first.isFull()).isFalse();
        } finally {
            owner.letGo.countDown();
            begun.close();
            begun.closed().orTimeout(10, TimeUnit.SECONDS).join();
        }
    }
}
