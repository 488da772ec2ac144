package dev.sluice.trust.packages;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Objects;

/**
 * Makes the leaf table of a content from hashes that come in order. Of the tree everything is
 * computed that the hashes so far allow, so that after the last one only a path to the root is
 * left. For one thread.
 */
public final class LeafTableBuilder {

    private final PackageContent content;
    private final byte[][] hashes;

    /** At i, where bit i of the count is set: the root of a whole subtree of 2^i leaves. */
    private final byte[][] subtrees = new byte[Integer.SIZE][];

    private final MessageDigest digest = Sha256.digest();
    private int count;

    /** A builder for a content, without a hash. */
    public LeafTableBuilder(PackageContent content) {
        this.content = content;
        this.hashes = new byte[content.leafCount()][];
    }

    /** How many hashes are here. */
    public int count() {
        return count;
    }

    public boolean isFull() {
        return count == hashes.length;
    }

    /** Whether the next 32 bytes, which are read, are a hash that is here. */
    public boolean matches(int index, ByteBuffer hash) {
        byte[] known = hashes[Objects.checkIndex(index, count)];
        byte[] other = new byte[Sha256.BYTES];
        hash.get(other);
        return MessageDigest.isEqual(known, other);
    }

    /** Adds the next 32 bytes, which are read, as the next hash. */
    public void add(ByteBuffer hash) {
        byte[] next = new byte[Sha256.BYTES];
        hash.get(next);
        add(next);
    }

    private void add(byte[] hash) {
        hashes[count] = hash;
        byte[] root = hash;
        int level = 0;
        for (int before = count; (before & 1) == 1; before >>= 1) {
            root = LeafTable.nodeHash(digest, subtrees[level], root);
            level++;
        }
        subtrees[level] = root;
        count++;
    }

    /** Forgets all hashes from one on. */
    public void truncate(int index) {
        int kept = Objects.checkIndex(index, count + 1);
        count = 0;
        for (int i = 0; i < kept; i++) {
            add(hashes[i]);
        }
    }

    /** Writes hashes that are here, from one on, until the buffer is full. */
    public void copy(int index, ByteBuffer into) {
        LeafTable.copy(hashes, Objects.checkIndex(index, count), count, into);
    }

    /**
     * The table, when all hashes are here; the builder is of no use afterwards.
     *
     * @throws InvalidPackageException when it is not the content's; such a table proves nothing
     */
    public LeafTable build() throws InvalidPackageException {
        if (!isFull()) {
            throw new IllegalStateException(
                    "%d of %d leaf hashes are here".formatted(count, hashes.length));
        }
        Sha256 root = Sha256.of(root());
        if (!root.equals(content.merkleRoot())) {
            throw new InvalidPackageException(
                    String.format(
                            "leaf table: expected root %s, found %s", content.merkleRoot(), root));
        }
        return new LeafTable(hashes, root);
    }

    private byte[] root() {
        int level = Integer.numberOfTrailingZeros(count);
        byte[] root = subtrees[level];
        for (int above = level + 1; above < Integer.SIZE; above++) {
            if ((count >> above & 1) == 1) {
                root = LeafTable.nodeHash(digest, subtrees[above], root);
            }
        }
        return root;
    }
}
