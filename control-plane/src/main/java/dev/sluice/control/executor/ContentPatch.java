package dev.sluice.control.executor;

import dev.sluice.control.model.PackageRef;

/**
 * A patch that this master serves: it makes the content of a package of that of another. It travels
 * as a content does.
 *
 * @param base the package that it is applied to
 * @param baseSha256 of that one's content
 * @param sha256 of the patch
 * @param merkleRoot of the patch's leaves
 */
public record ContentPatch(
        PackageRef base, String baseSha256, String sha256, long sizeBytes, String merkleRoot) {}
