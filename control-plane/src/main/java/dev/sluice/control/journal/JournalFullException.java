package dev.sluice.control.journal;

/** The disk is full. Everything acknowledged is safe; with more space the journal opens again. */
public final class JournalFullException extends JournalFailedException {

    private static final long serialVersionUID = 1L;

    JournalFullException(String message, Throwable cause) {
        super(message, cause);
    }
}
