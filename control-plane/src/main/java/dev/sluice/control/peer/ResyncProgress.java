package dev.sluice.control.peer;

/**
 * How far the repair of a journal is.
 *
 * @param bytesTotal 0: not known yet, or the phase has none
 */
public record ResyncProgress(Phase phase, long bytesDone, long bytesTotal) {

    /** What is being done, in this order; some are left out. */
    public enum Phase {
        /** Where the two journals part is looked for. */
        COMPARING,
        /** Entries that the primary does not have are archived and cut. */
        CUTTING,
        /** A snapshot is on its way. */
        FETCHING,
        /** The journal is archived and begun anew. */
        REPLACING
    }

    static ResyncProgress at(Phase phase) {
        return new ResyncProgress(phase, 0, 0);
    }
}
