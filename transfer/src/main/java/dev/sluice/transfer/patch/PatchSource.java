package dev.sluice.transfer.patch;

import dev.sluice.trust.packages.PackageContent;
import java.nio.file.Path;

/**
 * A whole content on this disk: a range of a file.
 *
 * @param start where in the file it begins
 */
public record PatchSource(Path file, long start, PackageContent content) {}
