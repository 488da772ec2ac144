package dev.sluice.control.recordstore;

import dev.sluice.control.records.SessionRecord;
import dev.sluice.control.records.SpoolId;
import java.util.Comparator;

/** A record with its id. */
public record FoundRecord(SpoolId spool, long sequence, SessionRecord content) {

    /** Those that ended last come first; of equals, in the order of their ids. */
    static final Comparator<FoundRecord> LAST_ENDED_FIRST =
            Comparator.comparingLong((FoundRecord r) -> -r.content().endedMillis())
                    .thenComparing(FoundRecord::spool)
                    .thenComparing(FoundRecord::sequence, Comparator.reverseOrder());
}
