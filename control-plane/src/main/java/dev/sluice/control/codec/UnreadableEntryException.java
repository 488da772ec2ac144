package dev.sluice.control.codec;

/**
 * An entry or snapshot that a newer release wrote. The bytes are in order; this release must not go
 * on without them.
 */
public final class UnreadableEntryException extends JournalCodecException {

    private final int format;

    private UnreadableEntryException(String message, int format) {
        super(message);
        this.format = format;
    }

    static UnreadableEntryException newerFormat(String subject, int format) {
        return new UnreadableEntryException(
                "%s: found format %s, but this release reads formats up to %d; %s"
                        .formatted(
                                subject,
                                Integer.toUnsignedString(format),
                                JournalFormat.HIGHEST,
                                advice()),
                format);
    }

    static UnreadableEntryException unknownContent(String subject, int format, String what) {
        return new UnreadableEntryException(
                "%s: found format %d with %s, which this release (formats up to %d) does not know; %s"
                        .formatted(subject, format, what, JournalFormat.HIGHEST, advice()),
                format);
    }

    private static String advice() {
        return "a newer release wrote it: upgrade this master, its journal is unchanged";
    }

    /** The format that the entry names. */
    public int format() {
        return format;
    }
}
