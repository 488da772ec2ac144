package dev.sluice.trust.packages;

import dev.sluice.trust.packages.Verification.Refused;
import dev.sluice.trust.packages.Verification.Verified;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads package files; writes nothing anywhere. */
public final class PackageReader {
    private static final int BUFFER_BYTES = 1 << 16;

    private PackageReader() {}

    /**
     * The part before the content, unverified.
     *
     * @throws InvalidPackageException when the file does not begin as a package does
     */
    public static PackageHead open(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return PackageHead.read(channel);
        }
    }

    /**
     * Decides on a whole package: order and headers, signature, signer, manifest, every byte of the
     * content, every entry of the payload.
     *
     * @throws IOException when the file cannot be read; a wrong one is {@link Refused}
     */
    public static Verification verify(Path file, SignatureVerifier verifier) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            PackageHead head = PackageHead.read(channel);
            Verification signed = verifier.verify(head.manifestBytes(), head.signatureBytes());
            if (signed instanceof Verified(_, Manifest manifest)) {
                checkContent(channel, head, manifest);
            }
            return signed;
        } catch (InvalidPackageException e) {
            return new Refused(e.reason());
        }
    }

    private static void checkContent(FileChannel channel, PackageHead head, Manifest manifest)
            throws IOException {
        PackageContent content = manifest.content();
        if (head.contentSize() < content.size()) {
            throw new InvalidPackageException(
                    String.format(
                            "%s is truncated: expected %d bytes of content, found %d",
                            manifest.title(), content.size(), head.contentSize()));
        }
        if (head.contentSize() > content.size()) {
            throw new InvalidPackageException(
                    String.format(
                            "%s has trailing data: expected %d bytes of content, found %d",
                            manifest.title(), content.size(), head.contentSize()));
        }
        ContentVerifier verifier = new ContentVerifier(content);
        channel.position(head.contentOffset());
        verifier.feedRest(channel);
        var _ = verifier.finish();
        channel.position(head.contentOffset());
        payload(channel, content.size()).check(manifest.installation());
    }

    @SuppressWarnings("resource") // The streams only wrap the caller's channel.
    private static PayloadIndex payload(FileChannel channel, long size) throws IOException {
        InputStream content =
                new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES);
        return PayloadReader.walk(
                content,
                size,
                new PayloadReader.Visitor() {
                    @Override
                    public void directory(PayloadPath path) {}

                    @Override
                    public void file(PayloadPath path, boolean executable, InputStream data) {}
                });
    }
}
