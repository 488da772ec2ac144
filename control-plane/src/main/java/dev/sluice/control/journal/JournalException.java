package dev.sluice.control.journal;

import java.io.IOException;

/**
 * The journal or a snapshot cannot be opened, read or written; the message says which, why and what
 * to do.
 */
public class JournalException extends IOException {

    private static final long serialVersionUID = 1L;

    JournalException(String message) {
        super(message);
    }

    JournalException(String message, Throwable cause) {
        super(message, cause);
    }
}
