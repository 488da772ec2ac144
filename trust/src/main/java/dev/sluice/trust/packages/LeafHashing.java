package dev.sluice.trust.packages;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** Computes the leaf table of a content that is here, for whoever serves it. */
public final class LeafHashing {
    private static final int BUFFER_BYTES = 1 << 18;

    private LeafHashing() {}

    /**
     * The table of a range of a file.
     *
     * @throws InvalidPackageException when the range is not the content: it ends early, or its
     *     SHA-256 or its root is another
     */
    public static LeafTable of(FileChannel channel, long start, PackageContent content)
            throws IOException {
        Objects.checkFromIndexSize(0, content.size(), Long.MAX_VALUE - start);
        ContentVerifier verifier = new ContentVerifier(content);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        while (verifier.offset() < content.size()) {
            buffer.clear().limit((int) Math.min(BUFFER_BYTES, content.size() - verifier.offset()));
            if (channel.read(buffer, start + verifier.offset()) < 0) {
                break;
            }
            verifier.feed(verifier.offset(), buffer.flip());
        }
        return verifier.finish();
    }

    /**
     * What bytes are as a content.
     *
     * @param table its leaf hashes
     */
    public record Described(PackageContent content, LeafTable table) {}

    /**
     * What a whole file is as a content.
     *
     * @throws IllegalArgumentException when a content cannot have its size
     */
    public static Described describe(FileChannel file) throws IOException {
        ContentDigest digest = new ContentDigest();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        while (file.read(buffer.clear(), digest.size()) >= 0) {
            digest.update(buffer.flip());
        }
        ContentDigest.Result end = digest.end();
        return new Described(end.content(), end.leaves());
    }

    /** As {@link #describe(FileChannel)} says. */
    public static Described describe(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return describe(channel);
        }
    }

    /** What a content of these bytes has to be. */
    public static PackageContent describe(ByteBuffer bytes) {
        ContentDigest digest = new ContentDigest();
        digest.update(bytes.duplicate());
        return digest.end().content();
    }
}
