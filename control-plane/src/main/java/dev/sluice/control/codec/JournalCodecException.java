package dev.sluice.control.codec;

/** Bytes of the journal that can't be read, or can't be written. */
public abstract sealed class JournalCodecException extends RuntimeException
        permits CorruptEntryException, EntryTooLargeException, UnreadableEntryException {

    JournalCodecException(String message) {
        super(message);
    }

    JournalCodecException(String message, Throwable cause) {
        super(message, cause);
    }
}
