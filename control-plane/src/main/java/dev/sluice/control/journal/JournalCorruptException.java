package dev.sluice.control.journal;

/**
 * What is on disk is not what was written, in a way that no crash explains. Nothing was changed.
 */
public final class JournalCorruptException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final String file;
    private final long offset;

    JournalCorruptException(
            String file, long offset, String expected, String found, String advice) {
        super(
                "%s: corrupt at offset %d: expected %s, found %s. Nothing was changed. %s"
                        .formatted(file, offset, expected, found, advice));
        this.file = file;
        this.offset = offset;
    }

    /** Returns the path of the damaged file. */
    public String file() {
        return file;
    }

    /** Returns where in the file the damage begins, in bytes. */
    public long offset() {
        return offset;
    }
}
