package dev.sluice.trust.packages;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** The hash of one leaf whose bytes come in pieces. For one thread. */
public final class LeafHash {

    private final MessageDigest digest = LeafTable.leafDigest();
    private int bytes;

    /** Adds the remaining bytes, which are read. */
    public void update(ByteBuffer piece) {
        bytes += piece.remaining();
        digest.update(piece);
    }

    /** How many bytes were added. */
    public int bytes() {
        return bytes;
    }

    /** Ends; nothing may be added any more. */
    byte[] end() {
        return digest.digest();
    }
}
