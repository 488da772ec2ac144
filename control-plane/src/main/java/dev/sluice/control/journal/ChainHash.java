package dev.sluice.control.journal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 that stands for an entry and everything before it: two journals with the same hash at
 * an index hold the same entries up to it.
 */
public final class ChainHash {

    /** The size in bytes: all of SHA-256, because half of it could be collided on purpose. */
    public static final int BYTES = 32;

    /** The hash before entry 1. */
    public static final ChainHash GENESIS = new ChainHash(new byte[BYTES]);

    private final byte[] value;

    private ChainHash(byte[] value) {
        this.value = value;
    }

    /** Returns the hash with these {@value #BYTES} bytes. */
    public static ChainHash of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException(
                    "chain hash: expected " + BYTES + " bytes, found " + bytes.length);
        }
        return new ChainHash(bytes.clone());
    }

    static ChainHash at(ByteBuffer buffer, int offset) {
        byte[] bytes = new byte[BYTES];
        buffer.get(offset, bytes);
        return new ChainHash(bytes);
    }

    /** Returns a copy of the bytes. */
    public byte[] toBytes() {
        return value.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ChainHash hash && Arrays.equals(value, hash.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(value);
    }

    /** Returns the bytes as hexadecimal digits. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(value);
    }
}
