package dev.sluice.trust.packages;

/** Whether something signed may be trusted. */
public sealed interface Verification {
    /**
     * It may.
     *
     * @param signer the subject of the certificate that signed, for logs and the audit
     */
    record Verified(String signer, Manifest manifest) implements Verification {}

    /**
     * It may not.
     *
     * @param reason what was expected and what was found, fit for an operator
     */
    record Refused(String reason) implements Verification {}
}
