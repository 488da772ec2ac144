package dev.sluice.trust.packages;

/**
 * What the content of a package must be, byte for byte.
 *
 * @param size in bytes, at most {@value #MAX_SIZE} (64 GiB)
 * @param sha256 of the whole content
 * @param leafSize bytes in a leaf of the Merkle tree, always {@value #LEAF_SIZE}; the last may be
 *     shorter
 * @param merkleRoot as {@link LeafTable} defines it
 */
public record PackageContent(long size, Sha256 sha256, int leafSize, Sha256 merkleRoot) {
    /** Bytes in a leaf. */
    public static final int LEAF_SIZE = 1 << 16;

    /** The largest content; it bounds the leaf table at 32 MiB. */
    public static final long MAX_SIZE = 1L << 36;

    /** A tar of nothing: one header and the two blocks of its end. */
    static final long MIN_SIZE = 3 * TarLayout.BLOCK;

    public PackageContent {
        if (size < MIN_SIZE || size > MAX_SIZE || size % TarLayout.BLOCK != 0) {
            throw new IllegalArgumentException(
                    String.format(
                            "content size %d is not a multiple of %d from %d to %d",
                            size, TarLayout.BLOCK, MIN_SIZE, MAX_SIZE));
        }
        if (leafSize != LEAF_SIZE) {
            throw new IllegalArgumentException(
                    "leaf size " + leafSize + " is not " + LEAF_SIZE + ", the only one supported");
        }
    }

    /** How many leaves the content has. */
    public int leafCount() {
        return (int) ((size + leafSize - 1) / leafSize);
    }

    /** Bytes in one leaf; all but the last have {@link #leafSize}. */
    public int sizeOfLeaf(int index) {
        return (int) Math.min(leafSize, size - (long) index * leafSize);
    }
}
