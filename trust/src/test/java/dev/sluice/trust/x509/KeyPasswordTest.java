package dev.sluice.trust.x509;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Private keys under a password: what opens them, and what is said when nothing does. */
final class KeyPasswordTest {
    @TempDir private Path directory;

    private static KeyPassword password(String text) throws CredentialsException {
        return KeyPassword.of(text.toCharArray());
    }

    @ParameterizedTest
    @EnumSource
    void anEncryptedKeyIsPrivateAndOpensUnderItsPasswordOnly(SignatureScheme scheme)
            throws Exception {
        KeyPair pair = scheme.generate();
        Path file = directory.resolve("key.pem");
        PemFiles.writeNew(
                List.of(
                        PemFiles.privateKey(
                                file, pair.getPrivate(), Optional.of(password("correct horse")))));

        assertThat(Files.getPosixFilePermissions(file))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.readString(file)).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        assertThat(
                        SignatureScheme.match(
                                PemFiles.readPrivateKey(
                                        file, Optional.of(password("correct horse"))),
                                pair.getPublic()))
                .isTrue();
        assertThatThrownBy(() ->
                        PemFiles.readPrivateKey(file, Optional.of(password("battery staple"))))
                .isInstanceOf(CredentialsException.class)
                .hasMessage(
                        file + " holds an encrypted private key that this password does not open");
        assertThatThrownBy(() -> PemFiles.readPrivateKey(file))
                .hasMessage(
                        file
                                + " should hold an unencrypted private key, but holds an encrypted"
                                + " one");
    }

    @ParameterizedTest
    @EnumSource
    void aPublicKeyIsReadBack(SignatureScheme scheme) throws Exception {
        PublicKey key = scheme.generate().getPublic();
        Path file = directory.resolve("public.pem");
        PemFiles.writeNew(List.of(PemFiles.publicKey(file, key)));

        assertThat(PemFiles.readPublicKey(file).getEncoded()).isEqualTo(key.getEncoded());
        assertThat(SignatureScheme.of(PemFiles.readPublicKey(file))).contains(scheme);
    }

    @Test
    void aPasswordFileHoldsOneLineOfAtLeastEightCharacters() throws Exception {
        Path file = Files.writeString(directory.resolve("password"), "eight888\n");
        assertThat(KeyPassword.load(file)).hasToString("KeyPassword");

        Files.writeString(file, "seven77\n");
        assertThatThrownBy(() -> KeyPassword.load(file))
                .hasMessage("the password has 7 characters, at least 8 expected");
        Files.writeString(file, "two\nlines of it\n");
        assertThatThrownBy(() -> KeyPassword.load(file))
                .hasMessage(file + " should hold one line, the password, but holds several");
        Files.write(file, new byte[2000]);
        assertThatThrownBy(() -> KeyPassword.load(file))
                .hasMessage(file + " has more than 1024 bytes: it holds no password");
    }
}
