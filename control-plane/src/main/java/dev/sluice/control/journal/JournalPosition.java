package dev.sluice.control.journal;

/**
 * An index of the journal together with the chain hash there: what a snapshot stands for, and how
 * two masters compare their journals.
 *
 * @param index the index of the last entry included, 0 for none
 * @param chainHash the chain hash after that entry
 */
public record JournalPosition(long index, ChainHash chainHash) {

    /** The position before the first entry. */
    public static final JournalPosition GENESIS = new JournalPosition(0, ChainHash.GENESIS);

    public JournalPosition {
        if (index < 0) {
            throw new IllegalArgumentException(
                    "journal position: expected an index of at least 0, found " + index);
        }
    }
}
