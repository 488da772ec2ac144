package dev.sluice.trust.x509;

import java.io.IOException;

/**
 * A key or certificate that cannot be used. The message names the file or subject, what was
 * expected and what was found; it never contains key material.
 */
public final class CredentialsException extends IOException {
    private static final long serialVersionUID = 1L;

    public CredentialsException(String message) {
        super(message);
    }

    public CredentialsException(String message, Throwable cause) {
        super(message, cause);
    }
}
