package dev.sluice.trust.x509;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class NativeCryptoTest {

    private static final String JDK = "SunEC";
    private static final int ALTERATIONS = 400;

    private final KeyPair keys = EcKeys.generate();
    private final byte[] message = "the manifest".getBytes(StandardCharsets.UTF_8);
    private final byte[] signature = SignatureScheme.ECDSA_P256.sign(keys.getPrivate(), message);

    /** One that cannot be read is refused like one that is wrong. */
    private static boolean accepts(
            Signature verifier, PublicKey key, byte[] message, byte[] signature) {
        try {
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private boolean natively(byte[] altered) throws GeneralSecurityException {
        return accepts(
                NativeCrypto.signature(EcKeys.SIGNATURE_ALGORITHM),
                keys.getPublic(),
                message,
                altered);
    }

    private boolean byTheJdk(byte[] altered) throws GeneralSecurityException {
        return accepts(
                Signature.getInstance(EcKeys.SIGNATURE_ALGORITHM, JDK),
                keys.getPublic(),
                message,
                altered);
    }

    @Test
    void acceptsWhatTheJdkSigned() throws GeneralSecurityException {
        assertThat(natively(signature)).isTrue();
        assertThat(byTheJdk(signature)).isTrue();
    }

    @Test
    void judgesAlteredSignaturesAsTheJdkDoes() throws GeneralSecurityException {
        Random random = new Random(41);
        for (int i = 0; i < ALTERATIONS; i++) {
            byte[] altered = signature.clone();
            int at = random.nextInt(altered.length);
            altered[at] ^= (byte) (1 << random.nextInt(8));
            assertThat(natively(altered)).as("byte %d altered", at).isEqualTo(byTheJdk(altered));
            assertThat(natively(altered)).as("byte %d altered", at).isFalse();
        }
    }

    @Test
    void refusesSignaturesThatAreCutOrContinued() throws GeneralSecurityException {
        for (int length = 0; length < signature.length; length++) {
            byte[] cut = Arrays.copyOf(signature, length);
            assertThat(natively(cut)).as("cut to %d", length).isFalse();
        }
        byte[] continued = Arrays.copyOf(signature, signature.length + 1);
        assertThat(natively(continued)).isFalse();
    }

    @Test
    void isAskedOnlyByItsName() throws GeneralSecurityException {
        assertThat(NativeCrypto.provider("Signature", EcKeys.SIGNATURE_ALGORITHM)).isPresent();
        assertThat(Signature.getInstance(EcKeys.SIGNATURE_ALGORITHM).getProvider().getName())
                .isEqualTo(JDK);
    }

    @Test
    void leavesWhatItDoesNotHaveToTheJdk() throws GeneralSecurityException {
        assertThat(NativeCrypto.provider("Signature", "SHA256withNOTHING")).isEmpty();
        assertThat(NativeCrypto.provider("Signature", SignatureScheme.ML_DSA_65.algorithm()))
                .isEmpty();
        assertThat(NativeCrypto.signature("SHA256withDSA").getProvider().getName())
                .isEqualTo("SUN");
    }
}
