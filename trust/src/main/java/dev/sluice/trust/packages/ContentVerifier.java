package dev.sluice.trust.packages;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Checks a content while its bytes come in, in order. What it has been fed is worth nothing until
 * {@link #finish} returns; single leaves can be trusted earlier through a {@link LeafTable}.
 *
 * <p>For one thread.
 */
public final class ContentVerifier {
    private static final int BUFFER_BYTES = 1 << 18;

    private final PackageContent expected;
    private final ContentDigest digest = new ContentDigest();

    public ContentVerifier(PackageContent expected) {
        this.expected = expected;
    }

    /**
     * A verifier that has been fed the bytes of a partial file, to go on from its end.
     *
     * @throws InvalidPackageException when the file is longer than the content
     */
    public static ContentVerifier resume(PackageContent expected, Path partial) throws IOException {
        ContentVerifier verifier = new ContentVerifier(expected);
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.READ)) {
            verifier.feedRest(channel);
        }
        return verifier;
    }

    /** Feeds everything from the channel's position to its end. */
    void feedRest(FileChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        while (channel.read(buffer) >= 0) {
            feed(offset(), buffer.flip());
            buffer.clear();
        }
    }

    /** How many bytes have been fed: the offset of the next one. */
    public long offset() {
        return digest.size();
    }

    /**
     * Adds the remaining bytes, which are read.
     *
     * @param offset where in the content they begin; must be {@link #offset()}
     * @throws InvalidPackageException when it is not, or when the content is longer than it should
     *     be; then nothing was added
     */
    public void feed(long offset, ByteBuffer bytes) throws InvalidPackageException {
        if (offset != digest.size()) {
            throw new InvalidPackageException(
                    String.format(
                            "content: expected the bytes at offset %d, found those at %d",
                            digest.size(), offset));
        }
        if (bytes.remaining() > expected.size() - offset) {
            throw new InvalidPackageException(
                    String.format(
                            "content: expected %d bytes, found more (%d and on)",
                            expected.size(), offset + bytes.remaining()));
        }
        digest.update(bytes);
    }

    /**
     * Decides. Called once, after all bytes.
     *
     * @return the leaf hashes, with which the content can be served to others
     * @throws InvalidPackageException which names what was expected and what was found
     */
    public LeafTable finish() throws InvalidPackageException {
        if (digest.size() != expected.size()) {
            throw new InvalidPackageException(
                    String.format(
                            "content is truncated: expected %d bytes, found %d",
                            expected.size(), digest.size()));
        }
        ContentDigest.Result found = digest.end();
        if (!found.sha256().equals(expected.sha256())) {
            throw new InvalidPackageException(
                    String.format(
                            "content was changed: expected sha256 %s, found %s",
                            expected.sha256(), found.sha256()));
        }
        if (!found.leaves().root().equals(expected.merkleRoot())) {
            throw new InvalidPackageException(
                    String.format(
                            "the manifest contradicts itself: its merkleRoot is %s, but the content's"
                                    + " is %s",
                            expected.merkleRoot(), found.leaves().root()));
        }
        return found.leaves();
    }
}
