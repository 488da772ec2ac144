package dev.sluice.trust.packages;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The hashes of all leaves of a content: with it each leaf of {@value PackageContent#LEAF_SIZE}
 * bytes can be verified alone, and forwarded before the rest has come.
 *
 * <p>The tree is the one of RFC 6962, section 2.1: a leaf hashes to SHA-256(0x00 || leaf), a node
 * to SHA-256(0x01 || left || right), and the left subtree has the largest power of two of leaves
 * that is less than all. The first byte keeps a node from being passed off as a leaf.
 */
public final class LeafTable {
    private static final byte LEAF = 0;
    private static final byte NODE = 1;

    private final byte[][] hashes;
    private final Sha256 root;

    /** Takes the array over. */
    LeafTable(byte[][] hashes) {
        if (hashes.length == 0) {
            throw new IllegalArgumentException("a tree has at least one leaf");
        }
        this(hashes, rootOf(hashes));
    }

    /** Takes the array over, of which the root is known. */
    LeafTable(byte[][] hashes, Sha256 root) {
        this.hashes = hashes;
        this.root = root;
    }

    /**
     * The table that {@link #encoded} gave elsewhere, if it is the one of {@code content}.
     *
     * @throws InvalidPackageException when it has another length or another root; such a table
     *     proves nothing
     */
    public static LeafTable decode(byte[] encoded, PackageContent content)
            throws InvalidPackageException {
        long expected = (long) content.leafCount() * Sha256.BYTES;
        if (encoded.length != expected) {
            throw new InvalidPackageException(
                    String.format(
                            "leaf table: expected %d bytes, found %d", expected, encoded.length));
        }
        LeafTableBuilder builder = new LeafTableBuilder(content);
        ByteBuffer bytes = ByteBuffer.wrap(encoded);
        while (bytes.hasRemaining()) {
            builder.add(bytes);
        }
        return builder.build();
    }

    /** Writes hashes from one on until the buffer is full. */
    public void copy(int index, ByteBuffer into) {
        copy(hashes, index, hashes.length, into);
    }

    static void copy(byte[][] hashes, int index, int end, ByteBuffer into) {
        int last = index + into.remaining() / Sha256.BYTES;
        for (int i = Objects.checkFromToIndex(index, last, end); i < last; i++) {
            into.put(hashes[i]);
        }
    }

    /** All leaf hashes, one after the other. */
    public byte[] encoded() {
        ByteBuffer bytes = ByteBuffer.allocate(hashes.length * Sha256.BYTES);
        for (byte[] hash : hashes) {
            bytes.put(hash);
        }
        return bytes.array();
    }

    public int leafCount() {
        return hashes.length;
    }

    public Sha256 root() {
        return root;
    }

    /** Whether the remaining bytes of {@code leaf}, which are read, are this leaf. */
    public boolean matches(int index, ByteBuffer leaf) {
        return MessageDigest.isEqual(hashes[index], leafHash(leaf));
    }

    /** The hashes that lead from a leaf to the root, nearest first (RFC 6962, section 2.1.1). */
    public List<Sha256> proof(int index) {
        List<Sha256> proof = new ArrayList<>();
        byte[][] level = hashes;
        for (int at = Objects.checkIndex(index, hashes.length);
                level.length > 1;
                at /= 2, level = above(level)) {
            int sibling = at ^ 1;
            if (sibling < level.length) {
                proof.add(Sha256.of(level[sibling]));
            }
        }
        return proof;
    }

    /**
     * Whether {@code leaf}, whose remaining bytes are read, is leaf {@code index} of the content.
     */
    public static boolean proves(
            PackageContent content, int index, ByteBuffer leaf, List<Sha256> proof) {
        int width = content.leafCount();
        if (index < 0 || index >= width || leaf.remaining() != content.sizeOfLeaf(index)) {
            return false;
        }
        byte[] hash = leafHash(leaf);
        int used = 0;
        for (int at = index; width > 1; at /= 2, width = (width + 1) / 2) {
            if ((at ^ 1) >= width) {
                continue;
            }
            if (used == proof.size()) {
                return false;
            }
            byte[] sibling = proof.get(used++).bytes();
            hash = at % 2 == 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash);
        }
        return used == proof.size() && MessageDigest.isEqual(hash, content.merkleRoot().bytes());
    }

    private static Sha256 rootOf(byte[][] leaves) {
        byte[][] level = leaves;
        while (level.length > 1) {
            level = above(level);
        }
        return Sha256.of(level[0]);
    }

    /** The next level: pairs are joined, a last one without a partner moves up unchanged. */
    private static byte[][] above(byte[][] level) {
        byte[][] next = new byte[(level.length + 1) / 2][];
        MessageDigest digest = Sha256.digest();
        for (int i = 0; i < next.length; i++) {
            next[i] =
                    2 * i + 1 < level.length
                            ? nodeHash(digest, level[2 * i], level[2 * i + 1])
                            : level[2 * i];
        }
        return next;
    }

    static byte[] leafHash(ByteBuffer leaf) {
        MessageDigest digest = leafDigest();
        digest.update(leaf);
        return digest.digest();
    }

    /** A digest to which the bytes of one leaf are still to be added. */
    static MessageDigest leafDigest() {
        MessageDigest digest = Sha256.digest();
        digest.update(LEAF);
        return digest;
    }

    private static byte[] nodeHash(byte[] left, byte[] right) {
        return nodeHash(Sha256.digest(), left, right);
    }

    /** With a digest that has seen nothing, which it is again afterwards. */
    static byte[] nodeHash(MessageDigest digest, byte[] left, byte[] right) {
        digest.update(NODE);
        digest.update(left);
        digest.update(right);
        return digest.digest();
    }
}
