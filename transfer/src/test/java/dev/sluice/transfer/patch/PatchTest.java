package dev.sluice.transfer.patch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.GrowingSpan;
import dev.sluice.transfer.store.Span;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PatchTest {

    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final Zstd ZSTD = Zstd.load().orElseThrow();

    @TempDir Path directory;
    private int files;

    /** A content in a file, with its table. */
    private record Whole(Path file, LeafHashing.Described described) {

        PackageContent content() {
            return described.content();
        }

        PatchSource source() {
            return new PatchSource(file, 0, content());
        }

        long size() {
            return content().size();
        }
    }

    private Whole whole(byte[] bytes) throws IOException {
        Path file = directory.resolve("content-" + files++);
        Files.write(file, bytes);
        return whole(file);
    }

    private static Whole whole(Path file) throws IOException {
        return new Whole(file, LeafHashing.describe(file));
    }

    private static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Some bytes are inserted, some removed, some changed; the size stays one that is allowed. */
    private static byte[] edited(byte[] base) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int third = base.length / 3;
        out.write(base, 0, third);
        out.writeBytes(random(2 * KIB, 77));
        out.write(base, third, third - 1024);
        out.write(base, 2 * third, base.length - 2 * third);
        byte[] bytes = out.toByteArray();
        for (int at = 0; at < bytes.length; at += bytes.length / 8 + 1) {
            bytes[at] ^= 1;
        }
        return bytes;
    }

    private Whole patch(Whole base, Whole target) throws IOException {
        Path file = directory.resolve("patch-" + files++);
        LeafHashing.Described made =
                new PatchMaker(ZSTD)
                        .make(
                                base.source(),
                                target.source(),
                                target.described().table(),
                                file,
                                Long.MAX_VALUE)
                        .orElseThrow();
        return new Whole(file, made);
    }

    private PatchApply.Result apply(Whole patch, Whole base, Whole target, Path into)
            throws IOException, InterruptedException {
        Files.createDirectories(into);
        PatchApply apply =
                PatchApply.open(
                        ZSTD,
                        patch.file(),
                        base.source(),
                        into,
                        target.content(),
                        DiskSpace.system(),
                        _ -> {});
        try (apply) {
            return apply.run();
        } finally {
            assertThat(apply.content().closed()).succeedsWithin(Duration.ofSeconds(30));
        }
    }

    private Path into() {
        return directory.resolve("into-" + files++);
    }

    private static Path part(Path into) {
        return into.resolve(GrowingContent.partName());
    }

    @Test
    @Tag("PKG-4")
    void aChangedContentIsMadeOfTheOldOneAndASmallPatch() throws Exception {
        byte[] bytes = random(3 * MIB, 1);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));
        Whole patch = patch(base, target);
        Path into = into();

        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());

        assertThat(part(into)).hasSameBinaryContentAs(target.file());
        assertThat(patch.size()).isLessThan(target.size() / 100);
    }

    @Test
    void whatMovedFarIsFoundInEverySegment() throws Exception {
        byte[] bytes = random(70 * MIB, 2);
        byte[] moved = new byte[bytes.length + 4 * MIB];
        System.arraycopy(random(4 * MIB, 3), 0, moved, 0, 4 * MIB);
        System.arraycopy(bytes, 0, moved, 4 * MIB, bytes.length);
        Whole base = whole(bytes);
        Whole target = whole(moved);
        Whole patch = patch(base, target);
        Path into = into();

        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());

        assertThat(Files.mismatch(part(into), target.file())).isEqualTo(-1);
        assertThat(patch.size()).isBetween(4L * MIB, 4L * MIB + 256 * KIB);
    }

    @Test
    void theSmallestContentAndTheSameContentHavePatches() throws Exception {
        Whole small = whole(random(3 * 512, 4));
        Whole large = whole(random(MIB, 5));
        for (Whole base : new Whole[] {small, large}) {
            for (Whole target : new Whole[] {small, large}) {
                Path into = into();
                assertThat(apply(patch(base, target), base, target, into))
                        .isEqualTo(new PatchApply.Result.Applied());
                assertThat(part(into)).hasSameBinaryContentAs(target.file());
            }
        }
        assertThat(patch(large, large).size()).isLessThan(3 * KIB);
    }

    @Test
    void theSameContentsGiveTheSamePatch() throws Exception {
        byte[] bytes = random(MIB, 6);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));

        assertThat(patch(base, target).content()).isEqualTo(patch(base, target).content());
    }

    @Test
    void aPatchThatWouldBeTooLargeIsGivenUp() throws Exception {
        Whole base = whole(random(MIB, 7));
        Whole target = whole(random(MIB, 8));
        Path file = directory.resolve("large");

        assertThat(
                        new PatchMaker(ZSTD)
                                .make(
                                        base.source(),
                                        target.source(),
                                        target.described().table(),
                                        file,
                                        target.size() / 2))
                .isEmpty();
    }

    @Test
    void makingEndsWhenItIsInterrupted() throws Exception {
        Whole base = whole(random(MIB, 7));
        Path file = directory.resolve("interrupted");
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() ->
                            new PatchMaker(ZSTD)
                                    .make(
                                            base.source(),
                                            base.source(),
                                            base.described().table(),
                                            file,
                                            Long.MAX_VALUE))
                    .isInstanceOf(ClosedByInterruptException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    @Tag("PKG-4")
    void whatIsThereOfTheTargetStaysAndTheRestIsMade() throws Exception {
        byte[] bytes = random(40 * MIB, 9);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));
        Whole patch = patch(base, target);
        Path into = into();
        assertThat(apply(afterOneSegment(patch, target), base, target, into))
                .isInstanceOf(PatchApply.Result.Refused.class);
        long kept = GrowingContent.presentIn(into, target.content());
        assertThat(kept).isEqualTo(PatchFormat.SEGMENT_BYTES);
        try (FileChannel first = FileChannel.open(patch.file(), StandardOpenOption.WRITE)) {
            // The first segment is of no use any more: it must not be needed.
            long at = PatchFormat.HEADER_BYTES + 32L * target.content().leafCount() + 30;
            first.write(ByteBuffer.allocate(100), at);
        }

        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());
        assertThat(Files.mismatch(part(into), target.file())).isEqualTo(-1);
    }

    @Test
    @Tag("PKG-4")
    void whatIsThereOfTheSecondHalfIsNotMadeAgain() throws Exception {
        byte[] bytes = random(40 * MIB, 9);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));
        Whole patch = patch(base, target);
        Path into = into();
        receiveSecondHalf(target, Files.createDirectories(into));
        assertThat(GrowingContent.presentIn(into, target.content()))
                .isEqualTo(Span.halves(target.content()).getLast().size());
        try (FileChannel last = FileChannel.open(patch.file(), StandardOpenOption.WRITE)) {
            // The last segment is of no use any more: it must not be needed.
            last.write(ByteBuffer.allocate(100), last.size() - 100);
        }

        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());
        assertThat(Files.mismatch(part(into), target.file())).isEqualTo(-1);
    }

    private static void receiveSecondHalf(Whole target, Path into) throws Exception {
        CompletableFuture<Void> received = new CompletableFuture<>();
        GrowingContent content =
                GrowingContent.open(
                        into,
                        target.content(),
                        Span.halves(target.content()),
                        DiskSpace.system(),
                        new GrowingContent.Owner() {
                            @Override
                            public void tableVerified() {}

                            @Override
                            public void wrongTable(GrowingSpan from, String reason) {
                                received.completeExceptionally(new IOException(reason));
                            }

                            @Override
                            public void advanced(long count) {}

                            @Override
                            public void spanComplete(GrowingSpan span) {
                                received.complete(null);
                            }

                            @Override
                            public void wrongLeaf(GrowingSpan span, long offset) {
                                received.completeExceptionally(new IOException("at " + offset));
                            }

                            @Override
                            public void failed(IOException failure) {
                                received.completeExceptionally(failure);
                            }

                            @Override
                            public void complete() {}
                        });
        GrowingSpan second = content.spans().getLast();
        GrowingSpan.Feed feed = second.beginFeed();
        feed.table(target.described().table().encoded());
        byte[] bytes = Files.readAllBytes(target.file());
        for (int at = (int) feed.offset(); at < bytes.length; at += MIB / 4) {
            feed.awaitRoom();
            int count = Math.min(MIB / 4, bytes.length - at);
            feed.data(Unpooled.wrappedBuffer(bytes, at, count), count);
            second.share();
        }
        received.get(30, TimeUnit.SECONDS);
        content.close();
        content.closed().get(30, TimeUnit.SECONDS);
    }

    /** A patch that ends with its first segment. */
    private Whole afterOneSegment(Whole patch, Whole target) throws IOException {
        Path file = directory.resolve("cut-" + files++);
        byte[] bytes = Files.readAllBytes(patch.file());
        int segment = PatchFormat.HEADER_BYTES + 32 * target.content().leafCount();
        int length = ByteBuffer.wrap(bytes).getInt(segment + PatchFormat.SEGMENT_HEADER_BYTES - 4);
        Files.write(
                file, Arrays.copyOf(bytes, segment + PatchFormat.SEGMENT_HEADER_BYTES + length));
        return new Whole(file, patch.described());
    }

    @Test
    @Tag("PKG-4")
    void aCrashBetweenTheLastByteAndItsNameLosesNothing() throws Exception {
        byte[] bytes = random(2 * MIB, 10);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));
        Whole patch = patch(base, target);
        Path into = into();
        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());

        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());
        Files.delete(into.resolve(GrowingContent.progressName()));
        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());
        assertThat(part(into)).hasSameBinaryContentAs(target.file());
    }

    @Test
    @Tag("PKG-4")
    void aPatchOfAnotherTargetIsRefusedAndNothingOfItIsKept() throws Exception {
        byte[] bytes = random(MIB, 11);
        Whole base = whole(bytes);
        Whole other = whole(edited(bytes));
        Whole signed = whole(random(MIB, 12));
        Path into = into();

        assertThat(apply(patch(base, other), base, signed, into))
                .isInstanceOfSatisfying(
                        PatchApply.Result.Refused.class,
                        refused -> assertThat(refused.reason()).contains("expected Header"));
        assertThat(GrowingContent.presentIn(into, signed.content())).isZero();
    }

    /** It says that it makes what was signed, and makes something else. */
    @Test
    @Tag("PKG-4")
    void nothingButTheSignedRootDecides() throws Exception {
        byte[] bytes = random(MIB, 13);
        byte[] evil = edited(bytes);
        Whole base = whole(bytes);
        byte[] good = evil.clone();
        good[700 * KIB] ^= 1;
        Whole signed = whole(good);
        Whole patch = patch(base, whole(evil));
        try (FileChannel forged = FileChannel.open(patch.file(), StandardOpenOption.WRITE)) {
            forged.write(PatchFormat.Header.of(base.content(), signed.content()).encode(), 0);
            assertRefused(patch, base, signed, "root");
            forged.write(
                    ByteBuffer.wrap(signed.described().table().encoded()),
                    PatchFormat.HEADER_BYTES);
        }
        assertRefused(patch, base, signed, "leaf at 655360");
    }

    private void assertRefused(Whole patch, Whole base, Whole target, String because)
            throws Exception {
        assertThat(apply(patch, base, target, into()))
                .isInstanceOfSatisfying(
                        PatchApply.Result.Refused.class,
                        refused -> assertThat(refused.reason()).contains(because));
    }

    @Test
    void aBaseThatIsNotWhatItWasMakesNothing() throws Exception {
        byte[] bytes = random(MIB, 14);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));
        Whole patch = patch(base, target);
        Arrays.fill(bytes, 0, 500 * KIB, (byte) 0);
        Files.write(base.file(), bytes);

        assertRefused(patch, base, target, "leaf at");
    }

    @Test
    void aBaseThatIsShorterThanItWasIsTold() throws Exception {
        byte[] bytes = random(MIB, 14);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));
        Whole patch = patch(base, target);
        Files.write(base.file(), Arrays.copyOf(bytes, 500 * KIB));

        assertThatThrownBy(() -> apply(patch, base, target, into()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ends at");
    }

    @Test
    @Tag("PKG-4")
    void whatWasMadeBeforeABlockThatCannotBeReadStays() throws Exception {
        Whole base = whole(random(MIB, 19));
        Whole target = whole(random(4 * MIB, 20));
        Whole patch = patch(base, target);
        try (FileChannel damaged = FileChannel.open(patch.file(), StandardOpenOption.WRITE)) {
            // Random bytes are stored as they are: a block's header lies every 128 KiB.
            damaged.write(ByteBuffer.wrap(random(400 * KIB, 21)), patch.size() - 1024 * KIB);
        }
        Path into = into();

        assertThat(apply(patch, base, target, into)).isInstanceOf(PatchApply.Result.Refused.class);
        assertThat(GrowingContent.presentIn(into, target.content()))
                .isBetween(2L * MIB, 3L * MIB + 64 * KIB);
    }

    @Test
    void neighboursReferToOneRangeOfTheBaseWith16MibOnEitherSide() {
        long size = 200L * MIB;
        int segments = (int) (size / PatchFormat.SEGMENT_BYTES);
        for (int i = 0; i < segments; i++) {
            PatchFormat.Segment segment = PatchFormat.Segment.around(size, size, i);
            int first = i / 4 * 4;
            assertThat(segment.baseOffset())
                    .as("segment %d", i)
                    .isEqualTo(PatchFormat.Segment.around(size, size, first).baseOffset());
            long begin = (long) i * PatchFormat.SEGMENT_BYTES;
            assertThat(segment.baseOffset())
                    .as("segment %d", i)
                    .isLessThanOrEqualTo(Math.max(0, begin - 16L * MIB));
            assertThat(segment.baseOffset() + segment.baseLength())
                    .as("segment %d", i)
                    .isGreaterThanOrEqualTo(
                            Math.min(size, begin + segment.targetLength() + 16L * MIB));
        }
    }

    @Test
    void whatASegmentHasSeveralTimesIsInThePatchOnce() throws Exception {
        byte[] part = random(PatchFormat.SEGMENT_BYTES / 8, 22);
        byte[] bytes = new byte[8 * part.length];
        for (int i = 0; i < 8; i++) {
            System.arraycopy(part, 0, bytes, i * part.length, part.length);
        }
        Whole base = whole(random(MIB, 23));
        Whole target = whole(bytes);
        Whole patch = patch(base, target);
        Path into = into();

        assertThat(apply(patch, base, target, into)).isEqualTo(new PatchApply.Result.Applied());
        assertThat(Files.mismatch(part(into), target.file())).isEqualTo(-1);
        assertThat(patch.size()).isLessThan(2L * part.length);
    }

    /** A patch of one segment, with these compressed bytes. */
    private Whole forged(Whole base, Whole target, byte[] compressed) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(PatchFormat.Header.of(base.content(), target.content()).encode().array());
        out.writeBytes(target.described().table().encoded());
        out.writeBytes(
                PatchFormat.Segment.around(base.size(), target.size(), 0)
                        .compressedTo(compressed.length)
                        .encode()
                        .array());
        out.writeBytes(compressed);
        out.writeBytes(new byte[PatchFormat.padding(out.size())]);
        return whole(out.toByteArray());
    }

    private static byte[] frame(byte[] plain, byte[] prefix) {
        try (Arena arena = Arena.ofConfined();
                Zstd.Compressor compressor = ZSTD.compressor()) {
            MemorySegment into = arena.allocate(ZSTD.compressBound(plain.length));
            long length =
                    compressor.compress(
                            arena.allocateFrom(ValueLayout.JAVA_BYTE, plain),
                            arena.allocateFrom(ValueLayout.JAVA_BYTE, prefix),
                            into);
            return into.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Test
    void aSegmentIsOneFrameOfExactlyItsBytes() throws Exception {
        byte[] old = random(MIB, 24);
        byte[] plain = edited(old);
        Whole base = whole(old);
        Whole target = whole(plain);
        byte[] good = frame(plain, old);
        byte[] longer = frame(Arrays.copyOf(plain, plain.length + 512), old);
        byte[] shorter = frame(Arrays.copyOf(plain, plain.length - 512), old);
        byte[] behind = Arrays.copyOf(good, good.length + 1);
        byte[] older = good.clone();
        older[0] = 0x27; // zstd 0.7's
        byte[] skippable = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};

        assertThat(apply(forged(base, target, good), base, target, into()))
                .isEqualTo(new PatchApply.Result.Applied());
        String expected = "segment 0: expected %d bytes, found ".formatted(plain.length);
        assertRefused(
                forged(base, target, longer), base, target, expected + "what zstd cannot read");
        assertRefused(forged(base, target, shorter), base, target, expected + (plain.length - 512));
        assertRefused(forged(base, target, behind), base, target, expected + "more behind them");
        assertRefused(
                forged(base, target, older), base, target, expected + "what zstd cannot read");
        assertRefused(
                forged(base, target, skippable), base, target, expected + "what zstd cannot read");
        for (int length : new int[] {1, 3, 4, 5, 20, good.length - 1}) {
            assertRefused(
                    forged(base, target, Arrays.copyOf(good, length)), base, target, "segment 0: ");
        }
    }

    @Test
    void boundsOfSegmentsAreChecked() throws Exception {
        Whole base = whole(random(MIB, 15));
        Whole target = whole(random(MIB, 16));
        Whole patch = patch(base, target);
        long segment = PatchFormat.HEADER_BYTES + 32L * target.content().leafCount();
        int[][] bad = {
            {0, 0, 0x7fffffff, MIB, 100},
            {0, 1, MIB, MIB, 100},
            {-1, -1, 16, MIB, 100},
            {0x7fffffff, 0, 16, MIB, 100},
            {0, 0, -1, MIB, 100},
            {0, 0, MIB, MIB + 1, 100},
            {0, 0, MIB, -1, 100},
            {0, 0, MIB, MIB, 0},
            {0, 0, MIB, MIB, -1},
            {0, 0, MIB, MIB, 0x7fffffff},
        };
        for (int[] fields : bad) {
            ByteBuffer bytes = ByteBuffer.allocate(PatchFormat.SEGMENT_HEADER_BYTES);
            for (int field : fields) {
                bytes.putInt(field);
            }
            try (FileChannel forged = FileChannel.open(patch.file(), StandardOpenOption.WRITE)) {
                forged.write(bytes.flip(), segment);
            }
            assertRefused(patch, base, target, "segment 0: expected");
        }
    }

    @Test
    void noMutationOfAPatchMakesAnythingElse() throws Exception {
        byte[] bytes = random(192 * KIB, 17);
        Whole base = whole(bytes);
        Whole target = whole(edited(bytes));
        Whole patch = patch(base, target);
        byte[] good = Files.readAllBytes(patch.file());
        Random random = new Random(18);
        int refused = 0;
        for (int round = 0; round < 3_000; round++) {
            Files.write(patch.file(), mutated(good, random));
            switch (read(patch, base, target)) {
                case 0 -> refused++;
                case 1 -> {}
                default -> throw new AssertionError("round " + round);
            }
        }
        assertThat(refused).isBetween(1_000, 2_990);
    }

    private static byte[] mutated(byte[] good, Random random) {
        byte[] bad =
                random.nextInt(8) == 0
                        ? Arrays.copyOf(good, random.nextInt(good.length))
                        : good.clone();
        int end = random.nextBoolean() ? Math.min(bad.length, 300) : bad.length;
        for (int i = random.nextInt(4); i >= 0 && end > 0; i--) {
            bad[random.nextInt(end)] = (byte) random.nextInt(256);
        }
        return bad;
    }

    /** 0: it refuses; 1: bytes of the right length come, which are verified later. */
    private static int read(Whole patch, Whole base, Whole target) throws InterruptedException {
        try (PatchReader reader =
                PatchReader.open(ZSTD, patch.file(), base.source(), target.content())) {
            var _ = reader.table();
            AtomicLong length = new AtomicLong();
            while (reader.hasNext()) {
                reader.read(piece -> length.addAndGet(piece.remaining()));
            }
            return length.get() == target.size() ? 1 : 2;
        } catch (PatchException e) {
            assertThat(e.getMessage()).isNotBlank();
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
