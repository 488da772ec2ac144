package dev.sluice.transfer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PartFileTest {

    private static final int LEAF = PackageContent.LEAF_SIZE;
    private static final int SIZE = 3 * Progress.PIECE_BYTES + LEAF + 512;

    @TempDir Path directory;
    private final byte[] bytes = new byte[SIZE];
    private PackageContent content;
    private LeafTable table;

    @BeforeEach
    void content() throws IOException {
        new Random(7).nextBytes(bytes);
        content = LeafHashing.describe(ByteBuffer.wrap(bytes));
        Path whole = directory.resolve("whole");
        Files.write(whole, bytes);
        try (FileChannel channel = FileChannel.open(whole, StandardOpenOption.READ)) {
            table = LeafHashing.of(channel, 0, content);
        }
    }

    private PartFile open() throws IOException {
        return PartFile.open(directory, content, Span.halves(content), DiskSpace.system());
    }

    /** Writes leaves as they should be, from where the file ends. */
    private void write(PartFile file, int leaves) throws IOException {
        for (int i = 0; i < leaves; i++) {
            int at = (int) file.verified(0);
            int size = content.sizeOfLeaf(at / LEAF);
            file.write(0, at, List.of(ByteBuffer.wrap(bytes, at, size)));
        }
    }

    private void corrupt(String file, long at) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        directory.resolve(file),
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) ~one.get(0)).flip();
            channel.write(one, at);
        }
    }

    @Test
    void allSpaceIsReservedBeforeTheFirstByte() throws IOException {
        try (PartFile file = open()) {
            assertThat(directory.resolve("content.part")).hasSize(SIZE);
            assertThat(file.verified(0)).isZero();
            assertThat(file.table().verified()).isEmpty();
        }
    }

    @Test
    @Tag("PKG-4")
    void whatWasCheckpointedIsThereAgain() throws IOException {
        try (PartFile file = open()) {
            keep(file, table);
            write(file, 40);
            file.checkpoint();
        }

        try (PartFile file = open()) {
            assertThat(file.verified(0)).isEqualTo(40L * LEAF);
            assertThat(file.table().verified()).isPresent();
        }
    }

    @Test
    void whatCameAfterTheCheckpointIsVerifiedAgainAndKept() throws IOException {
        try (PartFile file = open()) {
            keep(file, table);
            write(file, 16);
            file.checkpoint();
            write(file, 10);
        }

        try (PartFile file = open()) {
            assertThat(file.verified(0)).isEqualTo(26L * LEAF);
        }
    }

    @Test
    void whatIsTornAfterTheCheckpointIsNotKept() throws IOException {
        try (PartFile file = open()) {
            keep(file, table);
            write(file, 16);
            file.checkpoint();
            write(file, 10);
        }
        corrupt("content.part", 20L * LEAF + 5);

        try (PartFile file = open()) {
            assertThat(file.verified(0)).isEqualTo(20L * LEAF);
        }
    }

    @Test
    void aTornBitmapIsNotTrusted() throws IOException {
        try (PartFile file = open()) {
            keep(file, table);
            write(file, 32);
            file.checkpoint();
        }
        corrupt("content.part", 3L * LEAF);
        for (long at = 0; at < Files.size(directory.resolve("progress")); at++) {
            corrupt("progress", at);
            try (PartFile file = open()) {
                assertThat(file.verified(0)).isEqualTo(3L * LEAF);
            }
            corrupt("progress", at);
        }
        byte[] whole = Files.readAllBytes(directory.resolve("progress"));
        Files.write(directory.resolve("progress"), Arrays.copyOf(whole, whole.length - 1));
        try (PartFile file = open()) {
            assertThat(file.verified(0)).isEqualTo(3L * LEAF);
        }
    }

    @Test
    void aLostFileMeansThatNothingIsHere() throws IOException {
        try (PartFile file = open()) {
            keep(file, table);
            write(file, 32);
            file.checkpoint();
        }
        Files.delete(directory.resolve("content.part"));

        try (PartFile file = open()) {
            assertThat(file.verified(0)).isZero();
            assertThat(file.table().verified()).isPresent();
        }
    }

    @Test
    void aTableThatWasChangedIsNotUsed() throws IOException {
        try (PartFile file = open()) {
            keep(file, table);
            write(file, 32);
            file.checkpoint();
        }
        corrupt("leaves", 40);

        try (PartFile file = open()) {
            assertThat(file.table().verified()).isEmpty();
            assertThat(file.verified(0)).isEqualTo(32L * LEAF);
        }
    }

    @Test
    void aBeginningThatAnOlderReleaseLeftIsVerifiedAndKept() throws IOException {
        Files.write(directory.resolve("content.part"), Arrays.copyOf(bytes, 5 * LEAF + 100));
        LeafFile.write(directory.resolve("leaves"), table);

        try (PartFile file = open()) {
            assertThat(file.verified(0)).isEqualTo(5L * LEAF);
        }
        assertThat(directory.resolve("content.part")).hasSize(SIZE);
    }

    @Test
    void aFileThatIsTooLongIsNotThisContents() throws IOException {
        Files.write(directory.resolve("content.part"), new byte[SIZE + 1]);

        try (PartFile file = open()) {
            assertThat(file.verified(0)).isZero();
        }
        assertThat(directory.resolve("content.part")).hasSize(SIZE);
    }

    @Test
    void theProgressOfAnotherContentSaysNothing() throws IOException {
        try (PartFile file = open()) {
            keep(file, table);
            write(file, 32);
            file.checkpoint();
        }
        byte[] other = bytes.clone();
        other[0] ^= 1;
        PackageContent changed = LeafHashing.describe(ByteBuffer.wrap(other));

        try (PartFile file =
                PartFile.open(directory, changed, Span.whole(changed), DiskSpace.system())) {
            assertThat(file.verified(0)).isZero();
            assertThat(file.table().verified()).isEmpty();
        }
    }

    @Test
    void aDiskThatIsFullSaysWhatIsNeededAndWhatIsFree() {
        DiskSpace full = new DiskSpace((_, _) -> 28, _ -> 1L << 40);

        assertThatThrownBy(() -> PartFile.open(directory, content, Span.whole(content), full))
                .isInstanceOf(DiskFullException.class)
                .hasMessageContaining("needs %d bytes of disk space", SIZE);
        assertThat(directory.resolve("content.part")).doesNotExist();
    }

    @Test
    void aDiskThatFillsUpLeavesAnOlderBeginningAsItWas() throws IOException {
        Files.write(directory.resolve("content.part"), new byte[1000]);
        DiskSpace full = new DiskSpace((_, _) -> 28, _ -> 1L << 40);

        assertThatThrownBy(() -> PartFile.open(directory, content, Span.whole(content), full))
                .isInstanceOf(DiskFullException.class);
        assertThat(directory.resolve("content.part")).hasSize(1000);
    }

    @Test
    void whereSpaceCannotBeReservedZerosAreWritten() throws IOException {
        DiskSpace without = new DiskSpace((_, _) -> DiskSpace.Allocator.IMPOSSIBLE, _ -> 1L << 40);

        try (PartFile file = PartFile.open(directory, content, Span.whole(content), without)) {
            assertThat(file.verified(0)).isZero();
        }
        assertThat(directory.resolve("content.part")).hasBinaryContent(new byte[SIZE]);
    }

    @Test
    void aCallThatASignalInterruptsIsMadeAgain() throws IOException {
        int[] calls = {0};
        DiskSpace interrupted =
                new DiskSpace(
                        (file, size) -> {
                            calls[0]++;
                            return calls[0] < 3 ? 4 : PosixAllocator.allocate(file, size);
                        },
                        _ -> 1L << 40);

        PartFile.open(directory, content, Span.whole(content), interrupted).close();

        assertThat(calls[0]).isEqualTo(3);
        assertThat(PosixAllocator.isAvailable()).isTrue();
    }

    @Test
    void aLeafAfterOneThatCouldNotBeWrittenIsNotPutInItsPlace() throws IOException {
        try (PartFile file = open()) {
            write(file, 1);

            assertThatThrownBy(() ->
                            file.write(
                                    0, 2L * LEAF, List.of(ByteBuffer.wrap(bytes, 2 * LEAF, LEAF))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(
                            "the leaf at 131072 can't be written, what is there ends at 65536");
            assertThat(file.verified(0)).isEqualTo(LEAF);
        }
    }

    @Test
    void manyMebibytesAreCheckpointedOnTheWay() throws IOException {
        int size = 65 << 20;
        byte[] large = new byte[size];
        PackageContent zeros = LeafHashing.describe(ByteBuffer.wrap(large));
        Span first = Span.halves(zeros).getFirst();
        Span second = Span.halves(zeros).getLast();
        try (PartFile file =
                PartFile.open(directory, zeros, Span.halves(zeros), DiskSpace.system())) {
            write(file, 0, first.end());
            write(file, 1, second.end());
        }

        BitSet pieces = Progress.read(directory.resolve("progress"), zeros);
        assertThat(Progress.verified(first, pieces)).isEqualTo(first.end());
        assertThat(Progress.verified(second, pieces)).isEqualTo(PartFile.PROGRESS_EVERY_BYTES);
    }

    /** Zeros. */
    private static void write(PartFile file, int span, long end) throws IOException {
        while (file.verified(span) < end) {
            file.write(span, file.verified(span), List.of(ByteBuffer.wrap(new byte[LEAF])));
        }
    }

    @Test
    @Tag("PKG-4")
    void eachHalfGoesOnWhereItWas() throws IOException {
        byte[] large = new byte[6 * Progress.PIECE_BYTES + 1024];
        new Random(5).nextBytes(large);
        PackageContent content = LeafHashing.describe(ByteBuffer.wrap(large));
        Span second = Span.halves(content).getLast();
        long inFirst = 2L * Progress.PIECE_BYTES;
        long inSecond = second.begin() + Progress.PIECE_BYTES + LEAF;
        try (PartFile file =
                PartFile.open(directory, content, Span.halves(content), DiskSpace.system())) {
            keep(file, tableOf(large, content));
            for (long at = second.begin(); at < inSecond; at += LEAF) {
                file.write(1, at, List.of(ByteBuffer.wrap(large, (int) at, LEAF)));
            }
            for (long at = 0; at < inFirst; at += LEAF) {
                file.write(0, at, List.of(ByteBuffer.wrap(large, (int) at, LEAF)));
            }
            file.checkpoint();
        }

        assertThat(PartFile.presentIn(directory, content))
                .as("what the file of progress says, by whole pieces")
                .isEqualTo(3L * Progress.PIECE_BYTES);
        try (PartFile file =
                PartFile.open(directory, content, Span.halves(content), DiskSpace.system())) {
            assertThat(file.verified(0)).isEqualTo(inFirst);
            assertThat(file.verified(1)).as("verified again").isEqualTo(inSecond);
        }
    }

    private LeafTable tableOf(byte[] bytes, PackageContent content) throws IOException {
        Path whole = Files.write(directory.resolve("whole"), bytes);
        try (FileChannel file = FileChannel.open(whole, StandardOpenOption.READ)) {
            return LeafHashing.of(file, 0, content);
        }
    }

    private static void keep(PartFile file, LeafTable verified) throws IOException {
        file.table().set(verified);
        file.keepTable();
    }
}
