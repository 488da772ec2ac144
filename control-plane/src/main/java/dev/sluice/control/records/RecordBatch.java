package dev.sluice.control.records;

import java.util.Optional;

/**
 * What an agent tells of its spool.
 *
 * @param run what it sends now; empty: it only tells the rest
 * @param oldest the oldest sequence that the spool still has, or the next one when it has none
 * @param losses records that no master will get from this spool
 */
public record RecordBatch(SpoolId spool, Optional<RecordRun> run, long oldest, Losses losses) {

    /**
     * Records that are gone, counted since the spool was made.
     *
     * @param dropped because the spool was full
     * @param missed because the site had forgotten them before the agent asked
     */
    public record Losses(long dropped, long missed) {

        public static final Losses NONE = new Losses(0, 0);

        public Losses {
            if (dropped < 0 || missed < 0) {
                throw new IllegalArgumentException(
                        "lost records: expected less than 2^63, found %s and %s"
                                .formatted(
                                        Long.toUnsignedString(dropped),
                                        Long.toUnsignedString(missed)));
            }
        }

        public boolean isNone() {
            return dropped == 0 && missed == 0;
        }
    }

    public RecordBatch {
        if (oldest < 1 || oldest > SequenceRange.MAX_SEQUENCE) {
            throw new IllegalArgumentException(
                    "records of %s: expected an oldest sequence from 1 to %d, found %s"
                            .formatted(
                                    spool,
                                    SequenceRange.MAX_SEQUENCE,
                                    Long.toUnsignedString(oldest)));
        }
        if (run.isPresent() && !run.get().spool().equals(spool)) {
            throw new IllegalArgumentException(
                    "records of %s: expected those of that spool, found those of %s"
                            .formatted(spool, run.get().spool()));
        }
        if (run.isPresent() && run.get().first() < oldest) {
            throw new IllegalArgumentException(
                    "records of %s: sequence %d goes back behind %d, the oldest that the spool has"
                            .formatted(spool, run.get().first(), oldest));
        }
    }
}
