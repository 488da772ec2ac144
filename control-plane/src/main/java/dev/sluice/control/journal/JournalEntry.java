package dev.sluice.control.journal;

/**
 * An entry read from the journal. The payload belongs to the caller, who must not change it while
 * others see it.
 */
public final class JournalEntry {

    private final JournalPosition position;
    private final byte[] payload;

    JournalEntry(JournalPosition position, byte[] payload) {
        this.position = position;
        this.payload = payload;
    }

    /** Returns the index and the chain hash after this entry. */
    public JournalPosition position() {
        return position;
    }

    /** Returns the index, 1 for the very first entry. */
    public long index() {
        return position.index();
    }

    /** Returns the bytes that were appended, not a copy. */
    public byte[] payload() {
        return payload;
    }
}
