package dev.sluice.transfer.wire;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;

/**
 * What a puller asks for.
 *
 * @param offset where the bytes begin, a multiple of the leaf size
 * @param bytesPerSecond the source sends no faster than this; 0: no limit
 * @param tableWanted whether the leaf table is to come first
 */
public record PullRequest(Sha256 content, long offset, long bytesPerSecond, boolean tableWanted) {

    /** The version of the protocol that this release speaks. */
    static final int VERSION = 1;

    static final int BODY_BYTES = 1 + Sha256.BYTES + Long.BYTES + Long.BYTES + 1;
    static final int FLAG_TABLE = 1;

    public PullRequest {
        if (offset < 0 || offset % PackageContent.LEAF_SIZE != 0 || bytesPerSecond < 0) {
            throw new IllegalArgumentException(
                    "pull of %s: expected an offset that is a multiple of %d and a rate from 0 on, found %d and %d"
                            .formatted(content, PackageContent.LEAF_SIZE, offset, bytesPerSecond));
        }
    }
}
