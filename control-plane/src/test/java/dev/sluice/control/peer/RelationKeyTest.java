package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.RelationKey.Bytes;
import dev.sluice.control.peer.RelationKey.Handshake;
import dev.sluice.control.peer.RelationKey.Side;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RelationKeyTest {

    private static final CertificateAuthority CA =
            CertificateAuthority.create("test", Duration.ofDays(1), InstantSource.system());
    private static final NodeId A = new NodeId("m-a");
    private static final NodeId B = new NodeId("m-b");
    private static final X509Certificate OF_A = certificate("m-a");
    private static final X509Certificate OF_B = certificate("m-b");

    @TempDir private Path directory;

    private static X509Certificate certificate(String id) {
        return CA.issue(PeerName.master(id), Set.of(), Duration.ofHours(1)).certificate();
    }

    private static Bytes nonce(int fill) {
        byte[] bytes = new byte[RelationKey.NONCE_BYTES];
        bytes[0] = (byte) fill;
        return new Bytes(ByteString.copyFrom(bytes));
    }

    private Path file(String name, String secret, String mode) throws IOException {
        Path file = Files.writeString(directory.resolve(name), secret);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    private RelationKey key(String name, String secret) throws IOException {
        return RelationKey.read(file(name, secret, "rw-------"));
    }

    @Test
    @Tag("PAIR-3")
    void aProofHoldsForOneHandshakeOneSideAndOneKeyOnly() throws IOException {
        RelationKey key = key("key", "k".repeat(32));
        RelationKey same = key("same", "k".repeat(32) + "\r\n");
        RelationKey other = key("other", "k".repeat(31) + "l");
        Handshake handshake = new Handshake(A, B, nonce(1), nonce(2), OF_A, OF_B);
        byte[] proof = key.proof(Side.DIALER, handshake);

        assertThat(same.confirms(Side.DIALER, handshake, proof)).isTrue();
        assertThat(other.confirms(Side.DIALER, handshake, proof)).isFalse();
        assertThat(key.confirms(Side.ANSWERER, handshake, proof)).isFalse();
        for (Handshake wrong :
                List.of(
                        new Handshake(B, B, nonce(1), nonce(2), OF_A, OF_B),
                        new Handshake(A, A, nonce(1), nonce(2), OF_A, OF_B),
                        new Handshake(A, B, nonce(3), nonce(2), OF_A, OF_B),
                        new Handshake(A, B, nonce(1), nonce(3), OF_A, OF_B),
                        new Handshake(A, B, nonce(1), nonce(2), OF_B, OF_B),
                        new Handshake(A, B, nonce(1), nonce(2), OF_A, OF_A))) {
            assertThat(key.confirms(Side.DIALER, wrong, proof)).as("%s", wrong).isFalse();
        }
        assertThat(key.confirms(Side.DIALER, handshake, new byte[0])).isFalse();
    }

    @Test
    @Tag("PAIR-3")
    void aFileThatIsMissingShortOrOpenToOthersIsRefusedWithoutItsContent() throws IOException {
        Path missing = directory.resolve("missing");
        Path brief = file("brief", "x".repeat(31) + "\n\n", "rw-------");
        Path large = file("large", "x".repeat(4097), "rw-------");
        Path open = file("open", "secret".repeat(8), "rw-r-----");

        assertThatThrownBy(() -> RelationKey.read(missing))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "interApplianceKeyFile %s: expected a file with at least 32 bytes of secret, the same at every master, found no such file",
                        missing);
        assertThatThrownBy(() -> RelationKey.read(brief))
                .hasMessage(
                        "interApplianceKeyFile %s: expected 32 to 4096 bytes of secret, found 31",
                        brief);
        assertThatThrownBy(() -> RelationKey.read(large)).hasMessageContaining("found more");
        assertThatThrownBy(() -> RelationKey.read(open))
                .hasMessageStartingWith(
                        "interApplianceKeyFile %s: expected that only its owner may read and write it (mode 0600), found rw-r-----;"
                                .formatted(open))
                .hasMessageNotContaining("secretsecret");
        assertThat(key("good", "secret".repeat(8)).toString()).isEqualTo("RelationKey");
        assertThat(RelationKey.read(file("stricter", "secret".repeat(8), "r--------"))).isNotNull();
    }
}
