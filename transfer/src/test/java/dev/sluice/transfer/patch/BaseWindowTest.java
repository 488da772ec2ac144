package dev.sluice.transfer.patch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.packages.LeafHashing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BaseWindowTest {

    private static final int SIZE = 3 << 20;

    /** Where in the file the content begins: at no page. */
    private static final int START = 777;

    private final byte[] bytes = new byte[SIZE];
    private final List<Long> locked = new ArrayList<>();
    private final BaseWindow.PageLock granting = mapped -> locked.add(mapped.byteSize());
    private final BaseWindow.PageLock refusing =
            mapped -> {
                locked.add(mapped.byteSize());
                return false;
            };

    @TempDir Path directory;

    private PatchSource base() throws IOException {
        new Random(1).nextBytes(bytes);
        byte[] file = new byte[START + SIZE];
        System.arraycopy(bytes, 0, file, START, SIZE);
        return new PatchSource(
                Files.write(directory.resolve("base"), file),
                START,
                LeafHashing.describe(ByteBuffer.wrap(bytes)));
    }

    private void assertRange(BaseWindow window, int offset, int count) throws IOException {
        MemorySegment range = window.range(offset, count);
        assertThat(range.toArray(ValueLayout.JAVA_BYTE))
                .as("%d bytes at %d", count, offset)
                .isEqualTo(Arrays.copyOfRange(bytes, offset, offset + count));
    }

    private interface Use {
        void of(BaseWindow window, FileChannel file) throws IOException;
    }

    private void with(BaseWindow.PageLock lock, Use use) throws IOException {
        PatchSource base = base();
        try (FileChannel file = FileChannel.open(base.file(), StandardOpenOption.READ);
                BaseWindow window = new BaseWindow(base, file, lock)) {
            use.of(window, file);
        }
    }

    @Test
    void aBaseThatBeginsAtNoPageIsReadAhead() throws Exception {
        with(
                granting,
                (_, file) -> {
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment mapped =
                                file.map(FileChannel.MapMode.READ_ONLY, START, SIZE, arena);
                        assertThat(NativeMemory.readAhead(mapped)).isTrue();
                    }
                });
    }

    @Test
    @SuppressWarnings("restricted") // Nothing is there: that is the case.
    void nothingIsReadAheadOfWhatIsNotMapped() {
        MemorySegment nothing = MemorySegment.ofAddress(4096).reinterpret(8192);

        assertThat(NativeMemory.readAhead(nothing)).isFalse();
    }

    @Test
    void rangesInAnyOrderAreTheBaseWithAndWithoutALock() throws Exception {
        for (BaseWindow.PageLock lock :
                List.<BaseWindow.PageLock>of(granting, refusing, NativeMemory::lock)) {
            with(
                    lock,
                    (window, _) -> {
                        assertRange(window, 0, 2 << 20);
                        assertRange(window, 1 << 20, 2 << 20);
                        assertRange(window, (1 << 20) + 5, 100);
                        assertRange(window, 3, 1 << 20);
                        assertRange(window, SIZE - 10, 10);
                        assertRange(window, SIZE, 0);
                        assertRange(window, 0, SIZE);
                        assertRange(window, 0, 0);
                        Random random = new Random(2);
                        for (int i = 0; i < 50; i++) {
                            int offset = random.nextInt(SIZE);
                            assertRange(window, offset, random.nextInt(SIZE - offset));
                        }
                    });
        }
    }

    @Test
    void whatIsHereIsNotReadAgain() throws Exception {
        with(
                granting,
                (window, _) -> {
                    assertRange(window, 0, SIZE);
                    assertRange(window, 0, SIZE);
                    assertRange(window, 1000, 5000);
                });

        assertThat(locked).containsExactly((long) SIZE);
    }

    @Test
    void afterALockWasRefusedNoneIsAskedForAgain() throws Exception {
        with(
                refusing,
                (window, _) -> {
                    assertRange(window, 0, 1 << 20);
                    assertRange(window, 1 << 20, 1 << 20);
                });

        assertThat(locked).containsExactly(1L << 20);
    }

    @Test
    void aFileThatEndsBeforeTheRangeIsSaidAndNeverMapped() throws Exception {
        for (BaseWindow.PageLock lock : List.of(granting, refusing)) {
            with(
                    lock,
                    (window, _) -> {
                        Path file = directory.resolve("base");
                        try (FileChannel cut = FileChannel.open(file, StandardOpenOption.WRITE)) {
                            cut.truncate(START + SIZE - 1);
                        }
                        assertThatThrownBy(() -> window.range(100, SIZE - 100))
                                .isInstanceOf(IOException.class)
                                .hasMessageContaining("base: ends at %d", START + SIZE - 1);
                    });
        }
        assertThat(locked).isEmpty();
    }

    @Test
    void aBaseThatIsRemovedIsHereUntilTheEnd() throws Exception {
        with(
                granting,
                (window, _) -> {
                    assertRange(window, 0, 100);
                    Files.delete(directory.resolve("base"));
                    assertRange(window, 0, SIZE);
                });
    }
}
