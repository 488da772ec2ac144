package dev.sluice.transfer.patch;

import java.io.IOException;

/** A patch is not what it should be. */
final class PatchException extends IOException {

    private static final long serialVersionUID = 1L;

    PatchException(String message) {
        super(message);
    }
}
