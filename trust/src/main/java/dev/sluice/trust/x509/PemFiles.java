package dev.sluice.trust.x509;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.util.io.pem.PemObject;

/**
 * Reads and writes certificates and private keys as PEM files.
 *
 * <p>A file is at most {@value #MAX_BYTES} bytes and holds at most {@value #MAX_OBJECTS} objects,
 * so that a wrong path (a disk, a log) is an error instead of an exhausted heap. Nothing is ever
 * overwritten: a key that is lost cannot be made again.
 */
public final class PemFiles {
    /** The largest PEM file that is read. */
    public static final int MAX_BYTES = 1 << 20;

    /** The greatest number of objects in one file. */
    public static final int MAX_OBJECTS = 64;

    private PemFiles() {}

    /** A file to be written: a secret one is readable by its owner only. */
    public record Draft(Path path, String pem, boolean secret) {
        @Override
        public String toString() {
            return path + (secret ? " (secret)" : "");
        }
    }

    /** A file with these certificates, in this order. */
    public static Draft certificates(Path path, Collection<X509Certificate> certificates) {
        return new Draft(path, pem(certificates), false);
    }

    /** A file with this key (PKCS#8), mode 0600. */
    public static Draft privateKey(Path path, PrivateKey key) {
        try {
            return new Draft(path, pem(List.of(new JcaPKCS8Generator(key, null))), true);
        } catch (IOException e) {
            throw new IllegalStateException(path + ": the key has no PKCS#8 form", e);
        }
    }

    /** A file with this key (PKCS#8), mode 0600, encrypted when there is a password. */
    public static Draft privateKey(Path path, PrivateKey key, Optional<KeyPassword> password) {
        return password.isEmpty()
                ? privateKey(path, key)
                : new Draft(
                        path,
                        pem(
                                List.of(
                                        new PemObject(
                                                "ENCRYPTED PRIVATE KEY",
                                                password.get().encrypt(key)))),
                        true);
    }

    /** A file with this public key (SubjectPublicKeyInfo). */
    public static Draft publicKey(Path path, PublicKey key) {
        return new Draft(path, pem(List.of(key)), false);
    }

    /**
     * Writes all files durably, or none.
     *
     * @throws CredentialsException when one of them exists already, or cannot be written
     */
    public static void writeNew(List<Draft> drafts) throws CredentialsException {
        for (Draft draft : drafts) {
            if (Files.exists(draft.path(), LinkOption.NOFOLLOW_LINKS)) {
                throw exists(draft.path());
            }
        }
        List<Path> written = new ArrayList<>();
        try {
            for (Draft draft : drafts) {
                writeNew(draft, written);
            }
        } catch (IOException e) {
            for (Path path : written) {
                try {
                    Files.deleteIfExists(path);
                } catch (IOException suppressed) {
                    e.addSuppressed(suppressed);
                }
            }
            throw e instanceof CredentialsException known
                    ? known
                    : new CredentialsException(
                            "the key and certificate files could not be written: " + e, e);
        }
    }

    private static void writeNew(Draft draft, List<Path> written) throws IOException {
        var mode =
                PosixFilePermissions.asFileAttribute(
                        PosixFilePermissions.fromString(
                                draft.secret() ? "rw-------" : "rw-r--r--"));
        Set<StandardOpenOption> createOnly =
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(draft.path(), createOnly, mode)) {
            written.add(draft.path());
            ByteBuffer bytes = ByteBuffer.wrap(draft.pem().getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            CredentialsException refused = exists(draft.path());
            refused.initCause(e);
            throw refused;
        }
    }

    private static CredentialsException exists(Path path) {
        return new CredentialsException(
                path + " exists already and is not overwritten; move it away first");
    }

