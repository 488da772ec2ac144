package dev.sluice.trust.x509;

import java.nio.charset.StandardCharsets;
import java.security.AsymmetricKey;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECKey;
import java.security.spec.NamedParameterSpec;
import java.util.Optional;

/**
 * A kind of key together with the one way in which it signs. Certificates of the cluster are {@link
 * #ECDSA_P256} alone; what is signed to be installed may also carry {@link #ML_DSA_65}.
 */
public enum SignatureScheme {
    /** ECDSA on P-256 with SHA-256 (FIPS 186-5). */
    ECDSA_P256(EcKeys.SIGNATURE_ALGORITHM),

    /** ML-DSA-65 (FIPS 204), which a quantum computer does not break. */
    ML_DSA_65("ML-DSA-65");

    private static final int P256_BITS = 256;
    private static final byte[] CHALLENGE =
            "sluice: do these two keys belong together?".getBytes(StandardCharsets.US_ASCII);

    private final String algorithm;

    SignatureScheme(String algorithm) {
        this.algorithm = algorithm;
    }

    /** The name of the signature algorithm in the JDK, and of the scheme in files. */
    public String algorithm() {
        return algorithm;
    }

    /** The scheme of a key; empty for a key of any other kind. */
    public static Optional<SignatureScheme> of(Key key) {
        if (key instanceof ECKey ec) {
            return ec.getParams() != null
                            && ec.getParams().getOrder().bitLength() == P256_BITS
                            && ec.getParams().getCurve().getField().getFieldSize() == P256_BITS
                    ? Optional.of(ECDSA_P256)
                    : Optional.empty();
        }
        return key instanceof AsymmetricKey asymmetric
                        && asymmetric.getParams() instanceof NamedParameterSpec named
                        && named.getName().equals(ML_DSA_65.algorithm)
                ? Optional.of(ML_DSA_65)
                : Optional.empty();
    }

    /** A fresh key pair. */
    public KeyPair generate() {
        return switch (this) {
            case ECDSA_P256 -> EcKeys.generate();
            case ML_DSA_65 -> {
                try {
                    yield KeyPairGenerator.getInstance(algorithm).generateKeyPair();
                } catch (GeneralSecurityException e) {
                    throw new IllegalStateException("this JDK has no ML-DSA-65 keys", e);
                }
            }
        };
    }

    /** The signature over these bytes by a key of this scheme. */
    public byte[] sign(PrivateKey key, byte[] message) {
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key of " + algorithm + " could not sign", e);
        }
    }

    /** Whether the signature is one over these bytes by the other half of {@code key}. */
    public boolean verifies(PublicKey key, byte[] message, byte[] signature) {
        try {
            Signature verifier = NativeCrypto.signature(algorithm);
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** Whether both are of one scheme, and what one signs the other verifies. */
    public static boolean match(PrivateKey key, PublicKey other) {
        Optional<SignatureScheme> scheme = of(key);
        return scheme.isPresent()
                && scheme.equals(of(other))
                && scheme.get().verifies(other, CHALLENGE, scheme.get().sign(key, CHALLENGE));
    }
}
