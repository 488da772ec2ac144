package dev.sluice.cli.connect;

import com.google.protobuf.ByteString;
import dev.sluice.cli.outcome.CommandFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * The operator's key and certificate, and the authorities that masters are checked against.
 *
 * <p>Reads PEM with the JDK alone: a cryptographic library would cost more time at start than the
 * rest of the command.
 */
final class PemIdentity {
    /** Keys and certificate chains are a few KiB. */
    private static final int MAX_BYTES = 256 * 1024;

    private static final Pattern KEY =
            Pattern.compile(
                    "-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    private PemIdentity() {}

    /** A TLS 1.3 context that shows the operator's certificate and accepts masters only. */
    static SSLContext tls(ClusterAccess access) {
        X509Certificate[] authorities = certificates(access.ca());
        X509Certificate[] chain = certificates(access.certificate());
        PrivateKey key = key(access.key(), chain[0]);
        try {
            char[] inMemoryOnly = {};
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("operator", key, inMemoryOnly, chain);
            KeyManagerFactory keys =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, inMemoryOnly);
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(
                    keys.getKeyManagers(), new TrustManager[] {MasterTrust.of(authorities)}, null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw CommandFailure.badInput(
                    access.certificate()
                            + " and "
                            + access.key()
                            + " cannot be used together: "
                            + e.getMessage());
        }
    }

    /** Signs with the operator's own key: ECDSA with SHA-256, over exactly these bytes. */
    static Signed sign(ClusterAccess access, byte[] content) {
        X509Certificate[] chain = certificates(access.certificate());
        PrivateKey key = key(access.key(), chain[0]);
        if (!key.getAlgorithm().equals("EC")) {
            throw CommandFailure.badInput(
                    access.key()
                            + ": expected an EC key to sign with, found one of "
                            + key.getAlgorithm());
        }
        try {
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(key);
            signature.update(content);
            List<ByteString> encoded = new ArrayList<>();
            for (X509Certificate certificate : chain) {
                encoded.add(ByteString.copyFrom(certificate.getEncoded()));
            }
            return new Signed(ByteString.copyFrom(signature.sign()), encoded);
        } catch (GeneralSecurityException e) {
            throw CommandFailure.badInput(
                    access.key() + ": cannot be signed with: " + e.getMessage());
        }
    }

    private static X509Certificate[] certificates(Path path) {
        byte[] bytes = read(path, "a certificate");
        try {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(bytes));
            if (!found.isEmpty()) {
                return found.toArray(X509Certificate[]::new);
            }
        } catch (CertificateException e) {
            throw CommandFailure.badInput(
                    path + ": expected certificates in PEM form, found damaged ones");
        }
        throw CommandFailure.badInput(path + ": expected a certificate in PEM form, found none");
    }

    private static PrivateKey key(Path path, X509Certificate certificate) {
        Matcher matcher =
                KEY.matcher(new String(read(path, "a private key"), StandardCharsets.ISO_8859_1));
        if (!matcher.find()) {
            throw CommandFailure.badInput(
                    path
                            + ": expected an unencrypted private key in PEM form (PKCS#8, 'BEGIN"
                            + " PRIVATE KEY'), found none");
        }
        try {
            byte[] encoded = Base64.getMimeDecoder().decode(matcher.group(1));
            return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                    .generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (IllegalArgumentException | InvalidKeySpecException e) {
            throw CommandFailure.badInput(
                    path
                            + ": expected a private key of the certificate's algorithm, "
                            + certificate.getPublicKey().getAlgorithm()
                            + ", found another or a damaged one");
        } catch (GeneralSecurityException e) {
            throw CommandFailure.badInput(
                    path + ": the algorithm of the key is not supported: " + e.getMessage());
        }
    }

    private static byte[] read(Path path, String expected) {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw CommandFailure.badInput(
                        path + ": expected " + expected + ", found more than 256 KiB");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw CommandFailure.badInput(path + ": expected " + expected + ", found no such file");
        } catch (AccessDeniedException e) {
            throw CommandFailure.badInput(path + " may not be read by this user");
        } catch (IOException e) {
            throw CommandFailure.badInput(path + " cannot be read: " + e.getMessage());
        }
    }
}