    /**
     * The certificates in a file, in order.
     *
     * @throws CredentialsException when there is none, or the file cannot be read
     */
    public static List<X509Certificate> readCertificates(Path path) throws CredentialsException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Object object : read(path, "a certificate")) {
            if (!(object instanceof X509CertificateHolder holder)) {
                throw new CredentialsException(
                        path
                                + " should hold certificates only, but also holds "
                                + describe(object));
            }
            try {
                certificates.add(new JcaX509CertificateConverter().getCertificate(holder));
            } catch (CertificateException e) {
                throw new CredentialsException(path + " holds a broken certificate: " + e, e);
            }
        }
        return List.copyOf(certificates);
    }

    /**
     * The only private key in a file, unencrypted.
     *
     * @throws CredentialsException when the file holds anything else, or cannot be read
     */
    public static PrivateKey readPrivateKey(Path path) throws CredentialsException {
        return readPrivateKey(path, Optional.empty());
    }

    /**
     * The only private key in a file.
     *
     * @param password opens an encrypted key; one that is not encrypted is read without
     * @throws CredentialsException when the file holds anything else, cannot be read, or the
     *     password is missing or wrong
     */
    public static PrivateKey readPrivateKey(Path path, Optional<KeyPassword> password)
            throws CredentialsException {
        List<Object> objects = read(path, "a private key");
        if (objects.size() != 1) {
            throw new CredentialsException(
                    path
                            + " should hold one private key, but holds "
                            + objects.size()
                            + " objects");
        }
        PrivateKeyInfo info =
                switch (objects.getFirst()) {
                    case PrivateKeyInfo key -> key;
                    case PEMKeyPair pair -> pair.getPrivateKeyInfo();
                    case PKCS8EncryptedPrivateKeyInfo encrypted ->
                            opened(path, encrypted, password);
                    case Object other ->
                            throw new CredentialsException(
                                    path
                                            + " should hold an unencrypted private key, but holds "
                                            + describe(other));
                };
        try {
            return new JcaPEMKeyConverter().getPrivateKey(info);
        } catch (IOException e) {
            throw new CredentialsException(path + " holds a private key that cannot be read", e);
        }
    }

    private static PrivateKeyInfo opened(
            Path path, PKCS8EncryptedPrivateKeyInfo encrypted, Optional<KeyPassword> password)
            throws CredentialsException {
        if (password.isEmpty()) {
            throw new CredentialsException(
                    path + " should hold an unencrypted private key, but holds an encrypted one");
        }
        try {
            return PrivateKeyInfo.getInstance(password.get().decrypt(encrypted.getEncoded()));
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw new CredentialsException(
                    path + " holds an encrypted private key that this password does not open", e);
        }
    }

    /**
     * The only public key in a file.
     *
     * @throws CredentialsException when the file holds anything else, or cannot be read
     */
    public static PublicKey readPublicKey(Path path) throws CredentialsException {
        List<Object> objects = read(path, "a public key");
        if (objects.size() != 1 || !(objects.getFirst() instanceof SubjectPublicKeyInfo info)) {
            throw new CredentialsException(
                    path
                            + " should hold one public key, but holds "
                            + (objects.size() == 1
                                    ? describe(objects.getFirst())
                                    : objects.size() + " objects"));
        }
        try {
            return new JcaPEMKeyConverter().getPublicKey(info);
        } catch (IOException e) {
            throw new CredentialsException(path + " holds a public key that cannot be read", e);
        }
    }

    private static List<Object> read(Path path, String expected) throws CredentialsException {
        List<Object> objects = new ArrayList<>();
        try (PEMParser parser = new PEMParser(new StringReader(text(path)))) {
            for (Object object = parser.readObject();
                    object != null;
                    object = parser.readObject()) {
                if (objects.size() == MAX_OBJECTS) {
                    throw new CredentialsException(
                            path + " holds more than " + MAX_OBJECTS + " objects");
                }
                objects.add(object);
            }
        } catch (CredentialsException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new CredentialsException(
                    path + " should hold " + expected + " in PEM form, but is damaged", e);
        }
        if (objects.isEmpty()) {
            throw new CredentialsException(
                    path + " should hold " + expected + " in PEM form, but holds nothing like it");
        }
        return objects;
    }

    private static String text(Path path) throws CredentialsException {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new CredentialsException(
                        path
                                + " has more than "
                                + MAX_BYTES
                                + " bytes, which no key or certificate has");
            }
            return new String(bytes, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new CredentialsException(path + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new CredentialsException(path + " may not be read by this user", e);
        } catch (CredentialsException e) {
            throw e;
        } catch (IOException e) {
            throw new CredentialsException(path + " cannot be read: " + e, e);
        }
    }

    private static String describe(Object object) {
        return switch (object) {
            case X509CertificateHolder _ -> "a certificate";
            case PrivateKeyInfo _ -> "a private key";
            case PEMKeyPair _ -> "a private key";
            case PKCS8EncryptedPrivateKeyInfo _ -> "an encrypted private key";
            case SubjectPublicKeyInfo _ -> "a public key";
            case Object other -> "a " + other.getClass().getSimpleName();
        };
    }

    private static String pem(Collection<?> objects) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            for (Object object : objects) {
                writer.writeObject(object);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("PEM", e);
        }
        return text.toString();
    }
}
