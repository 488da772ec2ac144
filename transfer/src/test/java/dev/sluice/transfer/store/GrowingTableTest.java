package dev.sluice.transfer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GrowingTableTest {

    private static final int LEAVES = 11;
    private static final int HASH = Sha256.BYTES;

    @TempDir private Path directory;
    private byte[] right;
    private PackageContent content;
    private GrowingTable table;

    @BeforeEach
    void describe() throws IOException {
        byte[] bytes = new byte[(LEAVES - 1) * PackageContent.LEAF_SIZE + 512];
        new Random(3).nextBytes(bytes);
        LeafHashing.Described described =
                LeafHashing.describe(Files.write(directory.resolve("content"), bytes));
        right = described.table().encoded();
        content = described.content();
        table = new GrowingTable(content);
    }

    private boolean put(byte[] from, int firstHash, int hashes) throws InvalidPackageException {
        ByteBuffer part = ByteBuffer.wrap(from, firstHash * HASH, hashes * HASH);
        boolean verified = table.put(firstHash * HASH, part);
        assertThat(part.hasRemaining()).as("it is read, whatever becomes of it").isFalse();
        return verified;
    }

    private byte[] changedAt(int hash) {
        byte[] changed = right.clone();
        changed[hash * HASH + 7] ^= 1;
        return changed;
    }

    @Test
    @Tag("PKG-3")
    void isVerifiedByItsLastPart() throws Exception {
        assertThat(put(right, 0, 4)).isFalse();
        assertThat(table.available()).isEqualTo(4 * HASH);
        assertThat(put(right, 4, LEAVES - 4)).isTrue();
        assertThat(table.available()).isEqualTo(LEAVES * HASH);
        assertThat(table.verified().orElseThrow().encoded()).isEqualTo(right);
        assertThat(put(changedAt(0), 0, 1)).as("nothing can change it").isFalse();
        assertThat(table.version()).isZero();
    }

    @Test
    @Tag("PKG-3")
    void twoSourcesThatAgreeMakeItTogether() throws Exception {
        assertThat(put(right, 0, 4)).isFalse();
        assertThat(put(right, 0, 2)).isFalse();
        assertThat(put(right, 2, 7)).isFalse();
        assertThat(put(right, 4, 7)).isTrue();
        assertThat(table.version()).as("nobody is to forget anything").isZero();
    }

    @Test
    @Tag("PKG-3")
    void whatASecondSourceSendsOtherwiseReplacesWhatCameBefore() throws Exception {
        assertThat(put(changedAt(5), 0, 9)).isFalse();
        assertThat(put(right, 0, 7)).isFalse();
        assertThat(table.available()).isEqualTo(7 * HASH);
        assertThat(table.version()).isEqualTo(1);
        assertThat(put(right, 7, 4)).isTrue();
    }

    @Test
    @Tag("PKG-3")
    void oneThatIsNotTheContentsIsForgotten() throws Exception {
        assertThat(put(changedAt(2), 0, 6)).isFalse();
        assertThatThrownBy(() -> put(changedAt(2), 6, 5))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageStartingWith("leaf table: expected root");
        assertThat(table.available()).isZero();
        assertThat(table.version()).isEqualTo(1);
        assertThat(put(right, 0, LEAVES)).isTrue();
    }

    @Test
    @Tag("PKG-3")
    void aSourceWhoseBeginningWasForgottenIsWrongAtItsEnd() throws Exception {
        assertThat(put(right, 0, 8)).isFalse();
        assertThat(put(changedAt(1), 0, 3)).isFalse();
        assertThatThrownBy(() -> put(right, 8, 3))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("leaf table: parts of two sources differ");
        assertThat(table.verified()).isEmpty();
    }

    @Test
    void givesNothingThatIsNotThere() throws Exception {
        assertThatThrownBy(() -> table.read(0, ByteBuffer.allocate(HASH)))
                .isInstanceOf(IOException.class);
        assertThat(put(right, 0, LEAVES - 1)).isFalse();
        ByteBuffer read = ByteBuffer.allocate(2 * HASH);
        table.read(8 * HASH, read);
        assertThat(read.array()).isEqualTo(Arrays.copyOfRange(right, 8 * HASH, 10 * HASH));
        assertThatThrownBy(() -> table.read(9 * HASH, ByteBuffer.allocate(2 * HASH)))
                .isInstanceOf(IOException.class);
    }

    @Test
    @Tag("PKG-4")
    void whoReadsWhileItComesGetsAllOfIt() throws Exception {
        for (int run = 0; run < 300; run++) {
            GrowingTable growing = new GrowingTable(content);
            CompletableFuture<byte[]> read =
                    CompletableFuture.supplyAsync(() -> readAll(growing, right.length));
            for (int hash = 0; hash < LEAVES; hash++) {
                boolean _ = growing.put(hash * HASH, ByteBuffer.wrap(right, hash * HASH, HASH));
            }
            assertThat(read.get(10, TimeUnit.SECONDS)).isEqualTo(right);
        }
    }

    private static byte[] readAll(GrowingTable from, int bytes) {
        ByteBuffer all = ByteBuffer.allocate(bytes);
        while (all.hasRemaining()) {
            Thread.onSpinWait();
            int at = all.position();
            all.limit(from.available());
            try {
                if (all.hasRemaining()) {
                    from.read(at, all);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                all.limit(bytes);
            }
        }
        return all.array();
    }
}
