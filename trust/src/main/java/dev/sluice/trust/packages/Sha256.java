package dev.sluice.trust.packages;

import dev.sluice.trust.x509.NativeCrypto;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A SHA-256 hash.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Sha256(String hex) {
    /** Length in bytes. */
    public static final int BYTES = 32;

    private static final String ALGORITHM = "SHA-256";

    /** Never updated, so that any thread may copy it. */
    private static final MessageDigest FRESH = fresh();

    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    public Sha256 {
        if (!HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException(
                    Printable.quoted(hex)
                            + " is not a SHA-256 hash (64 lower-case hexadecimal digits)");
        }
    }

    /** The hash in 32 bytes. */
    public static Sha256 of(byte[] hash) {
        return new Sha256(HexFormat.of().formatHex(hash));
    }

    public byte[] bytes() {
        return HexFormat.of().parseHex(hex);
    }

    @Override
    public String toString() {
        return hex;
    }

    /** A digest that has seen nothing: a copy, as asking the providers takes longer than a leaf. */
    static MessageDigest digest() {
        try {
            return (MessageDigest) FRESH.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("every JDK's SHA-256 can be copied", e);
        }
    }

    private static MessageDigest fresh() {
        try {
            return NativeCrypto.digest(ALGORITHM);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
