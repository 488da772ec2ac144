package dev.sluice.control.state;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Function;

/** Bytes as a value: copied in and out, compared by content. */
public final class Blob {

    private final byte[] bytes;

    private Blob(byte[] bytes) {
        this.bytes = bytes;
    }

    public static Blob of(byte[] bytes) {
        return new Blob(bytes.clone());
    }

    public byte[] toArray() {
        return bytes.clone();
    }

    /** What is made of the bytes themselves, without a copy; they must not be changed. */
    public <T> T read(Function<byte[], T> reader) {
        return reader.apply(bytes);
    }

    public int size() {
        return bytes.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Blob that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        int shown = Math.min(bytes.length, 8);
        return "%d bytes %s".formatted(bytes.length, HexFormat.of().formatHex(bytes, 0, shown));
    }
}
