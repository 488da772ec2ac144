package dev.sluice.trust.packages;

import java.io.IOException;

/**
 * A package, or a part of one, that is not what it should be. The message is fit for an operator.
 */
public final class InvalidPackageException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    public InvalidPackageException(String reason) {
        super(reason);
        this.reason = reason;
    }

    public InvalidPackageException(String reason, Throwable cause) {
        super(reason, cause);
        this.reason = reason;
    }

    /** The message. */
    public String reason() {
        return reason;
    }
}
