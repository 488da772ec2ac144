package dev.sluice.trust.x509;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;

/** ECDSA keys on the curve P-256, the only kind that the cluster's certificates have. */
public final class EcKeys {
    /**
     * The signature algorithm of the cluster's certificates and of every package's first signer.
     */
    public static final String SIGNATURE_ALGORITHM = "SHA256withECDSA";

    private static final byte[] CHALLENGE =
            "sluice: does this key belong to this certificate?".getBytes(StandardCharsets.US_ASCII);

    private EcKeys() {}

    /** A fresh key pair. */
    public static KeyPair generate() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no P-256 keys", e);
        }
    }

    /** Whether what {@code key} signs can be verified with {@code certified}. */
    public static boolean match(PrivateKey key, PublicKey certified) {
        if (!"EC".equals(key.getAlgorithm()) || !"EC".equals(certified.getAlgorithm())) {
            return false;
        }
        try {
            Signature signer = Signature.getInstance(SIGNATURE_ALGORITHM);
            signer.initSign(key);
            signer.update(CHALLENGE);
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(SIGNATURE_ALGORITHM);
            verifier.initVerify(certified);
            verifier.update(CHALLENGE);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
