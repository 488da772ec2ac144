package dev.sluice.control.codec;

import org.jspecify.annotations.Nullable;

/** An entry or snapshot whose bytes no release can have written. */
public final class CorruptEntryException extends JournalCodecException {

    CorruptEntryException(String subject, @Nullable String found) {
        super(message(subject, found));
    }

    CorruptEntryException(String subject, @Nullable String found, Throwable cause) {
        super(message(subject, found), cause);
    }

    private static String message(String subject, @Nullable String found) {
        return "%s is corrupt: %s; restore this master's journal from another master"
                .formatted(subject, found);
    }
}
