package dev.sluice.control.codec;

/** An entry or snapshot above the bound; nothing was written. */
public final class EntryTooLargeException extends JournalCodecException {

    EntryTooLargeException(String subject, long bytes, int bound) {
        super(
                "%s: %d bytes are above the bound of %d; divide what was asked for into smaller parts"
                        .formatted(subject, bytes, bound));
    }
}
