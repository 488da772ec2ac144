package dev.sluice.trust.packages;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/**
 * The part of a package file before its content, as found: nothing of it is verified.
 *
 * @param contentOffset where in the file the content begins
 * @param contentSize bytes from there to the end of the file
 */
@SuppressWarnings("ArrayRecordComponent") // Bytes are verified and shipped, never compared.
public record PackageHead(
        byte[] manifestBytes, byte[] signatureBytes, long contentOffset, long contentSize) {

    /**
     * The bytes of a package file before its content. Whoever has manifest, signature and content
     * has the package: its layout leaves no choice.
     */
    public static byte[] encode(byte[] manifestBytes, byte[] signatureBytes) {
        int signatureAt = TarLayout.BLOCK + (int) TarLayout.padded(manifestBytes.length);
        int contentAt =
                signatureAt + TarLayout.BLOCK + (int) TarLayout.padded(signatureBytes.length);
        return ByteBuffer.allocate(contentAt)
                .put(TarLayout.header(TarLayout.MANIFEST, manifestBytes.length))
                .put(manifestBytes)
                .position(signatureAt)
                .put(TarLayout.header(TarLayout.SIGNATURE, signatureBytes.length))
                .put(signatureBytes)
                .array();
    }

    static PackageHead read(FileChannel channel) throws IOException {
        byte[] manifest = entry(channel, 0, TarLayout.MANIFEST, Manifest.MAX_BYTES);
        long signatureAt = TarLayout.BLOCK + TarLayout.padded(manifest.length);
        byte[] signature =
                entry(channel, signatureAt, TarLayout.SIGNATURE, TarLayout.MAX_SIGNATURE_BYTES);
        long contentAt = signatureAt + TarLayout.BLOCK + TarLayout.padded(signature.length);
        return new PackageHead(manifest, signature, contentAt, channel.size() - contentAt);
    }

    private static byte[] entry(FileChannel channel, long offset, String name, int maxBytes)
            throws IOException {
        byte[] header = bytes(channel, offset, TarLayout.BLOCK, name);
        int size = size(header, name, maxBytes);
        if (!Arrays.equals(header, TarLayout.header(name, size))) {
            throw new InvalidPackageException(
                    "the tar header of "
                            + name
                            + " is not the one that a package has; it was changed or built by other"
                            + " tools");
        }
        byte[] padded =
                bytes(channel, offset + TarLayout.BLOCK, (int) TarLayout.padded(size), name);
        for (int i = size; i < padded.length; i++) {
            if (padded[i] != 0) {
                throw new InvalidPackageException("there are bytes behind the end of " + name);
            }
        }
        return Arrays.copyOf(padded, size);
    }

    private static int size(byte[] header, String name, int maxBytes)
            throws InvalidPackageException {
        TarArchiveEntry entry;
        try {
            entry = new TarArchiveEntry(header);
        } catch (RuntimeException e) {
            throw new InvalidPackageException(
                    "expected the tar header of " + name + ", found none; this is no package", e);
        }
        if (!entry.getName().equals(name)) {
            throw new InvalidPackageException(
                    String.format(
                            "%s: expected the entry %s, found %s",
                            name.equals(TarLayout.SIGNATURE)
                                    ? "the package is not signed"
                                    : "this is no package",
                            name,
                            Printable.quoted(entry.getName())));
        }
        if (entry.getSize() < 0 || entry.getSize() > maxBytes) {
            throw new InvalidPackageException(
                    String.format(
                            "%s: %d bytes, at most %d expected", name, entry.getSize(), maxBytes));
        }
        return (int) entry.getSize();
    }

    private static byte[] bytes(FileChannel channel, long offset, int count, String name)
            throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, offset + bytes.position()) < 0) {
                throw new InvalidPackageException(
                        String.format(
                                "the package is truncated: it ends at byte %d, inside %s",
                                channel.size(), name));
            }
        }
        return bytes.array();
    }
}
