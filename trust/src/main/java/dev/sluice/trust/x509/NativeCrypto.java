package dev.sluice.trust.x509;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.cert.PKIXParameters;
import java.util.Collection;
import java.util.Optional;

/**
 * AWS-LC, where it loads. In a process without the JVM's second compiler the JDK's own ECDSA takes
 * fifteen times as long, and its SHA-256 ten times.
 */
public final class NativeCrypto {

    private static final Provider AWS_LC = registered();

    private NativeCrypto() {}

    /** After all others, so that nothing gets it that does not ask for it by its name. */
    private static Provider registered() {
        Security.addProvider(AmazonCorrettoCryptoProvider.INSTANCE);
        return AmazonCorrettoCryptoProvider.INSTANCE;
    }

    /**
     * The native provider of an algorithm; empty: it is the JDK's to do.
     *
     * @param service such as {@code Signature}
     */
    public static Optional<Provider> provider(String service, String algorithm) {
        return Optional.of(AWS_LC)
                .filter(provider -> provider.getService(service, algorithm) != null);
    }

    /** A signature of an algorithm, native where it can be. */
    public static Signature signature(String algorithm) throws NoSuchAlgorithmException {
        Optional<Provider> fast = provider("Signature", algorithm);
        return fast.isPresent()
                ? Signature.getInstance(algorithm, fast.get())
                : Signature.getInstance(algorithm);
    }

    /** A digest of an algorithm, native where it can be. */
    public static MessageDigest digest(String algorithm) throws NoSuchAlgorithmException {
        Optional<Provider> fast = provider("MessageDigest", algorithm);
        return fast.isPresent()
                ? MessageDigest.getInstance(algorithm, fast.get())
                : MessageDigest.getInstance(algorithm);
    }

    /** Has the signatures on a path verified natively, if those of its authorities can be. */
    public static void verifyPath(
            PKIXParameters parameters, Collection<? extends PublicKey> authorities) {
        boolean areNative =
                provider("Signature", EcKeys.SIGNATURE_ALGORITHM).isPresent()
                        && authorities.stream()
                                .map(SignatureScheme::of)
                                .allMatch(Optional.of(SignatureScheme.ECDSA_P256)::equals);
        if (areNative) {
            parameters.setSigProvider(AWS_LC.getName());
        }
    }
}
