package dev.sluice.control.state;

import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageRef;

/**
 * A package that was imported: its signature was verified against the trusted signers.
 *
 * @param manifest the exact signed bytes of its manifest
 * @param signature the detached signature over them
 * @param contentSha256 digest of its content, lower-case hexadecimal
 * @param signer subject of the signer's certificate
 */
public record PackageRecord(
        PackageDescriptor descriptor,
        Blob manifest,
        Blob signature,
        String contentSha256,
        String signer) {

    public PackageRef ref() {
        return descriptor.ref();
    }
}
