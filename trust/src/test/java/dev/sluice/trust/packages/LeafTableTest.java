package dev.sluice.trust.packages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class LeafTableTest {
    private static final long SEED = 6962;

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(SEED).nextBytes(bytes);
        return bytes;
    }

    private static ContentDigest.Result digest(byte[] bytes) {
        ContentDigest digest = new ContentDigest();
        digest.update(ByteBuffer.wrap(bytes));
        return digest.end();
    }

    private static ByteBuffer leaf(byte[] bytes, int index) {
        int from = index * PackageContent.LEAF_SIZE;
        return ByteBuffer.wrap(
                bytes, from, Math.min(PackageContent.LEAF_SIZE, bytes.length - from));
    }

    /** Inputs and roots of the reference implementation of RFC 6962. */
    @Test
    void hasTheRootsOfCertificateTransparency() {
        List<String> inputs =
                List.of(
                        "",
                        "00",
                        "10",
                        "2021",
                        "3031",
                        "40414243",
                        "5051525354555657",
                        "606162636465666768696a6b6c6d6e6f");
        List<String> roots =
                List.of(
                        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

        for (int count = 1; count <= inputs.size(); count++) {
            byte[][] leaves =
                    inputs.stream()
                            .limit(count)
                            .map(hex -> ByteBuffer.wrap(HexFormat.of().parseHex(hex)))
                            .map(LeafTable::leafHash)
                            .toArray(byte[][]::new);
            assertThat(new LeafTable(leaves).root().hex()).isEqualTo(roots.get(count - 1));
        }
    }

    @Test
    void provesEachLeafOfTreesOfEverySmallSize() {
        for (int leaves = 1; leaves <= 9; leaves++) {
            byte[] bytes = bytes((leaves - 1) * PackageContent.LEAF_SIZE + 1536);
            ContentDigest.Result result = digest(bytes);
            PackageContent content = result.content();
            assertThat(content.leafCount()).isEqualTo(leaves);
            for (int i = 0; i < leaves; i++) {
                assertThat(result.leaves().matches(i, leaf(bytes, i))).isTrue();
                assertThat(LeafTable.proves(content, i, leaf(bytes, i), result.leaves().proof(i)))
                        .as("leaf %d of %d", i, leaves)
                        .isTrue();
            }
        }
    }

    @Test
    void aBuilderFindsTheSameRootWhateverItForgotBefore() throws Exception {
        Random random = new Random(19);
        for (int leaves = 1; leaves <= 70; leaves++) {
            byte[][] hashes = new byte[leaves][Sha256.BYTES];
            for (byte[] hash : hashes) {
                random.nextBytes(hash);
            }
            LeafTable expected = new LeafTable(hashes);
            PackageContent content =
                    new PackageContent(
                            (long) leaves * PackageContent.LEAF_SIZE,
                            Sha256.of(hashes[0]),
                            PackageContent.LEAF_SIZE,
                            expected.root());
            LeafTableBuilder builder = new LeafTableBuilder(content);
            int other = random.nextInt(leaves + 1);
            for (int i = 0; i < other; i++) {
                builder.add(ByteBuffer.wrap(hashes[i]));
            }
            builder.truncate(random.nextInt(other + 1));
            while (!builder.isFull()) {
                builder.add(ByteBuffer.wrap(hashes[builder.count()]));
            }
            assertThat(builder.build().encoded()).isEqualTo(expected.encoded());
        }
    }

    @Test
    @Tag("PKG-3")
    void refusesALeafThatIsChangedMisplacedOrWronglyProven() {
        byte[] bytes = bytes(4 * PackageContent.LEAF_SIZE + 512);
        ContentDigest.Result result = digest(bytes);
        LeafTable table = result.leaves();
        PackageContent content = result.content();
        List<Sha256> proof = table.proof(2);
        byte[] changed = bytes.clone();
        changed[2 * PackageContent.LEAF_SIZE + 77] ^= 1;
        List<Sha256> longer = new ArrayList<>(proof);
        longer.add(result.sha256());

        assertThat(table.matches(2, leaf(changed, 2))).isFalse();
        assertThat(table.matches(1, leaf(bytes, 2))).isFalse();
        assertThat(LeafTable.proves(content, 2, leaf(changed, 2), proof)).isFalse();
        assertThat(LeafTable.proves(content, 3, leaf(bytes, 2), proof)).isFalse();
        assertThat(LeafTable.proves(content, -1, leaf(bytes, 2), proof)).isFalse();
        assertThat(LeafTable.proves(content, 5, leaf(bytes, 2), proof)).isFalse();
        assertThat(LeafTable.proves(content, 2, leaf(bytes, 2), proof.reversed())).isFalse();
        assertThat(LeafTable.proves(content, 2, leaf(bytes, 2), List.of())).isFalse();
        assertThat(LeafTable.proves(content, 2, leaf(bytes, 2), longer)).isFalse();
        assertThat(LeafTable.proves(content, 4, leaf(bytes, 2), table.proof(4))).isFalse();
    }

    @Test
    @Tag("PKG-3")
    void aNodeIsNotALeaf() {
        byte[] bytes = bytes(2 * PackageContent.LEAF_SIZE);
        LeafTable table = digest(bytes).leaves();
        ByteBuffer node = ByteBuffer.wrap(table.encoded());

        assertThat(Sha256.of(LeafTable.leafHash(node))).isNotEqualTo(table.root());
    }

    @Test
    @Tag("PKG-3")
    void acceptsFromElsewhereOnlyTheTableOfTheSignedRoot() throws Exception {
        byte[] bytes = bytes(3 * PackageContent.LEAF_SIZE);
        ContentDigest.Result result = digest(bytes);
        byte[] encoded = result.leaves().encoded();
        byte[] changed = encoded.clone();
        changed[40] ^= 1;

        assertThat(LeafTable.decode(encoded, result.content()).encoded()).isEqualTo(encoded);
        assertThatThrownBy(() -> LeafTable.decode(changed, result.content()))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageStartingWith("leaf table: expected root " + result.leaves().root());
        assertThatThrownBy(() -> LeafTable.decode(Arrays.copyOf(encoded, 95), result.content()))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("leaf table: expected 96 bytes, found 95");
    }

    @Test
    void doesNotDependOnHowTheBytesArrive() {
        byte[] bytes = bytes(5 * PackageContent.LEAF_SIZE + 1024);
        Random random = new Random(SEED);
        List<PackageContent> results = new ArrayList<>();
        for (int round = 0; round < 20; round++) {
            ContentDigest digest = new ContentDigest();
            for (int at = 0; at < bytes.length; ) {
                int part = Math.min(bytes.length - at, random.nextInt(1, 200_000));
                digest.update(ByteBuffer.wrap(bytes, at, part));
                at += part;
            }
            results.add(digest.end().content());
        }

        assertThat(results).containsOnly(digest(bytes).content());
    }
}
