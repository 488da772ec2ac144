package dev.sluice.trust.packages;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * Makes package files. The same payload and draft give the same content and manifest, on any
 * machine: entries are sorted, and times and owners are fixed. Only the signature differs, as
 * ECDSA's do.
 */
public final class PackageBuilder {
    private static final int BUFFER_BYTES = 1 << 18;

    private PackageBuilder() {}

    /**
     * Builds a package from a directory and replaces {@code out} with it, at once and durably, or
     * leaves it as it was.
     *
     * @param payloadDir its content becomes the payload: files and directories only; of modes,
     *     whether the owner may execute a file
     * @return the manifest that was signed
     * @throws InvalidPackageException when the directory holds something else, or not what the
     *     draft's installation names
     */
    public static Manifest build(
            ManifestDraft draft, Path payloadDir, PackageSigner signer, Path out)
            throws IOException {
        Path directory = DurableFiles.directoryOf(out);
        Path content = temporary(directory);
        try {
            Path whole = temporary(directory);
            try {
                Manifest manifest = new Manifest(draft, writeContent(draft, payloadDir, content));
                byte[] encoded = manifest.encoded();
                if (encoded.length > Manifest.MAX_BYTES) {
                    throw new InvalidPackageException(
                            manifest.title()
                                    + ": the manifest has "
                                    + encoded.length
                                    + " bytes, at most "
                                    + Manifest.MAX_BYTES);
                }
                assemble(encoded, signer.sign(encoded), content, 0, whole);
                DurableFiles.publish(whole, out);
                return manifest;
            } finally {
                Files.deleteIfExists(whole);
            }
        } finally {
            Files.deleteIfExists(content);
        }
    }

    /**
     * Writes a package again with these keys' signatures added, or put in place of those of their
     * kind; everything else stays. Replaces {@code out}, which may be {@code file}, at once and
     * durably, or leaves it as it was.
     *
     * @throws InvalidPackageException when the file is no package, or a signature in it is not one
     *     over its manifest
     */
    public static void sign(Path file, PackageSigner signer, Path out) throws IOException {
        PackageHead head = PackageReader.open(file);
        byte[] signature = signer.addTo(head.signatureBytes(), head.manifestBytes());
        Path whole = temporary(DurableFiles.directoryOf(out));
        try {
            assemble(head.manifestBytes(), signature, file, head.contentOffset(), whole);
            DurableFiles.publish(whole, out);
        } finally {
            Files.deleteIfExists(whole);
        }
    }

    private static Path temporary(Path directory) throws IOException {
        return Files.createTempFile(
                directory,
                ".package-",
                ".tmp",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
    }

    private static PackageContent writeContent(ManifestDraft draft, Path payloadDir, Path file)
            throws IOException {
        if (!Files.isDirectory(payloadDir)) {
            throw new InvalidPackageException(payloadDir + " is not a directory");
        }
        Map<String, Path> entries = entries(payloadDir.toRealPath());
        ContentDigest digest = new ContentDigest();
        PayloadIndex index = new PayloadIndex();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                TarArchiveOutputStream tar =
                        new TarArchiveOutputStream(
                                new BufferedOutputStream(
                                        new DigestingStream(channel, digest), BUFFER_BYTES),
                                TarLayout.BLOCK,
                                "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_TRUNCATE);
            TarLayout.begin(tar, TarLayout.PAYLOAD, TarLayout.EXECUTABLE, 0);
            tar.closeArchiveEntry();
            for (Map.Entry<String, Path> entry : entries.entrySet()) {
                writeEntry(tar, index, entry.getKey(), entry.getValue());
            }
            tar.finish();
            tar.flush();
        }
        index.check(draft.installation());
        return digest.end().content();
    }

    /** Files and directories by their names in the tar, which decide their order. */
    private static Map<String, Path> entries(Path root) throws IOException {
        Map<String, Path> entries = new TreeMap<>();
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path directory, BasicFileAttributes attributes) throws IOException {
                        if (!directory.equals(root)) {
                            add(directory, "/");
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        if (!attributes.isRegularFile()) {
                            throw new InvalidPackageException(
                                    file
                                            + (attributes.isSymbolicLink()
                                                    ? " is a symbolic link"
                                                    : " is a special file")
                                            + "; a payload holds files and directories only");
                        }
                        if (attributes.size() > TarLayout.MAX_FILE_BYTES) {
                            throw new InvalidPackageException(
                                    String.format(
                                            "%s has %d bytes; a file of a payload has at most %d",
                                            file, attributes.size(), TarLayout.MAX_FILE_BYTES));
                        }
                        add(file, "");
                        return FileVisitResult.CONTINUE;
                    }

                    private void add(Path path, String suffix) throws InvalidPackageException {
                        if (entries.size() == TarLayout.MAX_ENTRIES) {
                            throw new InvalidPackageException(
                                    root + " has more than " + TarLayout.MAX_ENTRIES + " entries");
                        }
                        entries.put(root.relativize(path) + suffix, path);
                    }
                });
        return entries;
    }

    private static void writeEntry(
            TarArchiveOutputStream tar, PayloadIndex index, String name, Path source)
            throws IOException {
        if (name.endsWith("/")) {
            index.add(
                    path(source, name.substring(0, name.length() - 1)),
                    PayloadIndex.Type.DIRECTORY);
            TarLayout.begin(tar, TarLayout.PAYLOAD + name, TarLayout.EXECUTABLE, 0);
        } else {
            boolean executable =
                    Files.getPosixFilePermissions(source)
                            .contains(PosixFilePermission.OWNER_EXECUTE);
            index.add(
                    path(source, name),
                    executable ? PayloadIndex.Type.EXECUTABLE : PayloadIndex.Type.FILE);
            TarLayout.begin(
                    tar,
                    TarLayout.PAYLOAD + name,
                    executable ? TarLayout.EXECUTABLE : TarLayout.PLAIN,
                    Files.size(source));
            Files.copy(source, tar);
        }
        tar.closeArchiveEntry();
    }

    private static PayloadPath path(Path source, String name) throws InvalidPackageException {
        try {
            return new PayloadPath(name);
        } catch (IllegalArgumentException e) {
            throw new InvalidPackageException(source + ": " + e.getMessage(), e);
        }
    }

    private static void assemble(
            byte[] manifest, byte[] signature, Path content, long contentAt, Path whole)
            throws IOException {
        try (FileChannel out = FileChannel.open(whole, StandardOpenOption.WRITE);
                FileChannel in = FileChannel.open(content, StandardOpenOption.READ)) {
            OutputStream head = Channels.newOutputStream(out);
            head.write(TarLayout.header(TarLayout.MANIFEST, manifest.length));
            head.write(padded(manifest));
            head.write(TarLayout.header(TarLayout.SIGNATURE, signature.length));
            head.write(padded(signature));
            long size = in.size();
            for (long at = contentAt; at < size; ) {
                at += in.transferTo(at, size - at, out);
            }
            out.force(true);
        }
    }

    private static byte[] padded(byte[] data) {
        return Arrays.copyOf(data, (int) TarLayout.padded(data.length));
    }

    /** Writes to a file and to the digest. */
    private static final class DigestingStream extends OutputStream {
        private final FileChannel channel;
        private final ContentDigest digest;

        DigestingStream(FileChannel channel, ContentDigest digest) {
            this.channel = channel;
            this.digest = digest;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            digest.update(ByteBuffer.wrap(bytes, offset, length));
            ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
    }
}
