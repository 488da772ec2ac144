package dev.sluice.control.journal;

/** The entries asked for were compacted away; a snapshot holds their effect. */
public final class JournalCompactedException extends JournalException {

    private static final long serialVersionUID = 1L;

    private final long firstIndex;

    JournalCompactedException(String directory, long wanted, long firstIndex) {
        super(
                "journal %s: expected entry %d, found that the log begins at %d; start from a snapshot"
                        .formatted(directory, wanted, firstIndex));
        this.firstIndex = firstIndex;
    }

    /** Returns the first index that is still there. */
    public long firstIndex() {
        return firstIndex;
    }
}
