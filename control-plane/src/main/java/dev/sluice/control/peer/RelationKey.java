package dev.sluice.control.peer;

import dev.sluice.control.model.NodeId;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The secret that all masters of a cluster share, and proofs of having it. A certificate says that
 * a master is of this cluster's authority; the key says that an operator paired it.
 */
public final class RelationKey {

    static final int NONCE_BYTES = 32;

    private static final int MIN_BYTES = 32;
    private static final int MAX_BYTES = 4096;
    private static final String ALGORITHM = "HmacSHA256";
    private static final String PURPOSE = "sluice relation 1";

    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final SecretKeySpec secret;

    private RelationKey(byte[] secret) {
        this.secret = new SecretKeySpec(secret, ALGORITHM);
    }

    /**
     * The key in a file; line ends at its end do not count.
     *
     * @throws IOException naming the file, what was expected and what was found
     */
    public static RelationKey read(Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
            if (!OWNER_ONLY.containsAll(mode)) {
                throw new IOException(
                        "interApplianceKeyFile %s: expected that only its owner may read and write it (mode 0600), found %s; chmod 600 it, and make a new key if others may have read it"
                                .formatted(file, PosixFilePermissions.toString(mode)));
            }
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new IOException(
                    "interApplianceKeyFile %s: expected a file with at least %d bytes of secret, the same at every master, found no such file"
                            .formatted(file, MIN_BYTES),
                    e);
        }
        int length = bytes.length;
        while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
            length--;
        }
        if (length < MIN_BYTES || bytes.length > MAX_BYTES) {
            throw new IOException(
                    "interApplianceKeyFile %s: expected %d to %d bytes of secret, found %s"
                            .formatted(
                                    file,
                                    MIN_BYTES,
                                    MAX_BYTES,
                                    bytes.length > MAX_BYTES ? "more" : String.valueOf(length)));
        }
        return new RelationKey(Arrays.copyOf(bytes, length));
    }

    /** Who proves. */
    enum Side {
        DIALER,
        ANSWERER
    }

    /**
     * All that a proof is bound to: it proves nothing to another master, over another connection or
     * at another time.
     */
    record Handshake(
            NodeId dialer,
            NodeId answerer,
            Bytes dialerNonce,
            Bytes answererNonce,
            X509Certificate dialerCertificate,
            X509Certificate answererCertificate) {}

    /** Bytes by value. */
    record Bytes(com.google.protobuf.ByteString value) {}

    /** That the side has this key. */
    byte[] proof(Side side, Handshake handshake) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(secret);
            return mac.doFinal(transcript(side, handshake));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no " + ALGORITHM, e);
        }
    }

    /** Whether a proof of the side was made with this key. */
    boolean confirms(Side side, Handshake handshake, byte[] proof) {
        return MessageDigest.isEqual(proof(side, handshake), proof);
    }

    /** Every part with its length, so that no two handshakes have the same bytes. */
    private static byte[] transcript(Side side, Handshake handshake)
            throws GeneralSecurityException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            write(out, PURPOSE.getBytes(StandardCharsets.UTF_8));
            write(out, side.name().getBytes(StandardCharsets.UTF_8));
            write(out, handshake.dialer().value().getBytes(StandardCharsets.UTF_8));
            write(out, handshake.answerer().value().getBytes(StandardCharsets.UTF_8));
            write(out, handshake.dialerNonce().value().toByteArray());
            write(out, handshake.answererNonce().value().toByteArray());
            write(out, fingerprint(handshake.dialerCertificate()));
            write(out, fingerprint(handshake.answererCertificate()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, byte[] part) throws IOException {
        out.writeInt(part.length);
        out.write(part);
    }

    static byte[] fingerprint(X509Certificate certificate) throws GeneralSecurityException {
        try {
            return MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate of a TLS session has no encoding", e);
        }
    }

    /** Never the key. */
    @Override
    public String toString() {
        return "RelationKey";
    }
}
