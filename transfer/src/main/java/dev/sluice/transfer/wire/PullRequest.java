package dev.sluice.transfer.wire;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;

/**
 * What a puller asks for.
 *
 * @param offset where the bytes begin, a multiple of the leaf size
 * @param end where they end: a multiple of the leaf size, or the content's end
 * @param bytesPerSecond the source sends no faster than this; 0: no limit
 * @param tableWanted whether the leaf table is to come first
 */
public record PullRequest(
        Sha256 content, long offset, long end, long bytesPerSecond, boolean tableWanted) {

    /** The version of the protocol that this release speaks. */
    static final int VERSION = 1;

    static final int BODY_BYTES = 1 + Sha256.BYTES + 3 * Long.BYTES + 1;
    static final int FLAG_TABLE = 1;

    public PullRequest {
        if (!isPossible(offset, end, bytesPerSecond)) {
            throw new IllegalArgumentException(
                    "pull of %s: ".formatted(content) + wrong(offset, end, bytesPerSecond));
        }
    }

    static boolean isPossible(long offset, long end, long bytesPerSecond) {
        return offset >= 0
                && offset % PackageContent.LEAF_SIZE == 0
                && end >= offset
                && end <= PackageContent.MAX_SIZE
                && bytesPerSecond >= 0;
    }

    static String wrong(long offset, long end, long bytesPerSecond) {
        return "expected an offset that is a multiple of %d, an end from there on and a rate from 0 on, found %d, %d and %d"
                .formatted(PackageContent.LEAF_SIZE, offset, end, bytesPerSecond);
    }
}
