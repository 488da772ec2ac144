/**
 * Patches: what makes a content of another one that is here, so that the next release of a package
 * travels as the difference. {@link dev.sluice.transfer.patch.PatchMaker} makes one, {@link
 * dev.sluice.transfer.patch.PatchApply} feeds what it says into a growing content, which verifies
 * every leaf against the signed root as it does with bytes from elsewhere. {@link
 * dev.sluice.transfer.patch.PatchFormat} is the format. Depends on {@code store}, trust, and the
 * libzstd in aircompressor. Start with {@link dev.sluice.transfer.patch.Zstd}.
 */
@NullMarked
package dev.sluice.transfer.patch;

import org.jspecify.annotations.NullMarked;
