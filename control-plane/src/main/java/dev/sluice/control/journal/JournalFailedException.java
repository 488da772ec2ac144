package dev.sluice.control.journal;

/**
 * A write or a force failed, now or before; the cause is the first failure. The journal refuses
 * everything from then on, because after a failed fsync nobody knows what is on disk. It is opened
 * again to go on.
 */
public class JournalFailedException extends JournalException {

    private static final long serialVersionUID = 1L;

    JournalFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
