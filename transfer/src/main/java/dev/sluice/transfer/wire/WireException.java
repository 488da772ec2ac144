package dev.sluice.transfer.wire;

import java.io.IOException;

/** The other end broke the protocol; its connection is of no more use. */
public final class WireException extends IOException {

    private static final long serialVersionUID = 1L;

    public WireException(String message) {
        super(message);
    }
}
