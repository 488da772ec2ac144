package dev.sluice.trust.channel;

import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.x509.SignatureScheme;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;

/**
 * A public key of a channel.
 *
 * @param id SHA-256 of the key's SubjectPublicKeyInfo in DER
 */
public record ChannelKey(Sha256 id, SignatureScheme scheme, PublicKey key) {
    /** The longest SubjectPublicKeyInfo; that of ML-DSA-65 has 1,974 bytes. */
    static final int MAX_BYTES = 4096;

    /**
     * The key in its record.
     *
     * @throws IllegalArgumentException when it is of no {@link SignatureScheme}
     */
    public static ChannelKey of(PublicKey key) {
        SignatureScheme scheme =
                SignatureScheme.of(key)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "a channel's keys are ECDSA P-256 or ML-DSA-65, found "
                                                + key.getAlgorithm()));
        return new ChannelKey(Sha256.of(sha256(key.getEncoded())), scheme, key);
    }

    /** The key in its DER form; another form of the same key is refused. */
    static ChannelKey decode(byte[] spki, SignatureScheme scheme) {
        if (spki.length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "a key of " + spki.length + " bytes, at most " + MAX_BYTES + " expected");
        }
        try {
            String family = scheme == SignatureScheme.ECDSA_P256 ? "EC" : scheme.algorithm();
            PublicKey key =
                    KeyFactory.getInstance(family).generatePublic(new X509EncodedKeySpec(spki));
            ChannelKey decoded = of(key);
            if (decoded.scheme() != scheme || !Arrays.equals(key.getEncoded(), spki)) {
                throw new IllegalArgumentException("the key is not one of " + scheme + " in DER");
            }
            return decoded;
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new IllegalArgumentException("this is no public key of " + scheme, e);
        }
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
