package dev.sluice.trust.x509;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/**
 * The password of an encrypted private key: PKCS#8 with PBES2, PBKDF2 with HMAC-SHA-256 and
 * AES-256, which {@code openssl pkey} reads.
 */
public final class KeyPassword {
    /** The shortest password that encrypts a key. */
    public static final int MIN_CHARS = 8;

    private static final String ALGORITHM = "PBEWithHmacSHA256AndAES_256";
    private static final int SALT_BYTES = 16;

    /** What OWASP asks of PBKDF2 with HMAC-SHA-256. */
    private static final int ITERATIONS = 600_000;

    /** A file that asks for more would only keep the processor busy. */
    private static final int MAX_ITERATIONS = 10_000_000;

    private static final int MAX_FILE_BYTES = 1024;

    private final char[] password;

    private KeyPassword(char[] password) {
        this.password = password;
    }

    /**
     * The password with these characters.
     *
     * @throws CredentialsException when it is shorter than {@value #MIN_CHARS}
     */
    public static KeyPassword of(char[] password) throws CredentialsException {
        if (password.length < MIN_CHARS) {
            throw new CredentialsException(
                    "the password has "
                            + password.length
                            + " characters, at least "
                            + MIN_CHARS
                            + " expected");
        }
        return new KeyPassword(password.clone());
    }

    /**
     * The password in the first line of a file.
     *
     * @throws CredentialsException when the file cannot be read, is not text of one line, or the
     *     password is too short
     */
    public static KeyPassword load(Path file) throws CredentialsException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
            if (bytes.length > MAX_FILE_BYTES) {
                throw new CredentialsException(
                        file + " has more than " + MAX_FILE_BYTES + " bytes: it holds no password");
            }
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            String line = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
            if (line.contains("\n") || line.contains("\r")) {
                throw new CredentialsException(
                        file + " should hold one line, the password, but holds several");
            }
            return of(line.toCharArray());
        } catch (CharacterCodingException e) {
            throw new CredentialsException(file + " is not UTF-8 text", e);
        } catch (CredentialsException e) {
            throw e;
        } catch (IOException e) {
            throw new CredentialsException(file + " cannot be read: " + e, e);
        }
    }

    byte[] encrypt(PrivateKey key) {
        try {
            byte[] salt = new byte[SALT_BYTES];
            new SecureRandom().nextBytes(salt);
            Cipher cipher = Cipher.getInstance(ALGORITHM);
            cipher.init(Cipher.ENCRYPT_MODE, derivable(), new PBEParameterSpec(salt, ITERATIONS));
            // The JDK's own class has no name for these parameters, though it reads them.
            return new org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo(
                            new AlgorithmIdentifier(
                                    PKCSObjectIdentifiers.id_PBES2,
                                    ASN1Primitive.fromByteArray(
                                            cipher.getParameters().getEncoded())),
                            cipher.doFinal(key.getEncoded()))
                    .getEncoded();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the key could not be encrypted", e);
        }
    }

    byte[] decrypt(byte[] encrypted) throws GeneralSecurityException, IOException {
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(encrypted);
        AlgorithmParameters parameters = info.getAlgParameters();
        int iterations = parameters.getParameterSpec(PBEParameterSpec.class).getIterationCount();
        if (iterations > MAX_ITERATIONS) {
            throw new GeneralSecurityException(
                    iterations + " iterations, at most " + MAX_ITERATIONS + " expected");
        }
        Cipher cipher = Cipher.getInstance(ALGORITHM);
        cipher.init(Cipher.DECRYPT_MODE, derivable(), parameters);
        return cipher.doFinal(info.getEncryptedData());
    }

    private SecretKey derivable() throws GeneralSecurityException {
        return SecretKeyFactory.getInstance(ALGORITHM).generateSecret(new PBEKeySpec(password));
    }

    /** Never the password. */
    @Override
    public String toString() {
        return "KeyPassword";
    }
}
