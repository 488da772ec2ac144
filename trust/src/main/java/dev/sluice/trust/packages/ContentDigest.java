package dev.sluice.trust.packages;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/** Size, SHA-256 and leaf hashes of a stream of bytes, in one pass. */
final class ContentDigest {
    private final MessageDigest whole = Sha256.digest();
    private final List<byte[]> leaves = new ArrayList<>();
    private MessageDigest leaf = LeafTable.leafDigest();
    private int inLeaf;
    private long size;

    /** Adds the remaining bytes, which are read. */
    void update(ByteBuffer bytes) {
        whole.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            int part = Math.min(bytes.remaining(), PackageContent.LEAF_SIZE - inLeaf);
            leaf.update(bytes.slice(bytes.position(), part));
            bytes.position(bytes.position() + part);
            inLeaf += part;
            size += part;
            if (inLeaf == PackageContent.LEAF_SIZE) {
                endLeaf();
            }
        }
    }

    private void endLeaf() {
        leaves.add(leaf.digest());
        leaf = LeafTable.leafDigest();
        inLeaf = 0;
    }

    long size() {
        return size;
    }

    /** What was added; nothing can be added afterwards. At least one byte must have been. */
    Result end() {
        if (inLeaf > 0) {
            endLeaf();
        }
        return new Result(
                size, Sha256.of(whole.digest()), new LeafTable(leaves.toArray(byte[][]::new)));
    }

    record Result(long size, Sha256 sha256, LeafTable leaves) {
        PackageContent content() {
            return new PackageContent(size, sha256, PackageContent.LEAF_SIZE, leaves.root());
        }
    }
}
